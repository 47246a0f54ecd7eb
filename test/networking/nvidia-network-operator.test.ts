import { Duration, Size } from 'cdk8s';
import { dump } from 'js-yaml';
import { Deployment, External, type Stage, System } from '../../lib/core';
import { NvidiaNetworkOperator } from '../../lib/networking/nvidia-network-operator';
import { CertManager } from '../../lib/security/cert-manager';
import { expectGolden, findingsOf, objectOf, objectsOf, testPlatform } from '../support';
import { CPU_ONLY, features, INFINIBAND, make, OVER_ROCE, pool, ports } from './nvidia-network-operator-support';

interface Policy {
  readonly spec: {
    readonly [part: string]: { readonly image: string; readonly repository: string; readonly version: string };
  } & { readonly tolerations?: object; readonly nodeAffinity: object; readonly secondaryNetwork?: object };
}
interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}
interface Container {
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly volumeMounts?: readonly { readonly mountPath: string }[];
}

const policyOf = (of: ReturnType<typeof make>) => objectOf<Policy>(of.lab, 'NicClusterPolicy', 'nic-cluster-policy');
const kinds = (of: ReturnType<typeof make>, kind: string) =>
  objectsOf(of.lab)
    .filter((object) => object.kind === kind)
    .map(({ metadata }) => metadata.name ?? '');

function environment({ lab }: ReturnType<typeof make>): Record<string, string | undefined> {
  const { spec } = objectOf<{ spec: { template: { spec: { containers: Container[] } } } }>(
    lab,
    'Deployment',
    'network-operator',
  );
  return Object.fromEntries(spec.template.spec.containers[0]!.env.map(({ name, value }) => [name, value]));
}

/** `verb resource` for each right, `name` in brackets where it is for one alone. */
function rights({ lab }: ReturnType<typeof make>, kind: 'Role' | 'ClusterRole'): string[] {
  const name = kind === 'Role' ? 'network-operator' : 'network-operator-network-operator';
  const { rules } = objectOf<{ rules: readonly Rule[] }>(lab, kind, name);
  return rules.flatMap(({ resources, verbs, resourceNames = [''] }) =>
    resources.flatMap((resource) =>
      verbs.flatMap((verb) => resourceNames.map((each) => `${verb} ${resource}${each && ` [${each}]`}`)),
    ),
  );
}

