import { Size } from 'cdk8s';
import { dump } from 'js-yaml';
import { External, type ISecretStore, type Platform } from '../../lib/core';
import { linked } from '../../lib/core/output/linked';
import { platformFiles } from '../../lib/core/output/platform-files';
import { Vault, type VaultProps } from '../../lib/security/vault';
import { Site } from '../../lib/site';
import { expectGolden, findingsOf, objectOf, objectsOf, testPlatform, testSite } from '../support';
import {
  bucket,
  configOf,
  containerOf,
  Directory,
  envOf,
  fileOf,
  gateway,
  make,
  type Pods,
  prometheus,
  Reader,
  serversOf,
} from './vault-support';

interface Service {
  readonly spec: {
    readonly selector: object;
    readonly clusterIP?: string;
    readonly publishNotReadyAddresses?: boolean;
  };
}
interface Certificate {
  readonly spec: { readonly dnsNames: readonly string[]; readonly ipAddresses: readonly string[] };
}

const service = (lab: Platform, name: string) => objectOf<Service>(lab, 'Service', name, 'vault').spec;
const names = (lab: Platform, kind: string) =>
  objectsOf(lab)
    .filter((object) => object.kind === kind && object.metadata.namespace === 'vault')
    .map(({ metadata }) => metadata.name!)
    .sort();
const textOf = (lab: Platform, file: string) =>
  platformFiles(linked(lab).bundle).find(({ name }) => name === file)?.text ?? '';

/** A site of so many nodes. */
function sized(nodes: number): Platform {
  const { networks, storageClasses } = testSite();
  return testPlatform({
    site: new Site({
      name: 'test',
      domain: 'test.example',
      nodePools: [{ name: 'workers', roles: ['worker'], nodes, cpu: { cores: 32 }, memory: Size.gibibytes(256) }],
      networks: networks.map(({ name, cidr }) => ({ name, cidr })),
      storageClasses: storageClasses.map(({ name, tier }) => ({ name, tier })),
    }),
  });
}

