import { ApiObject, Chart } from 'cdk8s';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crd, CustomResource, t } from '../../lib/crds';
import { type CrdSource } from '../../lib/core/crd-source';
import { External } from '../../lib/core/external';
import { linked } from '../../lib/core/output/linked';
import { summary } from '../../lib/core/output/summary';
import { type Stage } from '../../lib/core/stage';
import { Job, StatefulSet } from '../../lib/core/workload';
import { expectGolden, findingsOf, testPlatform } from '../support';
import { container, Demo } from './demo';

const spec = t.object({ size: t.integer() }).required();
const widget = crd({
  group: 'demo.example',
  kind: 'Widget',
  plural: 'widgets',
  scope: 'Namespaced',
  readyWhen: 'Ready',
  versions: [{ name: 'v1', storage: true, schema: { spec } }],
});
const plant = crd({
  group: 'demo.example',
  kind: 'Plant',
  plural: 'plants',
  scope: 'Cluster',
  versions: [{ name: 'v1', storage: true, schema: { spec } }],
});

class WithCrds extends Demo {
  define(): void {
    this.addCrds([widget, plant]);
  }
}

const gatesOf = (stage: Stage) =>
  linked(stage.platform)
    .bundle.files.filter(({ wave }) => wave === stage.wave)
    .flatMap(({ gates }) => gates);

test('gates follow from the objects', () => {
  const platform = testPlatform();
  const demo = new WithCrds(platform, 'demo');
  demo.define();
  demo.deployment('web').addService({ ports: { http: 80 }, type: 'LoadBalancer' });
  new StatefulSet(demo.stage, 'db', { serviceName: 'web', containers: [container()] });
  new Job(demo.stage, 'setup', { containers: [container()] });
  new CustomResource(demo.stage, 'small', widget, { spec: { size: 1 } });
  new CustomResource(demo.stage, 'rose', plant, { spec: { size: 1 } });
  expect(gatesOf(platform.foundation)).toEqual(
    ['widgets', 'plants'].map((plural) => ({
      type: 'condition',
      resource: 'customresourcedefinition',
      name: `${plural}.demo.example`,
      condition: 'Established',
    })),
  );
  expect(gatesOf(demo.stage)).toEqual([
    { type: 'rollout', resource: 'deployment', namespace: 'demo', name: 'web' },
    { type: 'field', resource: 'service', namespace: 'demo', name: 'web', jsonPath: '{.status.loadBalancer.ingress}' },
    { type: 'rollout', resource: 'statefulset', namespace: 'demo', name: 'db' },
    { type: 'job', namespace: 'demo', name: expect.stringMatching(/^setup-/) },
    { type: 'condition', resource: 'widgets.demo.example', namespace: 'demo', name: 'small', condition: 'Ready' },
  ]);
});

test('what belongs to no namespace names none', () => {
  const platform = testPlatform();
  const demo = new WithCrds(platform, 'demo');
  demo.define();
  demo.deployment('web', { clusterRules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['list'] }] });
  new CustomResource(demo.stage, 'rose', plant, { spec: { size: 1 } });
  const { objects } = linked(platform).bundle;
  const namespaceOf = (kind: string) => objects.find(({ object }) => object.kind === kind)!.object.metadata.namespace;
  expect(
    ['ClusterRole', 'ClusterRoleBinding', 'Plant', 'Namespace', 'CustomResourceDefinition'].map(namespaceOf),
  ).toEqual(Array(5).fill(undefined));
  expect(namespaceOf('Deployment')).toBe('demo');
});

test('in a file, what others refer to comes first', () => {
  const platform = testPlatform();
  const demo = new Demo(platform, 'demo');
  new ApiObject(demo.stage, 'mine', { apiVersion: 'v1', kind: 'ConfigMap' });
  demo
    .deployment('web', { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }], replicas: 2 })
    .addService({ ports: { http: 80 } });
  const [file] = linked(platform).bundle.files.filter(({ name }) => name === '01-demo.k8s.yaml');
  expect(file!.objects.map(({ object }) => object.kind)).toEqual([
    'NetworkPolicy',
    'ServiceAccount',
    'Role',
    'RoleBinding',
    'ConfigMap',
    'Service',
    'PodDisruptionBudget',
    'Deployment',
  ]);
});

