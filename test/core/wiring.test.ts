import { k8s } from '../../lib/core';
import { ControlledPods, DaemonSet, volume } from '../../lib/core/workload';
import { linked } from '../../lib/core/output/linked';
import { objectOf, testPlatform } from '../support';
import { container, Demo } from './demo';

describe('what is told of all pods', () => {
  test('who they are, and whom they were wired to', () => {
    const lab = testPlatform();
    const web = new Demo(lab, 'demo').deployment('web', { extraPodLabels: { role: 'front' } });
    web.allowFrom({ namespace: 'other', podLabels: { app: 'client' } }, 8080);
    expect(lab.pods).toHaveLength(1);
    const [pods] = lab.pods;
    expect(pods).toMatchObject({
      path: web.node.path,
      namespace: 'demo',
      serviceAccount: 'web',
      hostNetwork: false,
      ingress: [{ peer: { namespace: 'other', podLabels: { app: 'client' } }, ports: [{ port: 8080 }] }],
    });
    expect(pods?.labels).toMatchObject({ ...web.podLabels, role: 'front' });
    expect(pods?.egress.map(({ peer }) => peer)).toContainEqual(expect.objectContaining({ namespace: 'kube-system' }));
  });

  test('the ports that probes ask, by whatever name', () => {
    const lab = testPlatform();
    const port = k8s.IntOrString.fromString('admin');
    const web = new Demo(lab, 'demo').deployment('web', {
      containers: [
        container({
          ports: { admin: { port: 9001 }, http: 8080 },
          readinessProbe: { httpGet: { port } },
          livenessProbe: { tcpSocket: { port: k8s.IntOrString.fromNumber(8080) } },
          startupProbe: { exec: { command: ['true'] } },
        }),
      ],
    });
    expect(web.probePorts).toEqual([8080, 9001]);
    expect([web.portNumber('admin'), web.portNumber(1), web.portNumber('none')]).toEqual([9001, 1, undefined]);
  });

  test('pods that a controller makes have no service account that is known', () => {
    const lab = testPlatform();
    const demo = new Demo(lab, 'demo');
    new ControlledPods(demo.stage, 'made', { labels: { app: 'made' } });
    expect(lab.pods).toMatchObject([{ serviceAccount: undefined, labels: { app: 'made' } }]);
  });
});

test('what is to be done at the end is done before the output, and again where something was added', () => {
  const lab = testPlatform();
  const demo = new Demo(lab, 'demo');
  const seen: number[] = [];
  lab.addCompletion(() => {
    seen.push(lab.pods.length);
    for (const namespace of lab.namespaces) namespace.addLabel('seen', 'true');
  });
  demo.deployment('web');
  linked(lab);
  linked(lab);
  expect(seen).toEqual([1]);
  expect(objectOf(lab, 'Namespace', 'demo').metadata.labels).toMatchObject({ seen: 'true' });
  demo.deployment('more');
  linked(lab);
  expect(seen).toEqual([1, 2]);
});

test('namespaces of systems are told from others', () => {
  const lab = testPlatform();
  new Demo(lab, 'demo');
  lab.addNamespace(lab, 'team', 'baseline');
  expect(lab.namespaces.map(({ name, isSystem, podSecurity }) => [name, isSystem, podSecurity])).toEqual([
    ['demo', true, 'restricted'],
    ['team', false, 'baseline'],
  ]);
});

test('a DaemonSet whose pods hand over has both at a time, and sees what the node mounts later', () => {
  const lab = testPlatform();
  const demo = new Demo(lab, 'demo');
  const netns = { name: 'netns', hostPath: { path: '/var/run/netns' } };
  new DaemonSet(demo.stage, 'agent', {
    maxSurge: 1,
    containers: [
      container({
        mounts: [
          { path: '/netns', volume: netns, propagation: 'HostToContainer' },
          { path: '/tmp', volume: volume.scratch('tmp') },
        ],
      }),
    ],
  });
  const { spec } = objectOf<{ spec: k8s.DaemonSetSpec }>(lab, 'DaemonSet', 'agent');
  expect(spec.updateStrategy?.rollingUpdate).toEqual({ maxSurge: 1, maxUnavailable: 0 });
  const mounts = spec.template.spec?.containers[0]?.volumeMounts;
  expect(mounts?.map(({ mountPropagation }) => mountPropagation)).toEqual(['HostToContainer', undefined]);
});
