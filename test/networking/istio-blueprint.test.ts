import { join } from 'node:path';
import { ExperimentTracking, type ExperimentTrackingProps } from '../../blueprints/experiment-tracking';
import { TrainingCluster } from '../../blueprints/training-cluster';
import { App, External, Site } from '../../lib';
import { type KubeObject } from '../../lib/core/link/types';
import { findingsOf, objectOf, objectsOf } from '../support';

const GATEWAYS = ['haproxy', 'istio'] as const;
const PODS = { haproxy: 'haproxy', istio: 'ingress' } as const;

function make(gateway: 'haproxy' | 'istio', props: Partial<ExperimentTrackingProps> = {}): ExperimentTracking {
  const site = Site.fromFile(join(__dirname, '../../blueprints/sites/dgx-lab.yaml'));
  return new ExperimentTracking(new App({ outdir: '/nonexistent' }), 'lab', { site, gateway, ...props });
}

const prometheus: ExperimentTrackingProps['metrics'] = (lab) =>
  External.prometheus(lab, {
    pods: { namespace: 'monitoring', labels: { app: 'prometheus' } },
  });

const PLATFORMS = GATEWAYS.flatMap((gateway) =>
  (['edge', 'team', 'production'] as const).map((size) => [gateway, size] as const),
);

interface Policy {
  readonly spec: {
    readonly ingress: readonly { readonly from: readonly object[]; readonly ports: readonly { port: number }[] }[];
  };
}

/** What the systems behind the gateway are. */
function behind(platform: ExperimentTracking): readonly KubeObject[] {
  const own = new Set(['gateway', undefined]);
  return objectsOf(platform)
    .filter(({ kind, metadata }) => !own.has(metadata.namespace) && kind !== 'NetworkPolicy')
    .filter(({ apiVersion }) => !/istio\.io|gateway\.networking/.test(apiVersion));
}

describe.each(PLATFORMS)('experiment tracking behind %s, %s', (gateway, size) => {
  test('links without a finding', () => {
    expect(findingsOf(make(gateway, { size, metrics: prometheus, istio: undefined }))).toEqual([]);
  });
});

describe.each(GATEWAYS)('behind %s', (gateway) => {
  const platform = make(gateway);

  test('people come by the same URLs', () => {
    expect(platform.mlflow.externalUrl).toBe('https://mlflow.dgx-lab.example');
    expect(platform.objects.externalUrl).toBe('https://minio.dgx-lab.example');
  });

  test('one certificate has the hosts of all routes', () => {
    expect(objectOf(platform, 'Certificate', 'tls', 'gateway')).toMatchObject({
      spec: {
        secretName: 'tls',
        dnsNames: expect.arrayContaining([
          'gateway.dgx-lab.example',
          'mlflow.dgx-lab.example',
          '*.minio.dgx-lab.example',
        ]) as string[],
      },
    });
  });

  test("the gateway's pods, and no others of its namespace, are let in at MLflow", () => {
    const { ingress } = objectOf<Policy>(platform, 'NetworkPolicy', 'server', 'mlflow').spec;
    const [rule] = ingress.filter(({ ports }) => ports.some(({ port }) => port === platform.mlflow.endpoint.port));
    expect(rule?.from).toContainEqual({
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'gateway' } },
      podSelector: {
        matchLabels: expect.objectContaining({ 'app.kubernetes.io/component': PODS[gateway] }) as object,
      },
    });
  });

  test('the address is on a Service that keeps the addresses of clients', () => {
    const fixed = make(gateway, { address: '10.20.19.10' });
    expect(objectOf(fixed, 'Service', PODS[gateway], 'gateway')).toMatchObject({
      metadata: { annotations: { 'metallb.io/loadBalancerIPs': '10.20.19.10' } },
      spec: {
        type: 'LoadBalancer',
        externalTrafficPolicy: 'Local',
        ports: [
          { port: 80, targetPort: 8080 },
          { port: 443, targetPort: 8443 },
        ],
      },
    });
  });
});

test('the systems behind are the same, object by object', () => {
  expect(behind(make('istio'))).toEqual(behind(make('haproxy')));
});

test('a training cluster is in the mesh with its data, and trains outside of it', () => {
  const site = Site.fromFile(join(__dirname, '../../blueprints/sites/dgx-lab.yaml'));
  const platform = new TrainingCluster(new App({ outdir: '/nonexistent' }), 'lab', { site, gateway: 'istio' });
  expect(findingsOf(platform)).toEqual([]);
  const named = (mode: string) =>
    objectsOf(platform)
      .filter(({ kind, metadata }) => kind === 'Namespace' && metadata.labels?.['istio.io/dataplane-mode'] === mode)
      .map(({ metadata }) => metadata.name);
  expect(named('ambient').sort()).toEqual(['minio', 'mlflow', 'postgres']);
  expect(named('none')).toEqual(expect.arrayContaining(['training', 'gpu-operator', 'metallb']));
});

test('props of a gateway that there is none of are refused', () => {
  expect(() => make('istio', { haproxy: { replicas: 4 } })).toThrow(
    'lab: haproxy has props, but the gateway is "istio"; leave them out, or pass gateway: "haproxy"',
  );
  expect(() => make('haproxy', { istio: { replicas: 4 } })).toThrow(
    'lab: istio has props, but the gateway is "haproxy"; leave them out, or pass gateway: "istio"',
  );
  expect(() => make('traefik' as 'istio')).toThrow('gateway must be one of "haproxy", "istio", got "traefik"');
});
