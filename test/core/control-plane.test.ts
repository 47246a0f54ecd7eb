import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { App, ControlPlane, type ControlPlaneProps, type DistributionName, Platform } from '../../lib';
import { type AuditPolicy, auditPolicy, type AuditRule } from '../../lib/core/control-plane/audit';
import { keyScript } from '../../lib/core/control-plane/encryption';
import { linked } from '../../lib/core/output/linked';
import { summary } from '../../lib/core/output/summary';
import { testPlatform, testSite } from '../support';

function filesOf(props: ControlPlaneProps, distribution: DistributionName = 'kubeadm'): Record<string, string> {
  const platform = testPlatform({ distribution });
  new ControlPlane(platform, 'control-plane', props);
  return Object.fromEntries(platform.nodeFiles.map(({ name, text }) => [name, text]));
}

const message = (props: ControlPlaneProps, distribution?: DistributionName) => {
  try {
    filesOf(props, distribution);
  } catch (error) {
    return (error as Error).message;
  }
  return undefined;
};

interface Request {
  readonly verb?: string;
  readonly group?: string;
  readonly resource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly url?: string;
  readonly user?: string;
  readonly groups?: readonly string[];
}

/** As the API server chooses: the first rule that all of the request meets. */
function levelOf({ rules }: AuditPolicy, request: Request): string {
  const { verb = 'get', group = '', resource, namespace = '', name = '', url, user = 'ann', groups = [] } = request;
  const meets = (rule: AuditRule): boolean => {
    if (rule.users?.length && !rule.users.includes(user)) return false;
    if (rule.userGroups?.length && !rule.userGroups.some((one) => groups.includes(one))) return false;
    if (rule.verbs?.length && !rule.verbs.includes(verb)) return false;
    if (rule.resources?.length || rule.namespaces?.length) {
      if (resource === undefined) return false;
      if (rule.namespaces?.length && !rule.namespaces.includes(namespace)) return false;
      return (rule.resources ?? [{ group: '*' }]).some(
        (one) =>
          (one.group === '*' || (one.group ?? '') === group) &&
          (!one.resources?.length ||
            (one.resources.some((r) => r === '*' || r === resource || r === `${resource.split('/')[0]!}/*`) &&
              (!one.resourceNames?.length || one.resourceNames.includes(name)))),
      );
    }
    if (rule.nonResourceURLs?.length) {
      return (
        url !== undefined &&
        rule.nonResourceURLs.some((one) => (one.endsWith('*') ? url.startsWith(one.slice(0, -1)) : url === one))
      );
    }
    return true;
  };
  return rules.find(meets)?.level ?? 'None';
}

