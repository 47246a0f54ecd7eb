import { Size } from 'cdk8s';
import * as k8s from '../../../lib/core/k8s';
import { linked } from '../../../lib/core/output/linked';
import { summary } from '../../../lib/core/output/summary';
import { findingsOf, testPlatform } from '../../support';
import { container, Demo } from '../demo';

const SLICE = 'nvidia.com/mig-3g.20gb';

/** A platform whose one Deployment asks for so much of each of the three nodes with 32 CPUs and 256 GiB. */
function platform(cpu: number, slices?: number) {
  const lab = testPlatform();
  const resources = { cpu, memory: Size.gibibytes(1) };
  const podSpec =
    slices === undefined
      ? undefined
      : { containers: [{ name: 'main', resources: { limits: { [SLICE]: k8s.Quantity.fromNumber(slices) } } }] };
  new Demo(lab, 'demo').deployment('web', {
    replicas: 3,
    strategy: 'Recreate',
    containers: [container({ resources })],
    podSpec,
  });
  return lab;
}

const fits = (lab: ReturnType<typeof platform>) => findingsOf(lab).filter((text) => text.includes('no node'));

test('a platform that asks for more than the racks have is refused, with what would do', () => {
  expect(fits(platform(20))).toEqual([]);
  expect(fits(platform(33))).toEqual([
    expect.stringMatching(
      /^lab\/demo\/install\/web\/deployment: spec.replicas "3" finds no node for 3 of 3 pods: workers \(3 nodes\): 33 cpu asked, at most 32 left; it would fit with 3[12][.\d]* cpu each instead of 33$/,
    ),
  ]);
});

test('what a system says of the devices of a pool can be asked for', () => {
  const lab = platform(1, 2);
  expect(fits(lab)[0]).toContain(`2 ${SLICE} asked, at most 0 left`);
  const sliced = platform(1, 2);
  const [pool] = sliced.site.pools;
  sliced.addNodeResources(pool!, () => ({ [SLICE]: 2 }));
  expect(fits(sliced)).toEqual([]);
  expect(sliced.nodeResources(pool!)).toEqual({ [SLICE]: 2 });
  expect(summary(linked(sliced).bundle)).toContain(`|  | ${SLICE} | 6 | 6 | 0 |`);
});