describe('by default', () => {
  const made = make();

  test('links', () => {
    expect(findingsOf(made.lab)).toEqual([]);
  });

  test('shares InfiniBand, on the nodes that have it, and rolls out nothing else', () => {
    const own = objectsOf(made.lab).filter(({ apiVersion }) => apiVersion === 'mellanox.com/v1alpha1');
    expectGolden('networking/golden/nvidia-network-operator.yaml', own.map((object) => dump(object)).join('---\n'));
  });

  test('its definitions are those that the operator watches', () => {
    expect(kinds(made, 'CustomResourceDefinition')).toEqual([
      'nicclusterpolicies.mellanox.com',
      'nicnodepolicies.mellanox.com',
      'hostdevicenetworks.mellanox.com',
      'ipoibnetworks.mellanox.com',
      'macvlannetworks.mellanox.com',
      'network-attachment-definitions.k8s.cni.cncf.io',
    ]);
  });

  test('is ready when the policy is', () => {
    const [policy] = made.operator.readyAfter;
    expect(policy!.gates).toEqual([
      {
        type: 'field',
        resource: 'nicclusterpolicies.mellanox.com',
        name: 'nic-cluster-policy',
        jsonPath: '{.status.state}',
        value: 'ready',
      },
    ]);
    expect(policy!.comesAfter(made.operator.operator.stage)).toBe(true);
  });

  test('all images that run, on the nodes too, are on the list', () => {
    expect([...made.lab.images.keys()].sort()).toEqual([
      'nvcr.io/nvidia/cloud-native/network-operator:v26.4.1',
      'nvcr.io/nvidia/mellanox/k8s-rdma-shared-dev-plugin:network-operator-v26.4.1',
    ]);
  });

  test('what the operator starts beside it may talk to the API server and the DNS, and to nobody else', () => {
    const { spec } = objectOf<{ spec: object }>(made.lab, 'NetworkPolicy', 'api-server');
    expect(spec).toMatchObject({
      podSelector: {},
      policyTypes: ['Egress'],
      egress: [{ ports: [{ port: 6443 }] }, { ports: [{ port: 53 }, { port: 53, protocol: 'UDP' }] }],
    });
  });

  test('there is no webhook', () => {
    expect(kinds(made, 'ValidatingWebhookConfiguration')).toEqual([]);
    expect(kinds(made, 'Service')).toEqual([]);
    expect(environment(made).ENABLE_WEBHOOKS).toBe('false');
  });

  test('the operator reads no Secret, writes in its own namespace alone, and gives no rights but those of its parts', () => {
    const all = [...rights(made, 'Role'), ...rights(made, 'ClusterRole')];
    expect(all.filter((right) => /secrets|\*/.test(right))).toEqual([]);
    expect(rights(made, 'ClusterRole').filter((right) => /^(create|delete|update|patch) /.test(right))).toEqual([
      ...['nicclusterpolicies', 'nicnodepolicies', 'hostdevicenetworks', 'ipoibnetworks', 'macvlannetworks'].flatMap(
        (kind) => [`update ${kind}`, `patch ${kind}`],
      ),
      ...['nicclusterpolicies', 'nicnodepolicies', 'hostdevicenetworks', 'ipoibnetworks', 'macvlannetworks'].flatMap(
        (kind) => [`update ${kind}/status`, `patch ${kind}/status`],
      ),
      ...['nicclusterpolicies', 'nicnodepolicies', 'hostdevicenetworks', 'ipoibnetworks', 'macvlannetworks'].map(
        (kind) => `update ${kind}/finalizers`,
      ),
      ...['create', 'update', 'patch', 'delete'].map((verb) => `${verb} network-attachment-definitions`),
      'update nodes',
      'patch nodes',
      ...['create', 'patch', 'update'].map((verb) => `${verb} events`),
      'create clusterroles',
      'create clusterrolebindings',
      ...['clusterroles', 'clusterrolebindings'].flatMap((kind) =>
        ['update', 'patch', 'delete'].flatMap((verb) =>
          ['multus', 'nv-ipam-controller', 'nv-ipam-node', 'ofed-driver'].map((name) => `${verb} ${kind} [${name}]`),
        ),
      ),
      ...['update', 'patch', 'delete'].flatMap((verb) =>
        ['ippools', 'cidrpools'].map((name) => `${verb} customresourcedefinitions [${name}.nv-ipam.nvidia.com]`),
      ),
    ]);
  });

  test('the summary says what the nodes need', () => {
    expect(made.operator.instructions).toEqual([
      expect.objectContaining({
        when: 'before',
        what: expect.stringMatching(/^Let containers on the nodes of gpu lock/),
      }),
      expect.objectContaining({ when: 'before', command: 'ls /sys/class/infiniband' }),
    ]);
  });
});

describe('the policy', () => {
  test('goes to the pools that are plugged in, by the adapters and their labels, in spite of their taints', () => {
    const { spec } = policyOf(
      make(
        {},
        {
          nodePools: [
            pool([ports(INFINIBAND, 8)], {
              labels: { 'lab.example/rack': 'a' },
              taints: [
                { key: 'nvidia.com/gpu', effect: 'NoSchedule' },
                { key: 'team', value: 'research', effect: 'NoExecute' },
                { key: 'slow', effect: 'PreferNoSchedule' },
              ],
            }),
            pool([ports(INFINIBAND, 1)], { name: 'storage', gpus: undefined }),
            CPU_ONLY,
          ],
        },
      ),
    );
    const adapters = { key: 'feature.node.kubernetes.io/pci-15b3.present', operator: 'In', values: ['true'] };
    expect(spec.nodeAffinity).toEqual({
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchExpressions: [adapters, { key: 'lab.example/rack', operator: 'In', values: ['a'] }] },
          { matchExpressions: [adapters] },
        ],
      },
    });
    expect(spec.tolerations).toEqual([
      { key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' },
      { key: 'team', operator: 'Equal', value: 'research', effect: 'NoExecute' },
    ]);
  });

  test("names images as the mirror has them, and another build in an image's place", () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const made = make(
      {},
      {},
      {
        registryMirror: 'registry.lab.example:5000/mirror',
        images: {
          'nvcr.io/nvidia/cloud-native/network-operator': `registry.lab.example/operator:1.0@${digest}`,
        },
      },
    );
    expect(policyOf(made).spec.rdmaSharedDevicePlugin).toMatchObject({
      repository: 'registry.lab.example:5000/mirror/nvidia/mellanox',
      image: 'k8s-rdma-shared-dev-plugin',
      version: 'network-operator-v26.4.1',
    });
    const pinned = make(
      {},
      {},
      { images: { 'nvcr.io/nvidia/mellanox/k8s-rdma-shared-dev-plugin': `registry.lab.example/plugin:1.0@${digest}` } },
    );
    expect(policyOf(pinned).spec.rdmaSharedDevicePlugin).toMatchObject({
      repository: 'registry.lab.example',
      image: 'plugin',
      version: digest,
    });
  });
});