describe('the audit policy', () => {
  const policy = load(filesOf({ audit: {} })['audit-policy.yaml']!) as AuditPolicy;

  test('is one of audit.k8s.io/v1', () => {
    expect(policy).toMatchObject({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'] });
  });

  test.each<[string, Request, string]>([
    ['a secret that is read', { resource: 'secrets' }, 'Metadata'],
    ['a secret that is made', { resource: 'secrets', verb: 'create' }, 'Metadata'],
    [
      'a secret that the control plane lists',
      { resource: 'secrets', verb: 'list', user: 'system:apiserver' },
      'Metadata',
    ],
    ['a secret that a node reads', { resource: 'secrets', groups: ['system:nodes'] }, 'Metadata'],
    ['a token', { resource: 'serviceaccounts/token', verb: 'create' }, 'Metadata'],
    ['a token that is shown', { group: 'authentication.k8s.io', resource: 'tokenreviews', verb: 'create' }, 'Metadata'],
    ['a training', { group: 'trainer.kubeflow.org', resource: 'trainjobs', verb: 'create' }, 'Metadata'],
    ['a model that is served', { group: 'serving.kserve.io', resource: 'inferenceservices' }, 'Metadata'],
    ['a volume', { resource: 'persistentvolumeclaims', verb: 'delete' }, 'Metadata'],
    ['a shell in a pod', { resource: 'pods/exec', verb: 'create' }, 'Metadata'],
    ['a right', { group: 'rbac.authorization.k8s.io', resource: 'rolebindings', verb: 'create' }, 'Request'],
    ['a policy', { group: 'networking.k8s.io', resource: 'networkpolicies', verb: 'patch' }, 'Request'],
    ['a right that is read', { group: 'rbac.authorization.k8s.io', resource: 'roles' }, 'Metadata'],
    ['anything else', { group: 'apps', resource: 'deployments', verb: 'update' }, 'Metadata'],
    ['a lease', { group: 'coordination.k8s.io', resource: 'leases', verb: 'update' }, 'None'],
    ['an event', { resource: 'events', verb: 'create' }, 'None'],
    ['a health check', { url: '/readyz' }, 'None'],
    ['what a node reads', { resource: 'pods', verb: 'watch', groups: ['system:nodes'] }, 'None'],
    ['what a node tells of itself', { resource: 'nodes/status', verb: 'patch', groups: ['system:nodes'] }, 'None'],
    ['what a node does beside', { resource: 'pods', verb: 'delete', groups: ['system:nodes'] }, 'Metadata'],
    ['another path', { url: '/debug/pprof' }, 'Metadata'],
  ])('%s', (_, request, level) => {
    expect(levelOf(policy, request)).toBe(level);
  });

  test('takes further rules, but no body of a secret', () => {
    const more = auditPolicy('x', [{ level: 'RequestResponse', resources: [{ group: '*' }] }]);
    expect(levelOf(more, { group: 'apps', resource: 'deployments' })).toBe('RequestResponse');
    expect(levelOf(more, { resource: 'secrets', verb: 'update' })).toBe('Metadata');
    expect(levelOf(more, { resource: 'serviceaccounts/token', verb: 'create' })).toBe('Metadata');
    expect(levelOf(more, { group: 'authentication.k8s.io', resource: 'tokenreviews' })).toBe('Metadata');
  });

  test.each<[AuditRule, string]>([
    [{ level: 'All' as 'None' }, 'level must be one of "None", "Metadata", "Request", "RequestResponse", got "All"'],
    [
      { level: 'None', nonResourceURLs: ['healthz'] },
      'must begin with "/" and have "*" at the end only, got "healthz"',
    ],
    [{ level: 'None', nonResourceURLs: ['/a*/b'] }, 'got "/a*/b"; write it as "/metrics*"'],
    [
      { level: 'None', nonResourceURLs: ['/a'], namespaces: ['x'] },
      'has nonResourceURLs beside resources or namespaces',
    ],
    [{ level: 'None', resources: [{ group: 'apps/v1' }] }, 'must be an API group without its version, got "apps/v1"'],
    [{ level: 'None', resources: [{ resourceNames: ['x'] }] }, 'has resourceNames ["x"] of no resources'],
  ])('refuses the rule %j', (rule, expected) => {
    expect(message({ audit: { rules: [rule] } })).toContain(expected);
  });
});

describe('on kubeadm', () => {
  test('flags and folders are those of a ClusterConfiguration', () => {
    const { 'kubeadm.yaml': text } = filesOf({ audit: { days: 30, files: 5, megabytes: 50 }, encryption: {} });
    expect(load(text!)).toEqual({
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      kind: 'ClusterConfiguration',
      apiServer: {
        extraArgs: [
          { name: 'audit-policy-file', value: '/etc/kubernetes/audit/policy.yaml' },
          { name: 'audit-log-path', value: '/var/log/kubernetes/audit/audit.log' },
          { name: 'audit-log-maxage', value: '30' },
          { name: 'audit-log-maxbackup', value: '5' },
          { name: 'audit-log-maxsize', value: '50' },
          { name: 'audit-log-compress', value: 'true' },
          { name: 'encryption-provider-config', value: '/etc/kubernetes/encryption/configuration.yaml' },
          { name: 'encryption-provider-config-automatic-reload', value: 'true' },
        ],
        extraVolumes: [
          volume('audit-policy', '/etc/kubernetes/audit', true),
          volume('audit-log', '/var/log/kubernetes/audit', false),
          volume('encryption', '/etc/kubernetes/encryption', true),
        ],
      },
    });
  });

  test('the key is made on the node, once, and is in no file of ours', () => {
    const files = filesOf({ encryption: { provider: 'aescbc', resources: ['secrets', 'jobs.batch'] } });
    expect(Object.keys(files)).toEqual(['kubeadm.yaml', 'make-encryption-key.sh', 'README.md']);
    const folder = mkdtempSync(join(tmpdir(), 'key-'));
    try {
      const file = join(folder, 'made', 'configuration.yaml');
      const run = () =>
        execFileSync('sh', ['-c', keyScript(file, 'aescbc', ['secrets', 'jobs.batch'])], { encoding: 'utf8' });
      expect(run()).toContain('made');
      const made = readFileSync(file, 'utf8');
      const { resources } = load(made) as {
        resources: [{ resources: string[]; providers: [{ aescbc: { keys: [{ secret: string }] } }, object] }];
      };
      expect(resources[0].resources).toEqual(['secrets', 'jobs.batch']);
      expect(Buffer.from(resources[0].providers[0].aescbc.keys[0].secret, 'base64')).toHaveLength(32);
      expect(resources[0].providers[1]).toEqual({ identity: {} });
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(run()).toContain('stays as it is');
      expect(readFileSync(file, 'utf8')).toBe(made);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('a KMS plugin takes the place of a key', () => {
    const files = filesOf({ encryption: { provider: { name: 'vault', folder: '/var/run/kms' } } });
    expect(files['make-encryption-key.sh']).toBeUndefined();
    expect(load(files['encryption-configuration.yaml']!)).toMatchObject({
      resources: [
        {
          resources: ['secrets'],
          providers: [
            { kms: { apiVersion: 'v2', name: 'vault', endpoint: 'unix:///var/run/kms/kms.sock', timeout: '3s' } },
            { identity: {} },
          ],
        },
      ],
    });
    expect(files['kubeadm.yaml']).toContain('hostPath: /var/run/kms');
  });
});

function volume(name: string, path: string, readOnly: boolean) {
  const pathType = readOnly ? 'Directory' : 'DirectoryOrCreate';
  return { name, hostPath: path, mountPath: path, readOnly, pathType };
}

test('on K3s it is a drop-in file, and K3s makes the key', () => {
  const files = filesOf({ audit: {}, encryption: {} }, 'k3s');
  expect(Object.keys(files)).toEqual(['audit-policy.yaml', '50-onprem-ml.yaml', 'README.md']);
  expect(load(files['50-onprem-ml.yaml']!)).toEqual({
    'secrets-encryption': true,
    'secrets-encryption-provider': 'secretbox',
    'kube-apiserver-arg+': [
      'audit-policy-file=/var/lib/rancher/k3s/server/audit-policy.yaml',
      'audit-log-path=/var/lib/rancher/k3s/server/logs/audit.log',
      'audit-log-maxage=90',
      'audit-log-maxbackup=20',
      'audit-log-maxsize=200',
      'audit-log-compress=true',
    ],
  });
});

test('on RKE2 the policy has an option of its own, and secrets are encrypted anyway', () => {
  const file = load(filesOf({ audit: {}, encryption: { provider: 'aescbc' } }, 'rke2')['50-onprem-ml.yaml']!);
  expect(file).toMatchObject({
    'audit-policy-file': '/etc/rancher/rke2/audit-policy.yaml',
    'secrets-encryption-provider': 'aescbc',
  });
  expect(Object.keys(file as object)).not.toContain('secrets-encryption');
  expect(JSON.stringify(file)).not.toContain('"audit-policy-file=');
});

test.each<[ControlPlaneProps, DistributionName, string]>([
  [{}, 'kubeadm', 'lab/control-plane: has nothing to do, got neither audit nor encryption; give one, or leave it out'],
  [{ audit: {} }, 'openshift', 'OpenShift configures its API server by its own operators'],
  [{ audit: { days: 0 } }, 'kubeadm', 'audit.days must be'],
  [{ encryption: { resources: ['Secrets'] } }, 'kubeadm', 'must be like "secrets" or "jobs.batch", got "Secrets"'],
  [{ encryption: { resources: ['secrets', 'secrets'] } }, 'kubeadm', 'must not be repeated, got "secrets" again'],
  [{ encryption: { resources: [] } }, 'kubeadm', 'must name a resource, got []'],
  [{ encryption: { provider: 'aesgcm' as 'aescbc' } }, 'kubeadm', 'got "aesgcm"; choose one'],
  [{ encryption: { provider: { name: 'a:b', folder: '/run/kms' } } }, 'kubeadm', 'nor have ":", got "a:b"'],
  [{ encryption: { provider: { name: 'a', folder: 'run' } } }, 'kubeadm', 'got "run"; write it as "/var/run/kms"'],
  [{ encryption: { resources: ['jobs.batch'] } }, 'k3s', 'K3s keeps the keys itself, and encrypts secrets alone'],
  [{ encryption: { provider: { name: 'vault', folder: '/run/kms' } } }, 'rke2', 'RKE2 keeps the keys itself'],
])('%j on %s is refused', (props, distribution, expected) => {
  expect(message(props, distribution)).toContain(expected);
});

test('the files are in the folder nodes, and the summary says what to do with them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nodes-'));
  try {
    const app = new App({ outdir: folder });
    const lab = new Platform(app, 'lab', { site: testSite() });
    new ControlPlane(lab, 'control-plane', { audit: {}, encryption: {} });
    app.synth();
    app.synth();
    const nodes = join(folder, 'lab', 'nodes');
    expect(existsSync(join(nodes, 'audit-policy.yaml'))).toBe(true);
    expect(statSync(join(nodes, 'make-encryption-key.sh')).mode & 0o111).toBe(0o111);
    expect(summary(linked(lab).bundle)).toContain('as nodes/README.md says');
    execFileSync('touch', [join(nodes, 'mine.txt')]);
    expect(() => app.synth()).toThrow('nodes/mine.txt: is not of this library');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
