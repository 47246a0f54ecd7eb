import { Duration, Size } from 'cdk8s';
import { type KubeObject } from '../../lib/core/link/types';
import {
  ConfigFiles,
  CronJob,
  DaemonSet,
  Job,
  StatefulSet,
  volume,
  VolumeClaim,
  type WorkloadProps,
} from '../../lib/core/workload';
import { objectOf, objectsOf, testPlatform } from '../support';
import { container, Demo } from './demo';

interface Template {
  metadata: { labels: Record<string, string>; annotations?: Record<string, string> };
  spec: Record<string, unknown> & { containers: Record<string, unknown>[]; volumes?: { name: string }[] };
}
const templateOf = (object: KubeObject) => (object.spec as { template: Template }).template;

test('pods meet the restricted Pod Security Standard', () => {
  const platform = testPlatform();
  new Demo(platform, 'demo').deployment('web', { user: 1000, group: 2000 });
  const { spec } = templateOf(objectOf(platform, 'Deployment', 'web'));
  expect(spec.securityContext).toEqual({
    runAsNonRoot: true,
    runAsUser: 1000,
    runAsGroup: 2000,
    fsGroup: 2000,
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  });
  expect(spec.automountServiceAccountToken).toBe(false);
  expect(spec.containers[0]!.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
});

test('a distribution that assigns user ids gets none', () => {
  const platform = testPlatform({ distribution: 'openshift' });
  new Demo(platform, 'demo').deployment();
  expect(templateOf(objectOf(platform, 'Deployment', 'web')).spec.securityContext).toEqual({
    runAsNonRoot: true,
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  });
});

test('memory is promised and limited alike, CPU may burst, scratch space is bounded', () => {
  const platform = testPlatform();
  new Demo(platform, 'demo').deployment('web', {
    containers: [container({ resources: { cpu: 0.5, memory: Size.gibibytes(1.5), scratch: Size.gibibytes(4) } })],
  });
  expect(templateOf(objectOf(platform, 'Deployment', 'web')).spec.containers[0]!.resources).toEqual({
    requests: { cpu: '500m', memory: '1536Mi', 'ephemeral-storage': '64Mi' },
    limits: { cpu: '2', memory: '1536Mi', 'ephemeral-storage': '4Gi' },
  });
});

test('replicas prefer different nodes, and a drain takes one at a time', () => {
  const platform = testPlatform();
  const demo = new Demo(platform, 'demo');
  demo.deployment('one');
  demo.deployment('two', { replicas: 2 });
  expect(
    objectsOf(platform)
      .filter(({ kind }) => kind === 'PodDisruptionBudget')
      .map(({ metadata }) => metadata.name),
  ).toEqual(['two']);
  expect(templateOf(objectOf(platform, 'Deployment', 'two')).spec.affinity).toMatchObject({
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [{ podAffinityTerm: { topologyKey: 'kubernetes.io/hostname' } }],
    },
  });
  expect(() => demo.deployment('three', { replicas: 2, maxUnavailable: 2 })).toThrow(
    'lab/demo/install/three: maxUnavailable must be less than the 2 replicas, got 2; lower it',
  );
});

test('a second replica restarts nothing', () => {
  const template = (replicas: number) => {
    const platform = testPlatform();
    new Demo(platform, 'demo').deployment('web', { replicas });
    return templateOf(objectOf(platform, 'Deployment', 'web'));
  };
  expect(template(1)).toEqual(template(2));
});

test('an endpoint opens the way at both ends, and no other', () => {
  const platform = testPlatform();
  const demo = new Demo(platform, 'demo');
  const server = demo.deployment('server');
  const client = demo.deployment('client');
  demo.deployment('stranger');
  const { api } = server.addService({ ports: { api: { port: 80, target: 8080 } } });
  client.connectTo(api, undefined);
  client.connectTo(api);
  const policy = (name: string) =>
    objectOf<{ spec: { ingress: unknown[]; egress: { to?: unknown; ports: unknown[] }[] } }>(
      platform,
      'NetworkPolicy',
      name,
      'demo',
    ).spec;
  const peer = (component: string) => ({
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'demo' } },
    podSelector: {
      matchLabels: {
        'app.kubernetes.io/name': 'demo',
        'app.kubernetes.io/instance': 'demo',
        'app.kubernetes.io/component': component,
      },
    },
  });
  const ports = [{ port: 8080, protocol: 'TCP' }];
  expect(policy('server').ingress).toEqual([{ from: [peer('client')], ports }]);
  expect(policy('client').egress[1]).toEqual({ to: [peer('server')], ports });
  expect(policy('client').egress).toHaveLength(2);
  // The API server drops an empty list, which would then be a change at each apply.
  expect(policy('client')).not.toHaveProperty('ingress');
  expect(policy('stranger')).toMatchObject({
    policyTypes: ['Ingress', 'Egress'],
    egress: [{ ports: [{ port: 53 }, { port: 53 }] }],
  });
});

test('who talks to the API server gets a token, the way there and a role of its own', () => {
  const platform = testPlatform();
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
  new Demo(platform, 'demo').deployment('controller', { rules, clusterRules: rules });
  expect(templateOf(objectOf(platform, 'Deployment', 'controller')).spec.automountServiceAccountToken).toBe(true);
  expect(objectOf(platform, 'Role', 'controller', 'demo').rules).toEqual(rules);
  expect(objectOf(platform, 'ClusterRole', 'demo-controller').rules).toEqual(rules);
  expect(objectOf(platform, 'ClusterRoleBinding', 'demo-controller').subjects).toEqual([
    { kind: 'ServiceAccount', name: 'controller', namespace: 'demo' },
  ]);
  expect(JSON.stringify(objectOf(platform, 'NetworkPolicy', 'controller').spec)).toContain(
    '{"ports":[{"port":6443,"protocol":"TCP"}]}',
  );
});