describe('the driver', () => {
  const driver = { operatingSystems: ['ubuntu24.04', 'rhel9.6'] };

  test('is on the list of images under each tag that the operator makes of it', () => {
    const made = make({ driver: { ...driver, architectures: ['amd64', 'arm64'] } });
    expect([...made.lab.images.keys()].filter((name) => /doca-driver|init/.test(name)).sort()).toEqual([
      ...['rhel9.6-amd64', 'rhel9.6-arm64', 'ubuntu24.04-amd64', 'ubuntu24.04-arm64'].map(
        (nodes) => `nvcr.io/nvidia/mellanox/doca-driver:doca3.4.1-26.04-1.1.0.0-1-${nodes}`,
      ),
      'nvcr.io/nvidia/mellanox/network-operator-init-container:network-operator-v26.4.1',
    ]);
    expect(policyOf(made).spec.ofedDriver).toMatchObject({
      repository: 'nvcr.io/nvidia/mellanox',
      image: 'doca-driver',
      version: 'doca3.4.1-26.04-1.1.0.0-1',
      upgradePolicy: { autoUpgrade: true, maxParallelUpgrades: 1, drain: { enable: true, timeoutSeconds: 300 } },
    });
    expect(environment(made).OFED_INIT_CONTAINER_IMAGE).toBe(
      'nvcr.io/nvidia/mellanox/network-operator-init-container:network-operator-v26.4.1',
    );
    expect(findingsOf(made.lab)).toEqual([]);
    expect(made.operator.instructions).toHaveLength(1);
  });

  test('is built in for the kernels that are named', () => {
    const made = make({ driver: { operatingSystems: ['ubuntu24.04'], kernels: ['6.8.0-60-generic'] } });
    expect([...made.lab.images.keys()]).toContain(
      'nvcr.io/nvidia/mellanox/doca-driver:doca3.4.1-26.04-1.1.0.0-1-6.8.0-60-generic-ubuntu24.04-amd64',
    );
    expect(policyOf(made).spec.ofedDriver).toMatchObject({ forcePrecompiled: true });
  });

  test('is compiled with packages of your own, and exchanged as you say', () => {
    const made = make({
      driver: {
        ...driver,
        packageRepositories: { 'lab.list': 'deb https://apt.lab.example noble main' },
        authorities: { 'lab.crt': 'PEM' },
        env: { UNLOAD_STORAGE_MODULES: 'true' },
        upgrade: {
          maxParallel: 2,
          waitFor: 'batch.kubernetes.io/job-name',
          waitTimeout: Duration.hours(1),
          drainTimeout: Duration.minutes(10),
        },
      },
    });
    expect(policyOf(made).spec.ofedDriver).toMatchObject({
      repoConfig: { name: 'driver-package-repositories' },
      certConfig: { name: 'driver-authorities' },
      env: [{ name: 'UNLOAD_STORAGE_MODULES', value: 'true' }],
      upgradePolicy: {
        maxParallelUpgrades: 2,
        waitForCompletion: { podSelector: 'batch.kubernetes.io/job-name', timeoutSeconds: 3600 },
        drain: { timeoutSeconds: 600 },
      },
    });
    expect(objectOf(made.lab, 'ConfigMap', 'driver-package-repositories')).toMatchObject({
      data: { 'lab.list': 'deb https://apt.lab.example noble main' },
    });
  });

  test('lets the operator look up tags in the registry, and evict pods', () => {
    const registryMirror = 'registry.lab.example:5000/mirror';
    const egress = (made: ReturnType<typeof make>) =>
      JSON.stringify(objectOf<{ spec: object }>(made.lab, 'NetworkPolicy', 'network-operator').spec);
    expect(egress(make({ driver }, {}, { registryMirror }))).toContain('"port":5000');
    expect(egress(make({ driver }))).toContain('"port":443');
    expect(egress(make())).not.toContain('"port":443');
    expect(rights(make({ driver }), 'ClusterRole')).toContain('create pods/eviction');
    expect(rights(make(), 'ClusterRole')).not.toContain('create pods/eviction');
  });

  test.each([
    [{ operatingSystems: [] }, 'driver must name at least one of operatingSystems and of architectures'],
    [{ operatingSystems: ['Ubuntu 24.04'] }, 'got "Ubuntu 24.04"; write it as "ubuntu24.04"'],
    [
      { ...driver, architectures: ['x86' as 'amd64'] },
      'driver.architectures must be one of "amd64", "arm64", got "x86"',
    ],
    [
      { ...driver, upgrade: { maxParallel: 0 } },
      'driver.upgrade.maxParallel must be a whole number from 1 to 100, got 0',
    ],
    [{ ...driver, upgrade: { waitTimeout: Duration.hours(1) } }, 'waitTimeout is given, but nothing is waited for'],
    [{ ...driver, kernels: ['6.8.0'], authorities: {} }, 'are for compiling, but kernels has images'],
  ])('refuses %j', (props, message) => {
    expect(() => make({ driver: props })).toThrow(message);
  });

  test("another build's tag must end as the operator ends it", () => {
    const images = { 'nvcr.io/nvidia/mellanox/doca-driver': 'registry.lab.example/driver:1-ubuntu24.04-amd64' };
    const made = make({ driver: { operatingSystems: ['ubuntu24.04'] } }, {}, { images });
    expect(policyOf(made).spec.ofedDriver).toMatchObject({ image: 'driver', version: '1' });
    expect(() => make({ driver: { operatingSystems: ['rhel9.6'] } }, {}, { images })).toThrow(
      `lab/network-operator: the driver's image for nodes of rhel9.6-amd64 must have a tag that ends in "-rhel9.6-amd64", which the operator appends, ` +
        'got "registry.lab.example/driver:1-ubuntu24.04-amd64"',
    );
  });
});

