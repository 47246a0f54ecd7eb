import { Size } from 'cdk8s';
import {
  type ContainerProps,
  CronJob,
  DaemonSet,
  Deployment,
  image,
  Job,
  type k8s,
  type Platform,
  StatefulSet,
  System,
  type SystemProps,
} from '../../lib/core';
import { objectOf, testPlatform } from '../support';

const container: ContainerProps = {
  name: 'program',
  image: image('quay.io/example/program:1'),
  resources: { cpu: 0.1, memory: Size.mebibytes(64) },
};
const containers = [container];

class Everything extends System {
  constructor(platform: Platform, props: SystemProps) {
    super(platform, 'demo', { name: 'demo', version: '1' }, props);
    const stage = this.addStage('install');
    new Deployment(stage, 'deployment', { containers });
    new StatefulSet(stage, 'set', { containers, serviceName: 'set' });
    new Job(stage, 'job', { containers });
    new CronJob(stage, 'regular', { containers, schedule: '0 3 * * *' });
    new DaemonSet(stage, 'each-node', { containers, nodeSelector: { gpu: 'true' } });
    new Deployment(stage, 'picky', {
      containers,
      nodeSelector: { disk: 'nvme', os: 'linux' },
      tolerations: [{ key: 'own', operator: 'Exists' }],
    });
  }
}

interface Templates {
  readonly spec: {
    readonly template?: { readonly spec: k8s.PodSpec };
    readonly jobTemplate?: { readonly spec: { readonly template: { readonly spec: k8s.PodSpec } } };
  };
}

function placementOf(platform: Platform, kind: string, name: string | RegExp) {
  const { template, jobTemplate } = objectOf<Templates>(platform, kind, name, 'demo').spec;
  const { nodeSelector, tolerations } = (template ?? jobTemplate!.spec.template).spec;
  return { nodeSelector, tolerations };
}

function make(props: SystemProps = {}): Platform {
  const platform = testPlatform();
  new Everything(platform, props);
  return platform;
}

const dedicated: k8s.Toleration = { key: 'dedicated', operator: 'Equal', value: 'platform', effect: 'NoSchedule' };
const props = { nodeSelector: { disk: 'hdd', zone: 'a' }, tolerations: [dedicated] };

test.each<[string, string | RegExp]>([
  ['Deployment', 'deployment'],
  ['StatefulSet', 'set'],
  ['Job', /^job-/],
  ['CronJob', 'regular'],
])("a system's %s goes where the system goes", (kind, name) => {
  expect(placementOf(make(props), kind, name)).toEqual(props);
  expect(placementOf(make(), kind, name)).toEqual({});
});

test('what is on each node tolerates what the system tolerates, and chooses its nodes by itself', () => {
  expect(placementOf(make(props), 'DaemonSet', 'each-node')).toEqual({
    nodeSelector: { gpu: 'true' },
    tolerations: [dedicated],
  });
});

test("a workload's own choice is added", () => {
  expect(placementOf(make(props), 'Deployment', 'picky')).toEqual({
    nodeSelector: { disk: 'nvme', zone: 'a', os: 'linux' },
    tolerations: [dedicated, { key: 'own', operator: 'Exists' }],
  });
});

test.each<[string, object, string]>([
  [
    'a label with a space',
    { nodeSelector: { disk: 'fast nvme' } },
    'nodeSelector {"disk":"fast nvme"} is no label; write it as { \'storage.lab.example/nvme\': \'true\' }',
  ],
  [
    'a label that is no text',
    { nodeSelector: { nvme: true } },
    "nodeSelector {\"nvme\":true} is no label; write it as { 'storage.lab.example/nvme': 'true' }",
  ],
  [
    'a key with two slashes',
    { nodeSelector: { 'a/b/c': 'x' } },
    'nodeSelector {"a/b/c":"x"} is no label; write it as { \'storage.lab.example/nvme\': \'true\' }',
  ],
  [
    'an operator of selectors',
    { tolerations: [{ key: 'a', operator: 'In', value: 'b' }] },
    'toleration {"key":"a","operator":"In","value":"b"} must have the operator "Equal" or "Exists"; choose one',
  ],
  [
    'a toleration without a key',
    { tolerations: [{ value: 'b' }] },
    'toleration {"value":"b"} has no key; give it, or operator: "Exists" for any taint',
  ],
  [
    'a value that is never looked at',
    { tolerations: [{ key: 'a', operator: 'Exists', value: 'b' }] },
    'toleration {"key":"a","operator":"Exists","value":"b"} has a value with the operator "Exists"; leave it out',
  ],
  [
    'an unknown effect',
    { tolerations: [{ key: 'a', effect: 'NoSchedul' }] },
    'toleration {"key":"a","effect":"NoSchedul"} must have an effect of "NoSchedule", "PreferNoSchedule", "NoExecute"; leave it out for all',
  ],
  [
    'a key that is none',
    { tolerations: [{ key: 'a b', operator: 'Exists' }] },
    'toleration {"key":"a b","operator":"Exists"} names no taint; give its key, such as "dedicated"',
  ],
  [
    'seconds of what evicts nobody',
    { tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 9 }] },
    'toleration {"key":"a","operator":"Exists","effect":"NoSchedule","tolerationSeconds":9} has tolerationSeconds, which are for the effect "NoExecute"; leave them out',
  ],
])('refuses %s', (_what, wrong, message) => {
  expect(() => make(wrong)).toThrow(new Error(`lab/demo: ${message}`));
});