test('pods restart when the configuration they read has changed', () => {
  const digestOf = (text: string) => {
    const platform = testPlatform();
    const demo = new Demo(platform, 'demo');
    const config = new ConfigFiles(demo.stage, 'config', { 'a.conf': () => text });
    demo.deployment('web', { restartOn: [config] });
    return templateOf(objectOf(platform, 'Deployment', 'web')).metadata.annotations!['onprem-ml.io/config-digest'];
  };
  expect(digestOf('x')).toBe(digestOf('x'));
  expect(digestOf('x')).not.toBe(digestOf('y'));
});

test("a Job's name follows its spec, and nothing else does", () => {
  const nameOf = (args: string[]) => {
    const platform = testPlatform();
    new Job(new Demo(platform, 'demo').stage, 'setup', { containers: [container({ args })] });
    return objectOf(platform, 'Job', /^setup-/).metadata.name;
  };
  expect(nameOf(['a'])).toMatch(/^setup-[0-9a-f]{8}$/);
  expect(nameOf(['a'])).toBe(nameOf(['a']));
  expect(nameOf(['a'])).not.toBe(nameOf(['b']));
});

test("a StatefulSet's volumes outlive it", () => {
  const platform = testPlatform();
  new StatefulSet(new Demo(platform, 'demo').stage, 'db', {
    serviceName: 'db',
    containers: [container({ mounts: [{ path: '/data', volume: volume.template('data') }] })],
    claims: [{ name: 'data', size: Size.tebibytes(2), storageClassName: 'fast' }],
    terminationGracePeriod: Duration.minutes(2),
  });
  const { spec } = objectOf<{ spec: Record<string, unknown> }>(platform, 'StatefulSet', 'db');
  expect(spec.persistentVolumeClaimRetentionPolicy).toEqual({ whenDeleted: 'Retain', whenScaled: 'Retain' });
  expect(spec.volumeClaimTemplates).toMatchObject([
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      spec: { resources: { requests: { storage: '2Ti' } }, storageClassName: 'fast' },
    },
  ]);
  expect(spec).toMatchObject({ template: { spec: { terminationGracePeriodSeconds: 120 } } });
});

test('a pod in the network of its node has no NetworkPolicy, which would not apply', () => {
  const platform = testPlatform();
  new DaemonSet(new Demo(platform, 'demo').stage, 'agent', { hostNetwork: true, containers: [container()] });
  expect(
    objectsOf(platform).filter(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === 'agent'),
  ).toEqual([]);
});

describe('what a hurried person gets wrong', () => {
  const deploy =
    (props: Partial<WorkloadProps>, id = 'web') =>
    () =>
      new Demo(testPlatform(), 'demo').deployment(id, props);
  const path = 'lab/demo/install/web';
  test.each<[string, Partial<WorkloadProps>, string]>([
    [
      'no CPU',
      { containers: [container({ resources: { cpu: 0, memory: Size.mebibytes(1) } })] },
      'container main: cpu must be above 0',
    ],
    [
      'a port that is none',
      { containers: [container({ ports: { http: 0 } })] },
      'container main: port http must be a port from 1 to 65535, got 0',
    ],
    [
      'two containers of one name',
      { containers: [container(), container()] },
      'two containers are called "main"; rename one',
    ],
    [
      'two volumes of one name',
      {
        containers: [
          container({
            mounts: [
              { path: '/a', volume: volume.scratch('x') },
              { path: '/b', volume: volume.claim('x', 'c') },
            ],
          }),
        ],
      },
      'two different volumes are called "x"; rename one',
    ],
  ])('%s', (_, props, message) => expect(deploy(props)).toThrow(`${path}: ${message}`));

  test.each([0, -1, 1.5, NaN])('%s replicas', (replicas) => {
    expect(() => new Demo(testPlatform(), 'demo').deployment('web', { replicas })).toThrow(
      'replicas must be a whole number from 1 to 1000',
    );
  });
  test('a name that leaves no room for what is appended to it', () => {
    expect(deploy({}, 'x'.repeat(53))).toThrow('the name of a workload must have at most 52 characters, got 53');
  });
  test.each(['* * * *', 'daily', '61 25 * * * *', '', 'a b c d e'])('schedule "%s"', (schedule) => {
    expect(
      () => new CronJob(new Demo(testPlatform(), 'demo').stage, 'gc', { schedule, containers: [container()] }),
    ).toThrow(
      `lab/demo/install/gc: schedule must be cron's five fields in UTC, got "${schedule}"; write "0 3 * * *" for every day at three`,
    );
  });
  test.each(['0 3 * * *', '*/15 1-5,7 * * MON-FRI', '@daily'])('schedule "%s" is one', (schedule) => {
    expect(
      () => new CronJob(new Demo(testPlatform(), 'demo').stage, 'gc', { schedule, containers: [container()] }),
    ).not.toThrow();
  });
});

test('a volume of its own is left alone by tools that prune', () => {
  const platform = testPlatform();
  new VolumeClaim(new Demo(platform, 'demo').stage, 'data', { size: Size.gibibytes(5), storageClassName: 'fast' });
  expect(objectOf(platform, 'PersistentVolumeClaim', 'data')).toMatchObject({
    metadata: { annotations: { 'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false' } },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'fast', resources: { requests: { storage: '5Gi' } } },
  });
});
