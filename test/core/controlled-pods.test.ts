import { ControlledPods, Deployment, image, type Stage, System } from '../../lib/core';
import { type Platform } from '../../lib/core/platform';
import { Size } from 'cdk8s';
import { findingsOf, objectOf, testPlatform } from '../support';

/** An operator, and the pods that it makes. */
class Operator extends System {
  readonly install: Stage;

  constructor(lab: Platform) {
    super(lab, 'operator', { name: 'operator', version: '1' }, {});
    this.install = this.addStage('install');
  }
}

test('pods that a controller makes have a policy of what is wired', () => {
  const lab = testPlatform();
  const { install } = new Operator(lab);
  const server = new Deployment(install, 'server', {
    containers: [
      {
        name: 'server',
        image: image('registry.example/server:1'),
        ports: { http: 8080 },
        resources: { cpu: 0.1, memory: Size.mebibytes(64) },
      },
    ],
  });
  const { http } = server.addService({ ports: { http: 8080 } });
  const made = new ControlledPods(install, 'made', { labels: { app: 'made' }, usesApi: true });
  made.connectTo(http);
  made.allowFrom('anywhere', 9000);
  made.allowTo({ cidr: '10.0.0.0/8' }, { port: 53, protocol: 'UDP' });
  expect(objectOf(lab, 'NetworkPolicy', 'made')).toMatchObject({
    metadata: { annotations: { 'onprem-ml.io/selects-at-run-time': 'true' } },
    spec: {
      podSelector: { matchLabels: { app: 'made' } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ ports: [{ port: 9000, protocol: 'TCP' }] }],
      egress: [
        {
          ports: [
            { port: 53, protocol: 'UDP' },
            { port: 53, protocol: 'TCP' },
          ],
        },
        { ports: [{ port: 6443, protocol: 'TCP' }] },
        { ports: [{ port: 8080, protocol: 'TCP' }] },
        { to: [{ ipBlock: { cidr: '10.0.0.0/8' } }], ports: [{ port: 53, protocol: 'UDP' }] },
      ],
    },
  });
  expect(JSON.stringify(objectOf(lab, 'NetworkPolicy', 'server'))).toContain('"app":"made"');
  expect(findingsOf(lab)).toEqual([]);
});

test('without the API server they reach nothing', () => {
  const lab = testPlatform();
  new ControlledPods(new Operator(lab).install, 'made', { labels: { app: 'made' } });
  expect(objectOf(lab, 'NetworkPolicy', 'made').spec).toEqual({
    podSelector: { matchLabels: { app: 'made' } },
    policyTypes: ['Ingress', 'Egress'],
  });
});