describe('Vault', () => {
  test('links without a finding, alone and with all that it can be given', () => {
    expect(findingsOf(make().lab)).toEqual([]);
    const { lab, vault } = make((p: Platform) => ({
      snapshots: bucket(p),
      gateway: gateway(p),
      identity: new Directory(p),
      metrics: prometheus(p),
      storage: Size.gibibytes(20),
    }));
    vault.allowGroup('Vision Team', 'teams/vision');
    new Reader(lab, 'reader', vault);
    expect(findingsOf(lab)).toEqual([]);
  });

  test("its servers' pods and configuration, as they are by default", () => {
    const { lab } = make();
    const { spec } = serversOf(lab);
    expectGolden('security/golden/vault.yaml', [dump(spec), configOf(lab)].join('---\n'));
  });

  test('has three servers where there are nodes, else one, and never two on one node', () => {
    expect(serversOf(make().lab).spec).toMatchObject({ replicas: 3, podManagementPolicy: 'Parallel' });
    const term = { topologyKey: 'kubernetes.io/hostname' };
    expect(serversOf(make().lab).spec.template.spec.affinity).toMatchObject({
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] },
    });
    const { lab } = make({}, sized(2));
    expect(serversOf(lab).spec).toMatchObject({ replicas: 1 });
    expect(serversOf(lab).spec.template.spec.affinity).toBeUndefined();
    expect(configOf(lab)).not.toContain('retry_join');
    // It has nobody to hand on to while it stands by.
    expect(containerOf(lab).readinessProbe!.httpGet!.path).toBe('/v1/sys/health');
    expect(findingsOf(lab)).toEqual([]);
  });

  test('five servers join each other, and one of them may be drained at a time', () => {
    const { lab } = make({ servers: 5 }, sized(5));
    expect(configOf(lab).match(/leader_api_addr = .*/g)).toEqual(
      [0, 1, 2, 3, 4].map((n) => `leader_api_addr = "https://vault-${n}.vault-internal.vault.svc.cluster.local:8200"`),
    );
    expect(objectOf(lab, 'PodDisruptionBudget', 'vault', 'vault')).toMatchObject({ spec: { maxUnavailable: 1 } });
    expect(findingsOf(lab)).toEqual([]);
  });

  test('what can be tuned changes neither selector nor templates of volumes', () => {
    const kept = (props: Partial<VaultProps>) => {
      const { selector, volumeClaimTemplates } = serversOf(make(props).lab).spec;
      return { selector, volumeClaimTemplates };
    };
    const tuned = { storage: Size.gibibytes(50), auditStorage: Size.gibibytes(3), memory: Size.gibibytes(4), cpu: 2 };
    expect(kept({ ...tuned, servers: 1, logLevel: 'debug' })).toEqual(kept({}));
    expect(JSON.stringify(kept({}).selector)).not.toContain('1.21');
  });

  test('volumes are written out, in the size that is asked for, and are never pruned', () => {
    const { lab } = make({ storage: Size.gibibytes(50), auditStorage: Size.gibibytes(3), storageClass: 'large' });
    expect(names(lab, 'PersistentVolumeClaim')).toEqual([
      ...[0, 1, 2].map((n) => `audit-vault-${n}`),
      ...[0, 1, 2].map((n) => `data-vault-${n}`),
    ]);
    expect(objectOf(lab, 'PersistentVolumeClaim', 'data-vault-2')).toMatchObject({
      metadata: { annotations: { 'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false' } },
      spec: { resources: { requests: { storage: '50Gi' } }, storageClassName: 'large' },
    });
    // Ten files are four fifths of 3 GiB.
    expect(containerOf(lab, 'reload').env).toContainEqual({ name: 'AUDIT_FILE_SIZE', value: '257698037' });
  });

  test('the certificate is for all names by which servers are reached, and for the pod itself', () => {
    const { spec } = objectOf<Certificate>(
      make((p: Platform) => ({ metrics: prometheus(p) })).lab,
      'Certificate',
      'tls',
    );
    expect(spec.ipAddresses).toEqual(['127.0.0.1']);
    for (const name of ['vault', 'vault-active', 'vault-internal', 'vault-metrics'])
      expect(spec.dnsNames).toContain(`${name}.vault.svc.cluster.local`);
    for (const n of [0, 1, 2]) expect(spec.dnsNames).toContain(`vault-${n}.vault-internal.vault.svc.cluster.local`);
    expect(spec.dnsNames).toContain('vault.vault.svc');
  });

  test('all is TLS, verified by the authority', () => {
    const { lab, certificates, vault } = make();
    expect(configOf(lab)).not.toContain('tls_disable');
    expect(configOf(lab).match(/leader_ca_cert_file = .*/g)).toEqual(
      Array(3).fill('leader_ca_cert_file = "/vault/authority/ca.crt"'),
    );
    expect(envOf(lab)).toMatchObject({
      VAULT_ADDR: 'https://127.0.0.1:8200',
      VAULT_CACERT: '/vault/authority/ca.crt',
      VAULT_CLUSTER_ADDR: 'https://$(VAULT_K8S_POD_NAME).vault-internal.vault.svc.cluster.local:8201',
    });
    expect(vault.url).toBe('https://vault.vault.svc.cluster.local:8200');
    const reader = new Reader(lab, 'reader', vault);
    expect(vault.authority(reader.node.findChild('install') as never)).toEqual(
      certificates.authority(reader.node.findChild('install') as never),
    );
  });

  test('a public authority is verified by the system', () => {
    const lab = testPlatform();
    new Vault(lab, 'vault', { certificates: External.certificates(lab, { tlsSecret: 'vault-tls' }) });
    expect(envOf(lab)).not.toHaveProperty('VAULT_CACERT');
    expect(configOf(lab)).not.toContain('leader_ca_cert_file');
    expect(findingsOf(lab)).toEqual([]);
  });

  test('Services lead to unsealed servers, to the active one, and to all', () => {
    const { lab } = make();
    expect(service(lab, 'vault').selector).not.toHaveProperty('vault-active');
    expect(service(lab, 'vault-active').selector).toMatchObject({ 'vault-active': 'true' });
    expect(service(lab, 'vault-internal')).toMatchObject({ clusterIP: 'None', publishNotReadyAddresses: true });
    expect(configOf(lab)).toContain('service_registration "kubernetes" {}');
    expect(objectOf(lab, 'Role', 'vault', 'vault')).toMatchObject({
      rules: [{ resources: ['pods'], verbs: ['get', 'patch'] }],
    });
    expect(objectOf(lab, 'ClusterRole', 'vault-vault')).toMatchObject({
      rules: [{ apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] }],
    });
  });

  test('is ready when unsealed, active or not, and not restarted for being sealed', () => {
    const { readinessProbe, livenessProbe } = containerOf(make().lab);
    expect(readinessProbe!.httpGet).toMatchObject({ path: '/v1/sys/health?standbyok=true', scheme: 'HTTPS' });
    // One that was unsealed just now doesn't know the active one yet.
    expect(readinessProbe!.periodSeconds! * (readinessProbe!.successThreshold! - 1)).toBeGreaterThan(2.5);
    expect(livenessProbe!.httpGet!.path).toBe(
      '/v1/sys/health?standbyok=true&sealedcode=204&uninitcode=204&haunhealthycode=204',
    );
  });

  test('locks no memory and asks for no capability', () => {
    const { lab } = make();
    expect(configOf(lab)).toContain('disable_mlock = true');
    for (const name of ['vault', 'reload'])
      expect(containerOf(lab, name).securityContext).toMatchObject({
        capabilities: { drop: ['ALL'] },
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
      });
    expect(objectOf(lab, 'Namespace', 'vault')).toMatchObject({
      metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    });
  });

  test('the signal to stop reaches Vault itself, after Services have learned that it goes', () => {
    const { lab } = make();
    expect(containerOf(lab)).toMatchObject({
      command: ['vault', 'server', '-config=/vault/config'],
      lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } },
    });
    expect(serversOf(lab).spec.template.spec.terminationGracePeriodSeconds).toBe(60);
  });

  test('cpu, memory and log level are the given ones', () => {
    const { lab } = make({ cpu: 2, memory: Size.gibibytes(4), logLevel: 'debug' });
    expect(containerOf(lab).resources).toMatchObject({ requests: { cpu: '2', memory: '4Gi' }, limits: { cpu: '8' } });
    expect(configOf(lab)).toContain('log_level = "debug"');
    expect(containerOf(make().lab).resources).toMatchObject({ requests: { cpu: '250m', memory: '1Gi' } });
  });
});