describe('with certificates', () => {
  const lab = testPlatform({ site: make().lab.site });
  const operator = new NvidiaNetworkOperator(lab, 'network-operator', {
    nodeFeatures: features,
    certificates: new CertManager(lab, 'cert-manager'),
  });

  test('has a webhook, which answers before the policy is applied', () => {
    expect(findingsOf(lab)).toEqual([]);
    expect(objectOf(lab, 'ValidatingWebhookConfiguration', 'nvidia-network-operator')).toMatchObject({
      metadata: { annotations: { 'cert-manager.io/inject-ca-from': 'network-operator/network-operator-webhook' } },
      webhooks: ['hostdevicenetwork', 'nicclusterpolicy', 'nicnodepolicy'].map((kind) => ({
        name: `v${kind}.kb.io`,
        failurePolicy: 'Fail',
        clientConfig: {
          service: { name: 'network-operator-webhook', path: `/validate-mellanox-com-v1alpha1-${kind}` },
        },
      })),
    });
    expect(operator.operator.stage.gates).toEqual([
      expect.objectContaining({ type: 'field', jsonPath: '{.webhooks[2].clientConfig.caBundle}' }),
      expect.objectContaining({ type: 'admission', of: "the network operator's webhook" }),
    ]);
  });

  test('its certificate is for the names that the API server calls', () => {
    expect(objectOf(lab, 'Certificate', 'network-operator-webhook', 'network-operator')).toMatchObject({
      spec: {
        dnsNames: [
          'network-operator-webhook.network-operator.svc',
          'network-operator-webhook.network-operator.svc.cluster.local',
        ],
      },
    });
    expect(environment({ lab, operator }).ENABLE_WEBHOOKS).toBe('true');
  });

  test('refuses an issuer that has nothing to put into webhooks', () => {
    const other = make().lab;
    const certificates = External.certificates(other, { tlsSecret: 'wildcard' });
    expect(() => new NvidiaNetworkOperator(other, 'second', { nodeFeatures: features, certificates })).toThrow(
      'nobody puts the authority of "wildcard", which is issued elsewhere, into a webhook',
    );
  });
});