test('stages of one system that share a wave share a file, others have their own', () => {
  const platform = testPlatform();
  const demo = new Demo(platform, 'demo');
  demo.deployment();
  const later = new Demo(platform, 'later', [demo.stage]);
  later.deployment();
  for (const need of [demo.stage, later.stage]) {
    new ApiObject(demo.addStage(`configure-${need.node.scope!.node.id}`, [need]), 'x', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
    });
  }
  expect(linked(platform).bundle.files.map(({ name }) => name)).toEqual([
    '00-foundation.k8s.yaml',
    '01-demo.k8s.yaml',
    '02-demo-configure-demo.k8s.yaml',
    '02-later.k8s.yaml',
    '03-demo-configure-later.k8s.yaml',
  ]);
});

test('what was linked is what is written, until something is added', () => {
  const platform = testPlatform();
  const demo = new Demo(platform, 'demo');
  const first = linked(platform);
  expect(linked(platform)).toBe(first);
  demo.deployment();
  expect(linked(platform)).not.toBe(first);
});

test('the summary', () => {
  const platform = testPlatform();
  const demo = new Demo(platform, 'demo');
  const secret = External.credentials(platform, { name: 'mine' }, ['token']).in('demo');
  demo.deployment('web', { containers: [container({ env: { TOKEN: secret.env('token') } })] });
  demo.addEndpoint('Demo', 'https://demo.test.example');
  demo.instruct({ when: 'before', what: 'Sit down.' });
  demo.instruct({ when: 'after', what: () => 'Look', command: 'kubectl get all | more' });
  const extra = new Chart(platform, 'extra');
  new ApiObject(extra, 'x', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'demo' } });
  expectGolden('core/golden/summary.md', summary(linked(platform).bundle));
});

describe('custom resource definitions', () => {
  const crdsOf = (crds?: CrdSource) => {
    const platform = testPlatform();
    const demo = new WithCrds(platform, 'demo', [], { crds });
    demo.define();
    new CustomResource(demo.stage, 'small', widget, { spec: { size: 1 } });
    const { objects } = linked(platform).bundle;
    const found = objects.filter(({ object }) => object.kind === 'CustomResourceDefinition');
    return { names: found.map(({ object }) => object.metadata.name), found, findings: findingsOf(platform) };
  };
  let directory: string;
  beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'crds-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  test('come along', () => {
    expect(crdsOf()).toMatchObject({ names: ['widgets.demo.example', 'plants.demo.example'], findings: [] });
  });
  test('are left to others', () => expect(crdsOf('external')).toMatchObject({ names: [], findings: [] }));
  test("are upstream's own, from a directory", () => {
    const official = [widget, plant].map((definition) => ({ ...definition.manifest(), extra: true }));
    writeFileSync(join(directory, 'all.yaml'), official.map((crd) => `---\n${JSON.stringify(crd)}\n`).join(''));
    const { names, found, findings } = crdsOf({ directory });
    expect(names).toEqual(['widgets.demo.example', 'plants.demo.example']);
    expect(found.every(({ object }) => object.extra === true)).toBe(true);
    expect(findings).toEqual([]);
  });
  test('are refused when the directory lacks one, is none, or holds what is no YAML', () => {
    writeFileSync(join(directory, 'a.yaml'), JSON.stringify(widget.manifest()));
    expect(() => crdsOf({ directory })).toThrow(
      `lab/demo: crds: "${directory}" holds no CustomResourceDefinition plants.demo.example; put upstream's file into it, or leave crds out`,
    );
    writeFileSync(join(directory, 'b.yaml'), 'a: [');
    expect(() => crdsOf({ directory })).toThrow(`lab/demo: crds: ${directory}/b.yaml is no YAML: `);
    expect(() => crdsOf({ directory: `${directory}/none` })).toThrow(/directory ".*none" can't be read \(.*ENOENT/);
  });
});
