import { Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import { dump } from 'js-yaml';
import { External, type Platform } from '../../lib/core';
import { type CrdManifest } from '../../lib/crds';
import { MetalLB } from '../../lib/networking/metallb';
import { type NetworkProps, type NodePoolProps, Site } from '../../lib/site';
import { expectGolden, findingsOf, objectOf, objectsOf, testPlatform } from '../support';

const SERVICES: NetworkProps = {
  name: 'services',
  cidr: '10.20.0.0/24',
  loadBalancerRanges: ['10.20.0.100-10.20.0.199'],
};
const ROUTED: NetworkProps = {
  name: 'routed',
  cidr: '10.30.0.0/24',
  loadBalancerRanges: ['10.30.0.128/26'],
  bgp: {
    myASN: 64512,
    peers: [
      { address: '10.30.0.1', asn: 64500 },
      { address: '10.30.0.2', asn: 64500 },
    ],
  },
};
const WORKERS: NodePoolProps = { name: 'workers', nodes: 3, cpu: { cores: 32 }, memory: Size.gibibytes(256) };

function platform(
  networks: readonly NetworkProps[] = [SERVICES],
  nodePools: readonly NodePoolProps[] = [WORKERS],
): Platform {
  return testPlatform({ site: new Site({ name: 'test', domain: 'test.example', nodePools, networks }) });
}

interface Workload {
  readonly spec: {
    readonly replicas?: number;
    readonly strategy?: object;
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly name: string;
          readonly args?: readonly string[];
          readonly env?: readonly { readonly name: string; readonly value?: string }[];
        }[];
        readonly nodeSelector: object;
        readonly hostNetwork?: boolean;
        readonly volumes: readonly { readonly secret?: { readonly secretName: string } }[];
      };
    };
  };
}

function kinds(lab: Platform, kind: string): string[] {
  return objectsOf(lab)
    .filter((object) => object.kind === kind)
    .map(({ metadata }) => metadata.name ?? '');
}

function environment({ spec }: Workload): Record<string, string | undefined> {
  return Object.fromEntries((spec.template.spec.containers[0].env ?? []).map(({ name, value }) => [name, value]));
}

describe('by default', () => {
  const lab = platform();
  const metallb = new MetalLB(lab, 'metallb');

  test('links', () => {
    expect(findingsOf(lab)).toEqual([]);
  });

  test("gives out the site's ranges by ARP", () => {
    const own = objectsOf(lab).filter(({ apiVersion }) => apiVersion === 'metallb.io/v1beta1');
    expectGolden('networking/golden/metallb.yaml', own.map((object) => dump(object)).join('---\n'));
  });

  test('has one controller, replaced and never doubled', () => {
    const { spec } = objectOf<Workload>(lab, 'Deployment', 'controller');
    expect(spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
  });

  test('speakers are on the nodes and share a minted key', () => {
    const speaker = objectOf<Workload>(lab, 'DaemonSet', 'speaker');
    expect(speaker.spec.template.spec).toMatchObject({
      hostNetwork: true,
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }],
    });
    expect(speaker.spec.template.spec.volumes.map(({ secret }) => secret?.secretName)).toContain('metallb-memberlist');
    expect(environment(speaker).METALLB_ML_LABELS).toBe(
      'app.kubernetes.io/name=metallb,app.kubernetes.io/instance=metallb,app.kubernetes.io/component=speaker',
    );
  });

  test('FRR is left out', () => {
    expect(environment(objectOf<Workload>(lab, 'DaemonSet', 'speaker')).METALLB_BGP_TYPE).toBeUndefined();
    expect(kinds(lab, 'DaemonSet')).toEqual(['speaker']);
    expect(kinds(lab, 'CustomResourceDefinition').filter((name) => name.endsWith('frrk8s.metallb.io'))).toEqual([]);
  });

  test('its pools wait until the webhook has an authority and answers', () => {
    const [configure] = metallb.readyAfter;
    const install = metallb.controller.stage;
    expect(configure.wave).toBeGreaterThan(install.wave);
    expect(install.gates).toEqual([
      {
        type: 'field',
        resource: 'validatingwebhookconfiguration',
        name: 'metallb-webhook-configuration',
        jsonPath: '{.webhooks[5].clientConfig.caBundle}',
      },
      {
        type: 'admission',
        of: "metallb's webhook",
        object: {
          apiVersion: 'metallb.io/v1beta1',
          kind: 'L2Advertisement',
          metadata: { name: 'admission-gate', namespace: 'metallb' },
          spec: {},
        },
      },
    ]);
  });

  test("peers are converted by the controller's webhook", () => {
    const { spec } = objectOf<CrdManifest>(lab, 'CustomResourceDefinition', 'bgppeers.metallb.io');
    expect(spec.conversion).toMatchObject({
      strategy: 'Webhook',
      webhook: {
        clientConfig: { service: { namespace: 'metallb', name: 'metallb-webhook-service', path: '/convert' } },
      },
    });
  });

  test('the certificate Secret is there and holds nothing', () => {
    expect(objectOf(lab, 'Secret', 'metallb-webhook-cert')).not.toHaveProperty('data');
  });

  test('probes succeed for the first time soon after the certificate is made, and again later, so that it is mounted', () => {
    const [container] = objectOf<Workload>(lab, 'Deployment', 'controller').spec.template.spec.containers;
    expect(container).toMatchObject({
      startupProbe: { httpGet: { path: '/healthz', port: 17472 }, initialDelaySeconds: 3, periodSeconds: 1 },
      readinessProbe: { httpGet: { path: '/readyz', port: 17472 }, initialDelaySeconds: 8, periodSeconds: 3 },
    });
  });

  test('nothing but the webhook port of the controller is open', () => {
    expect(objectOf(lab, 'NetworkPolicy', 'controller')).toMatchObject({
      spec: { ingress: [{ ports: [{ port: 9443, protocol: 'TCP' }] }] },
    });
  });
});

