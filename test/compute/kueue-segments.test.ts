import { Size } from 'cdk8s';
import { External, type IQueue, type Platform } from '../../lib/core';
import { linked } from '../../lib/core/output/linked';
import { summary } from '../../lib/core/output/summary';
import { Kueue, type KueueQueueProps } from '../../lib/compute/kueue';
import { Site } from '../../lib/site';
import { findingsOf, objectOf, testPlatform } from '../support';
import { CONTROL, CPU, DGX, TestGpuPool } from './kueue-support';

const SEGMENT = 'onprem-ml.io/segment';

function segmented(props: Partial<KueueQueueProps> = {}, segment = 'gpu'): { lab: Platform; queue: () => IQueue } {
  const site = new Site({
    name: 'test',
    domain: 'test.example',
    nodePools: [
      CONTROL,
      CPU,
      { ...DGX, segment: 'gpu' },
      { ...DGX, name: 'other', labels: { pool: 'other' }, segment },
    ],
    networks: [{ name: 'fabric', cidr: '10.40.0.0/16', type: 'infiniband' }],
  });
  const lab = testPlatform({ site });
  const kueue = new Kueue(lab, 'kueue');
  const quotas = [
    { nodes: site.pool('cpu'), cpu: 1, memory: Size.gibibytes(1) },
    ...['dgx', 'other'].map((name) => ({ pool: new TestGpuPool(site.pool(name)), gpus: 1 })),
  ];
  return { lab, queue: () => kueue.addQueue('team', { quotas, ...props }) };
}

const rule = (lab: Platform) => findingsOf(lab).filter((line) => line.includes('segment'));

test("a queue of a segment's pools has its jobs held to the segment", () => {
  const { lab, queue } = segmented();
  queue();
  expect(objectOf(lab, 'Namespace', 'team').metadata.labels).toMatchObject({ [SEGMENT]: 'gpu' });
  expect(rule(lab)).toEqual([]);
  expect(summary(linked(lab).bundle)).toContain('| gpu | dgx, 4 nodes; other, 4 nodes | team |');
});

test('a queue of no segment has its jobs held to none', () => {
  const { lab, queue } = segmented({ quotas: [] }, 'gpu');
  expect(queue).toThrow('quotas must name at least one pool');
  const kueue = new Kueue(lab, 'second', { cohort: 'second' });
  kueue.addQueue('cpu', { quotas: [{ nodes: lab.site.pool('cpu'), cpu: 1, memory: Size.gibibytes(1) }] });
  expect(objectOf(lab, 'Namespace', 'cpu').metadata.labels).not.toHaveProperty([SEGMENT]);
});

test('a queue of two segments would join them', () => {
  const { queue } = segmented({}, 'lab');
  expect(queue).toThrow(
    'pools "dgx" and "other" are of the segments "gpu" and "lab", which pods of one namespace would join; make a namespace for each',
  );
});

test('what is outside is reached by its address only', () => {
  const outside = (lab: Platform, cidr?: string) =>
    External.bucket(lab, { host: 's3.example', port: 443, cidr, bucket: 'data', credentials: { name: 's3' } }).endpoint;
  const open = segmented();
  open.queue().connectTo(outside(open.lab));
  expect(rule(open.lab)).toEqual([
    'lab/kueue/configure/queue-team/network-policy: spec.egress[1] leads to everybody, at any address, but the namespace is of the segment gpu; name the pods, or the address range of a host outside (cidr)',
  ]);
  const named = segmented();
  named.queue().connectTo(outside(named.lab, '10.9.0.7/32'));
  expect(rule(named.lab)).toEqual([]);
});

test('a pool of a segment keeps other pods off its nodes', () => {
  const site = () =>
    new Site({ name: 'test', domain: 'test.example', nodePools: [{ ...DGX, taints: [], segment: 'gpu' }] });
  expect(site).toThrow(
    'nodePools[0].segment must not be given to nodes that any pod may come to, got "gpu"; give the pool a taint of effect NoSchedule, or remove segment',
  );
});