test('its metrics are scraped', () => {
  const { lab } = make();
  const metrics = External.prometheus(lab, { pods: { namespace: 'monitoring', labels: { app: 'prometheus' } } });
  new NvidiaNetworkOperator(lab, 'second', { nodeFeatures: features, metrics });
  expect(objectOf(lab, 'ServiceMonitor', 'network-operator', 'second')).toMatchObject({
    spec: { endpoints: [{ port: 'metrics', path: '/metrics' }] },
  });
});

test('its resources are yours to say', () => {
  const made = make({ resources: { operator: { cpu: 0.5, memory: Size.gibibytes(1) } } });
  expect(JSON.stringify(objectOf(made.lab, 'Deployment', 'network-operator'))).toContain('"memory":"1Gi"');
  expect(() => make({ resources: { operater: {} } as object })).toThrow('did you mean "operator"?');
});

test.each([
  ['k3s', '/var/lib/rancher/k3s/data/cni', '/var/lib/rancher/k3s/agent/etc/cni/net.d'],
  ['rke2', '/opt/cni/bin', '/etc/cni/net.d'],
  ['openshift', '/var/lib/cni/bin', '/etc/kubernetes/cni/net.d'],
] as const)("on %s, plugins go to the runtime's directories", (distribution, bin, conf) => {
  const made = make({ networks: { roce: OVER_ROCE } }, {}, { distribution });
  expect(environment(made)).toMatchObject({ CNI_BIN_DIR: bin, CNI_NETWORK_DIR: conf });
  expect(findingsOf(made.lab)).toEqual([]);
});

describe('where the distribution brings Multus', () => {
  const made = make(
    { networks: { roce: OVER_ROCE }, driver: { operatingSystems: ['rhcos4.18'] } },
    {},
    { distribution: 'openshift' },
  );

  test('it is left to it, with its plugins and its definition', () => {
    expect(policyOf(made).spec.secondaryNetwork).toBeUndefined();
    expect(kinds(made, 'CustomResourceDefinition')).not.toContain('network-attachment-definitions.k8s.cni.cncf.io');
    expect(rights(made, 'ClusterRole').filter((right) => right.includes('resourceclaims'))).toEqual([]);
  });

  test('attachments are in the one namespace that all may use', () => {
    expect(made.operator.network('roce').attachments[0]).toEqual({ namespace: 'default', name: 'roce-0' });
    expect(objectOf(made.lab, 'MacvlanNetwork', 'roce-0')).toMatchObject({ spec: { networkNamespace: 'default' } });
  });

  test('the operator may let its parts be privileged, and nobody else', () => {
    expect(rights(made, 'Role')).toEqual(
      expect.arrayContaining(['create roles', 'use securitycontextconstraints [privileged]']),
    );
    expect(rights(made, 'ClusterRole')).toEqual(
      expect.arrayContaining(['list clusterversions', 'get proxies', 'get imagestreams']),
    );
    expect(environment(made).USE_DTK).toBe('true');
  });
});

/** Whoever runs pods on a network. */
class Trainer extends System {
  readonly install: Stage;

  constructor(made: ReturnType<typeof make>, network: string, namespace?: string) {
    super(made.lab, 'team-a', { name: 'team', version: '1' }, {});
    const rdma = made.operator.network(network);
    this.install = this.addStage('install', [rdma]);
    new Deployment(this.install, 'worker', {
      podAnnotations: {
        'k8s.v1.cni.cncf.io/networks': rdma.attachments
          .map((attachment) => `${namespace ?? attachment.namespace}/${attachment.name}`)
          .join(', '),
      },
      containers: [
        { name: 'worker', image: TRAINER, env: rdma.nccl, resources: { cpu: 1, memory: Size.gibibytes(1) } },
      ],
    });
  }
}
const TRAINER = { registry: 'quay.io', repository: 'lab/trainer', tag: '1' };

describe('pods of other namespaces', () => {
  test('use its attachments, once they are there', () => {
    const made = make({ networks: { roce: OVER_ROCE } });
    const { install } = new Trainer(made, 'roce');
    expect(findingsOf(made.lab)).toEqual([]);
    expect(install.comesAfter(made.operator.readyAfter[0]!)).toBe(true);
  });

  test('that look for them elsewhere are found out', () => {
    const made = make({ networks: { roce: OVER_ROCE } });
    new Trainer(made, 'roce', 'team-a');
    expect(findingsOf(made.lab).join()).toContain('NetworkAttachmentDefinition');
  });
});