test('a snapshot that is restored has room, and a token that somebody signs in with is in memory alone', () => {
  const { lab } = make({ storage: Size.gibibytes(20) });
  const { volumes } = serversOf(lab).spec.template.spec;
  expect(volumes).toContainEqual({ name: 'tmp', emptyDir: { sizeLimit: '20Gi' } });
  expect(volumes).toContainEqual({ name: 'home', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } });
  expect(containerOf(lab).resources).toMatchObject({ limits: { 'ephemeral-storage': '20544Mi' } });
  expect(envOf(lab)).toMatchObject({ HOME: '/vault/home' });
});

describe('what people do', () => {
  test('stands in the summary, with the commands', () => {
    const text = textOf(make({ unseal: { by: 'operator', shares: 7, threshold: 4 } }).lab, 'summary.md');
    for (const command of [
      'kubectl -n vault exec -it vault-0 -c vault -- vault operator init -key-shares=7 -key-threshold=4',
      'for pod in vault-0 vault-1 vault-2; do kubectl -n vault exec -it "$pod" -c vault -- sh /vault/scripts/unseal.sh; done',
      'kubectl -n vault exec -it vault-0 -c vault -- sh /vault/scripts/bootstrap.sh',
    ])
      expect(text).toContain(`\n${command}\n`);
    expect(text).toContain('with 4 of the 7 shares');
  });

  test('is said by apply.sh while it waits for the servers, and for the Job', () => {
    const { lab } = make();
    const script = textOf(lab, 'apply.sh');
    expect(script).toMatch(
      /^ {2}ask_person 'initialize Vault, .*vault operator init .*unseal\.sh.*' gate_rollout vault statefulset vault$/m,
    );
    expect(script).toMatch(
      /^ {2}ask_person 'let the platform into Vault, .*bootstrap\.sh' gate_job vault configure-[0-9a-f]{8}$/m,
    );
  });
});