describe('BGP', () => {
  test('announces a network to the routers that the site names', () => {
    const lab = platform([SERVICES, ROUTED]);
    new MetalLB(lab, 'metallb');
    expect(findingsOf(lab)).toEqual([]);
    expect(objectOf(lab, 'BGPPeer', 'routed-10-30-0-1')).toMatchObject({
      spec: { myASN: 64512, peerASN: 64500, peerAddress: '10.30.0.1' },
    });
    expect(objectOf(lab, 'BGPAdvertisement', 'routed')).toMatchObject({
      spec: { ipAddressPools: ['routed'], peers: ['routed-10-30-0-1', 'routed-10-30-0-2'] },
    });
    expect(kinds(lab, 'L2Advertisement')).toEqual(['services']);
    expect(kinds(lab, 'BFDProfile')).toEqual([]);
  });

  test('runs FRR on each node, and tells both programs', () => {
    const lab = platform([ROUTED]);
    const metallb = new MetalLB(lab, 'metallb', { speakerNodes: { edge: 'true' } });
    expect(environment(objectOf<Workload>(lab, 'DaemonSet', 'speaker')).METALLB_BGP_TYPE).toBe('frr-k8s');
    expect(environment(objectOf<Workload>(lab, 'Deployment', 'controller')).METALLB_BGP_TYPE).toBe('frr-k8s');
    const { spec } = objectOf<Workload>(lab, 'DaemonSet', 'frr-k8s').spec.template;
    expect(spec.containers.map(({ name }) => name)).toEqual([
      'frr-k8s',
      'frr',
      'reloader',
      'frr-metrics',
      'frr-status',
    ]);
    expect(spec.nodeSelector).toEqual({ 'kubernetes.io/os': 'linux', edge: 'true' });
    const cleaner = objectOf<Workload>(lab, 'Deployment', 'frr-k8s-status-cleaner').spec.template.spec.containers[0];
    expect(cleaner.args).toEqual(
      expect.arrayContaining([
        '--frrk8s-selector=app.kubernetes.io/component=frr-k8s',
        '--restart-on-rotator-secret-refresh',
      ]),
    );
    expect(metallb.controller.stage.gates.filter(({ type }) => type === 'admission')).toHaveLength(2);
  });

  test('has what the sessions have in common', () => {
    const lab = platform([ROUTED]);
    const scope = new Construct(lab, 'secrets');
    new MetalLB(lab, 'metallb', {
      bgp: {
        bfd: { interval: Duration.millis(500) },
        password: External.credentials(scope, { name: 'router-password' }, ['password']),
        holdTime: Duration.seconds(30),
        keepaliveTime: Duration.seconds(10),
        multiHop: true,
        communities: ['65535:65282'],
        localPreference: 200,
        aggregationLength: 25,
      },
    });
    expect(findingsOf(lab)).toEqual([]);
    expect(objectOf(lab, 'BGPPeer', 'routed-10-30-0-2')).toMatchObject({
      spec: {
        bfdProfile: 'routed',
        holdTime: '30s',
        keepaliveTime: '10s',
        ebgpMultiHop: true,
        passwordSecret: { name: 'router-password', namespace: 'metallb' },
      },
    });
    expect(objectOf(lab, 'BGPAdvertisement', 'routed')).toMatchObject({
      spec: { communities: ['65535:65282'], localPref: 200, aggregationLength: 25 },
    });
    expect(objectOf(lab, 'BFDProfile', 'routed')).toMatchObject({
      spec: { receiveInterval: 500, transmitInterval: 500, detectMultiplier: 3 },
    });
  });

  test('refuses what BFD cannot do', () => {
    const bgp = { bfd: { interval: Duration.millis(1), multiplier: 1 } };
    expect(() => new MetalLB(platform([ROUTED]), 'metallb', { bgp })).toThrow(
      'lab/metallb/configure/routed/bfd: spec.receiveInterval must be at least 10, got 1; ' +
        'spec.transmitInterval must be at least 10, got 1; spec.detectMultiplier must be at least 2, got 1',
    );
  });
});