describe('the Job that configures', () => {
  test('signs in by its own identity, with a token that is good for Vault alone', () => {
    const { lab } = make();
    const { spec } = objectOf<Pods>(lab, 'Job', /^configure-/, 'vault').spec.template;
    expect(spec).toMatchObject({ serviceAccountName: 'configure', automountServiceAccountToken: false });
    expect(spec.volumes).toContainEqual({
      name: 'identity',
      projected: {
        defaultMode: 0o440,
        sources: [{ serviceAccountToken: { audience: 'vault', expirationSeconds: 600, path: 'token' } }],
      },
    });
    expect(fileOf(lab, 'scripts', 'configure.json')).toContain('"audience": "vault"');
    expect(objectsOf(lab).filter(({ kind, metadata }) => kind === 'Secret' && metadata.namespace === 'vault')).toEqual(
      [],
    );
  });

  test('may write policies of its own kind alone, and no secret', () => {
    const policy = fileOf(make().lab, 'scripts', 'configure.hcl');
    expect(policy).toContain('path "sys/policies/acl/platform-*"');
    expect(policy).not.toMatch(/path "(\*|kv\/|sys\/\*|sys\/policies\/acl\/\*)/);
    expect(fileOf(make().lab, 'plan', 'configure.hcl')).toBe(policy);
  });

  test('runs again when a role is added, and stays as it is else', () => {
    const nameOf = ({ lab }: { lab: Platform }) => objectOf(lab, 'Job', /^configure-/, 'vault').metadata.name;
    const more = make();
    more.vault.addRole(more.lab, 'reader', {
      serviceAccount: { namespace: 'reader', name: 'reader' },
      audience: 'vault',
      read: ['a'],
    });
    expect(nameOf(make({ memory: Size.gibibytes(2) }))).toBe(nameOf(make()));
    expect(nameOf(more)).not.toBe(nameOf(make()));
  });
});

describe('snapshots', () => {
  const withBucket = (props: Partial<VaultProps> = {}) =>
    make((p: Platform) => ({ snapshots: bucket(p), ...props })).lab;
  interface CronJob {
    readonly spec: { readonly schedule: string; readonly jobTemplate: { readonly spec: Pods['spec'] } };
  }
  const job = (lab: Platform) => objectOf<CronJob>(lab, 'CronJob', 'snapshot', 'vault').spec;
  const env = (lab: Platform) => job(lab).jobTemplate.spec.template.spec.containers[0]!.env;

  test('go to the bucket by schedule, with a role that reads nothing else', () => {
    const lab = withBucket();
    expect(job(lab).schedule).toBe('0 0,6,12,18 * * *');
    expect(env(lab)).toEqual(
      expect.arrayContaining([
        { name: 'ARCHIVE', value: 'archive/snapshots/vault' },
        { name: 'KEEP', value: '28' },
        { name: 'VAULT_ADDR', value: 'https://vault-active.vault.svc.cluster.local:8200' },
        { name: 'SSL_CERT_DIR', value: '/authorities/archive' },
      ]),
    );
    expect(fileOf(lab, 'plan', 'plan')).toContain(
      '### policy platform-role-platform-snapshot\npath "sys/storage/raft/snapshot" {\n  capabilities = ["read"]\n}\n### role',
    );
    expect([...lab.images.keys()].some((name) => name.startsWith('quay.io/minio/mc:'))).toBe(true);
  });

  test('path, schedule and number are the given ones', () => {
    const lab = withBucket({ snapshotPath: 'lab/vault', snapshotSchedule: '5 1 * * *', snapshotsKept: 3 });
    expect(job(lab).schedule).toBe('5 1 * * *');
    expect(env(lab)).toEqual(
      expect.arrayContaining([
        { name: 'ARCHIVE', value: 'archive/snapshots/lab/vault' },
        { name: 'KEEP', value: '3' },
      ]),
    );
  });

  test('are not made without a bucket', () => {
    expect(names(make().lab, 'CronJob')).toEqual([]);
    expect(fileOf(make().lab, 'plan', 'plan')).toBe('');
  });
});

describe('metrics', () => {
  const metered = (props: Partial<VaultProps> = {}) =>
    make((p: Platform) => ({ metrics: prometheus(p), ...props })).lab;

  test('are on a listener of their own, without a token, for the scraper alone', () => {
    const lab = metered();
    expect(configOf(lab)).toContain('address = "[::]:9102"\n  cluster_address = "127.0.0.1:9103"');
    expect(configOf(lab).match(/unauthenticated_metrics_access = true/g)).toHaveLength(1);
    expect(configOf(make().lab)).not.toMatch(/telemetry|9102/);
    expect(service(lab, 'vault-metrics').publishNotReadyAddresses).toBe(true);
    expect(objectOf(lab, 'ServiceMonitor', 'vault')).toMatchObject({
      spec: {
        endpoints: [
          {
            port: 'metrics',
            path: '/v1/sys/metrics',
            params: { format: ['prometheus'] },
            scheme: 'https',
            tlsConfig: { serverName: 'vault-metrics.vault.svc.cluster.local' },
          },
        ],
      },
    });
  });

  interface Rules {
    readonly spec: {
      readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
    };
  }
  const alerts = (lab: Platform) => objectOf<Rules>(lab, 'PrometheusRule', 'vault').spec.groups[0]!.rules;

  test('tell of sealed servers, of a missing leader, and of snapshots that fail', () => {
    const all = alerts(make((p: Platform) => ({ metrics: prometheus(p), snapshots: bucket(p) })).lab);
    expect(all.map(({ alert }) => alert)).toEqual([
      'VaultSealed',
      'VaultNoLeader',
      'VaultAuditFailing',
      'VaultToleratesNoFailure',
      'VaultSnapshotFailed',
    ]);
    expect(all[0]!.expr).toBe(
      'up{namespace="vault", job="vault-metrics"} == 1 unless on (pod) vault_core_unsealed{namespace="vault", job="vault-metrics"} == 1',
    );
    expect(alerts(metered({ servers: 1 })).map(({ alert }) => alert)).toEqual([
      'VaultSealed',
      'VaultNoLeader',
      'VaultAuditFailing',
    ]);
  });
});

describe('people', () => {
  test('come by the gateway, to the user interface, over TLS to the end', () => {
    const { lab, vault } = make((p: Platform) => ({ gateway: gateway(p), host: 'secrets.test.example' }));
    expect(vault.externalUrl).toBe('https://secrets.test.example');
    expect(objectOf(lab, 'Ingress', /^vault-https-/, 'vault')).toMatchObject({
      metadata: { annotations: { 'nginx.ingress.kubernetes.io/backend-protocol': 'HTTPS' } },
      spec: { rules: [{ host: 'secrets.test.example' }] },
    });
    expect(vault.endpoints).toEqual([{ what: 'Vault', address: 'https://secrets.test.example/ui/' }]);
  });

  test('sign in at the identity provider, which the servers may reach', () => {
    let directory: Directory | undefined;
    const { lab } = make((p: Platform) => ({ gateway: gateway(p), identity: (directory = new Directory(p)) }));
    expect(directory?.redirectUris).toEqual(['https://vault.test.example/ui/vault/auth/oidc/oidc/callback']);
    const plan = fileOf(lab, 'plan', 'plan');
    expect(plan).toContain('"oidc_discovery_url": "https://dex.test.example"');
    expect(plan).toContain('"groups_claim": "groups"');
    expect(objectOf<{ spec: { egress: object[] } }>(lab, 'NetworkPolicy', 'vault', 'vault').spec.egress).toContainEqual(
      {
        ports: [{ port: 443, protocol: 'TCP' }],
        to: [{ ipBlock: { cidr: '10.20.0.100/32' } }],
      },
    );
  });
});

test('is a store of secrets for whoever wants one', () => {
  const store: ISecretStore = make().vault;
  expect(store).toMatchObject({ mount: 'kv', authMount: 'kubernetes' });
  expect(store.readyAfter.map(({ file }) => file)).toEqual(['vault-configure']);
});