describe('props', () => {
  test('networks chooses', () => {
    const lab = platform([SERVICES, ROUTED]);
    new MetalLB(lab, 'metallb', { networks: ['services'] });
    expect(kinds(lab, 'IPAddressPool')).toEqual(['services']);
    expect(kinds(lab, 'DaemonSet')).toEqual(['speaker']);
  });

  test('onRequest keeps a range for those who ask', () => {
    const lab = platform([{ ...SERVICES, loadBalancerRanges: ['10.20.0.100-10.20.0.199', '10.20.0.32/28'] }]);
    const metallb = new MetalLB(lab, 'metallb', { onRequest: ['10.20.0.32/28'] });
    metallb.addAddress(lab, { address: '10.20.0.33' });
    expect(objectOf(lab, 'IPAddressPool', 'services')).toMatchObject({
      spec: { addresses: ['10.20.0.100-10.20.0.199'], autoAssign: true },
    });
    expect(objectOf(lab, 'IPAddressPool', 'services-on-request')).toMatchObject({
      spec: { addresses: ['10.20.0.32/28'], autoAssign: false },
    });
    expect(objectOf(lab, 'L2Advertisement', 'services')).toMatchObject({
      spec: { ipAddressPools: ['services', 'services-on-request'] },
    });
  });

  test('l2 limits the interfaces', () => {
    const lab = platform();
    new MetalLB(lab, 'metallb', { l2: { interfaces: ['bond0'] } });
    expect(objectOf(lab, 'L2Advertisement', 'services')).toMatchObject({ spec: { interfaces: ['bond0'] } });
  });

  test('metrics has each program scraped with a token', () => {
    const lab = platform([ROUTED]);
    const pods = { namespace: 'monitoring', labels: { app: 'prometheus' } };
    new MetalLB(lab, 'metallb', { metrics: External.prometheus(lab, { pods }) });
    expect(kinds(lab, 'ServiceMonitor')).toEqual([
      'metallb-controller',
      'metallb-speaker',
      'metallb-frr-k8s',
      'metallb-frr',
    ]);
    expect(objectOf(lab, 'ServiceMonitor', 'metallb-controller')).toMatchObject({
      spec: {
        endpoints: [
          {
            port: 'metrics',
            scheme: 'https',
            bearerTokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token',
          },
        ],
      },
    });
  });

  test.each([
    [{ networks: ['servces'] }, 'site test: has no network "servces"'],
    [{ networks: ['management'] }, 'lab/metallb: network "management" has no loadBalancerRanges; there is "services"'],
    [{ networks: [] }, 'lab/metallb: networks must name at least one, got []'],
    [
      { onRequest: ['10.20.0.100-10.20.0.198'] },
      `lab/metallb: onRequest has "10.20.0.100-10.20.0.198", which is none of the networks' loadBalancerRanges; did you mean "10.20.0.100-10.20.0.199"?`,
    ],
    [
      { bgp: {} },
      'lab/metallb: bgp is given, but no network (services) has routers to announce to; add bgp to it in the site',
    ],
  ])('%j is refused', (props, message) => {
    const lab = platform([{ name: 'management', cidr: '10.10.0.0/24' }, SERVICES]);
    expect(() => new MetalLB(lab, 'metallb', props)).toThrow(message);
  });

  test('l2 without a network for it is refused', () => {
    expect(() => new MetalLB(platform([ROUTED]), 'metallb', { l2: {} })).toThrow(
      'lab/metallb: l2 is given, but all networks (routed) announce by BGP; leave it out',
    );
  });

  test('a site without addresses is refused', () => {
    expect(() => new MetalLB(platform([{ name: 'services', cidr: '10.20.0.0/24' }]), 'metallb')).toThrow(
      'lab/metallb: site test has no addresses to hand out; add loadBalancerRanges to one of its networks',
    );
  });
});

describe('the site decides', () => {
  const onServices = [{ type: 'ethernet', speed: '25Gb/s', network: 'services' }] as const;
  const elsewhere = [{ type: 'ethernet', speed: '25Gb/s', network: 'management' }] as const;
  const networks = [{ name: 'management', cidr: '10.10.0.0/24' }, SERVICES];

  test('who answers for a network: the nodes that are plugged into it', () => {
    const pools: NodePoolProps[] = [
      { ...WORKERS, networkPorts: onServices, labels: { 'example.com/rack': 'a' } },
      { ...WORKERS, name: 'storage', networkPorts: elsewhere, labels: { 'example.com/rack': 'b' } },
    ];
    const lab = platform(networks, pools);
    new MetalLB(lab, 'metallb');
    expect(objectOf(lab, 'L2Advertisement', 'services')).toMatchObject({
      spec: { nodeSelectors: [{ matchLabels: { 'example.com/rack': 'a' } }] },
    });
  });

  test('and refuses where it cannot be said', () => {
    const pools: NodePoolProps[] = [
      { ...WORKERS, networkPorts: onServices },
      { ...WORKERS, name: 'storage', networkPorts: elsewhere },
    ];
    expect(() => new MetalLB(platform(networks, pools), 'metallb')).toThrow(
      'lab/metallb/configure: node pool workers is on network services and storage is not, but no label tells them apart; ' +
        'give workers labels in the site',
    );
  });

  test('where there is nothing but control plane, that announces', () => {
    const box: NodePoolProps = { ...WORKERS, nodes: 1, roles: ['control-plane', 'worker'] };
    const edge = platform([SERVICES], [box]);
    new MetalLB(edge, 'metallb');
    const args = (lab: Platform) =>
      objectOf<Workload>(lab, 'DaemonSet', 'speaker').spec.template.spec.containers[0].args;
    expect(args(edge)).toContain('--ignore-exclude-lb');
    const lab = platform();
    new MetalLB(lab, 'metallb');
    expect(args(lab)).not.toContain('--ignore-exclude-lb');
  });
});

describe('addresses', () => {
  test('are asked for by name, or any', () => {
    const lab = platform();
    const metallb = new MetalLB(lab, 'metallb');
    expect(metallb.addAddress(lab, { address: '10.20.0.150' })).toEqual({
      address: '10.20.0.150',
      annotations: { 'metallb.io/loadBalancerIPs': '10.20.0.150' },
    });
    expect(metallb.addAddress(lab)).toEqual({ annotations: {}, address: undefined });
  });

  test.each([
    ['10.20.0.99', `lab/asks: address "10.20.0.99" is outside the site's ranges 10.20.0.100-10.20.0.199 (services)`],
    ['10.20.0', 'lab/asks: address must be an IP address such as "192.0.2.10", got "10.20.0"'],
    ['10.20.0.150', 'lab/asks: address "10.20.0.150" was given to lab/first; choose another'],
  ])('%s is refused', (address, message) => {
    const lab = platform();
    const metallb = new MetalLB(lab, 'metallb');
    metallb.addAddress(new Construct(lab, 'first'), { address: '10.20.0.150' });
    expect(() => metallb.addAddress(new Construct(lab, 'asks'), { address })).toThrow(message);
  });

  test('end', () => {
    const lab = platform([{ ...SERVICES, loadBalancerRanges: ['10.20.0.10-10.20.0.11'] }]);
    const metallb = new MetalLB(lab, 'metallb');
    metallb.addAddress(lab);
    metallb.addAddress(lab);
    expect(() => metallb.addAddress(lab)).toThrow(
      "lab: asks for address number 3, but the site's ranges 10.20.0.10-10.20.0.11 (services) hold 2; widen them",
    );
  });
});

test('on a distribution with security constraints the speaker may be on the node', () => {
  const site = new Site({ name: 'test', domain: 'test.example', nodePools: [WORKERS], networks: [SERVICES] });
  const lab = testPlatform({ site, distribution: 'openshift' });
  new MetalLB(lab, 'metallb');
  const bindings = objectsOf(lab).filter(({ kind }) => kind === 'RoleBinding');
  expect(bindings).toContainEqual(
    expect.objectContaining({
      roleRef: expect.objectContaining({ kind: 'ClusterRole', name: 'system:openshift:scc:privileged' }),
      subjects: [{ kind: 'ServiceAccount', name: 'speaker', namespace: 'metallb' }],
    }),
  );
});
