import { Size } from 'cdk8s';
import {
  External,
  type IQueue,
  type IRegistry,
  type ISecretStore,
  type ITraining,
  type k8s,
  type Platform,
} from '../../lib/core';
import { Kueue } from '../../lib/compute/kueue';
import { MinIO } from '../../lib/data/minio';
import { MLflow } from '../../lib/mlops/mlflow';
import { OAuth2Proxy } from '../../lib/security/oauth2-proxy';
import { Team, type TeamProps } from '../../lib/security/team';
import { expectGolden, findingsOf, objectOf, objectsOf, testPlatform } from '../support';
import { toYaml } from '../../lib/core/output/yaml';
import { dexLab } from './dex-support';

const TRAINING: ITraining = {
  trainJobApiVersion: 'trainer.kubeflow.org/v1alpha1',
  frameworks: ['torch'],
  readyAfter: [],
};

function make(props: Partial<TeamProps> = {}, id = 'vision') {
  const made = dexLab();
  return { ...made, team: new Team(made.lab, id, { group: 'ml-vision', identity: made.dex, ...props }) };
}

function rulesOf(lab: Platform, namespace = 'vision'): readonly k8s.PolicyRule[] {
  return objectOf<{ rules: k8s.PolicyRule[] }>(lab, 'Role', 'team-member', namespace).rules;
}

function egressOf(lab: Platform, policy: string): string {
  return JSON.stringify(objectOf<{ spec: { egress: object[] } }>(lab, 'NetworkPolicy', policy, 'vision').spec.egress);
}

test('by default: a namespace, a role for the group, limits, and ways to itself', () => {
  const { lab } = make();
  expect(findingsOf(lab)).toEqual([]);
  const own = objectsOf(lab).filter(({ metadata, kind }) => metadata.namespace === 'vision' && kind !== 'Role');
  expectGolden('security/golden/team.yaml', toYaml(own.map((object) => ({ object }))));
});

test('members may not touch what keeps teams apart', () => {
  const { lab } = make();
  const writable = rulesOf(lab)
    .filter(({ verbs }) => verbs.some((verb) => !['get', 'list', 'watch'].includes(verb)))
    .flatMap(({ resources }) => resources ?? []);
  expect(writable).toEqual(expect.arrayContaining(['pods', 'jobs', 'secrets', 'deployments']));
  for (const kept of [
    'roles',
    'rolebindings',
    'networkpolicies',
    'resourcequotas',
    'limitranges',
    'serviceaccounts',
    'ingresses',
  ]) {
    expect(writable).not.toContain(kept);
  }
  expect(JSON.stringify(rulesOf(lab))).not.toContain('*');
});

test('a group can be none of the cluster’s own', () => {
  const { lab } = make({ group: 'system:masters' });
  expect(objectOf(lab, 'RoleBinding', 'team-member', 'vision')).toMatchObject({
    subjects: [{ kind: 'Group', name: 'oidc:system:masters' }],
  });
});

test('a queue has the namespace, and the role looks into it', () => {
  const made = dexLab();
  const kueue = new Kueue(made.lab, 'kueue');
  const team = new Team(made.lab, 'vision', {
    group: 'ml-vision',
    identity: made.dex,
    queueing: kueue,
    quotas: [{ nodes: made.lab.site.pool('workers'), cpu: 8, memory: Size.gibibytes(32) }],
    training: TRAINING,
  });
  expect(findingsOf(made.lab)).toEqual([]);
  expect(team.queue).toMatchObject({ name: 'vision', namespace: 'vision' });
  expect(team.readyAfter).toEqual(expect.arrayContaining([...(team.queue as IQueue).readyAfter]));
  const groups = rulesOf(made.lab).flatMap(({ apiGroups }) => apiGroups ?? []);
  expect(groups).toEqual(expect.arrayContaining(['kueue.x-k8s.io', 'trainer.kubeflow.org']));
  expect(
    objectsOf(made.lab).filter(({ kind, metadata }) => kind === 'LimitRange' && metadata.namespace === 'vision'),
  ).toHaveLength(1);
  const alone = make().lab;
  expect(rulesOf(alone).flatMap(({ apiGroups }) => apiGroups ?? [])).not.toContain('kueue.x-k8s.io');
});

test('past a queue go pods only where that is said', () => {
  const verbs = (props: Partial<TeamProps>, resource: string) => {
    const made = dexLab();
    const quotas = [{ nodes: made.lab.site.pool('workers'), cpu: 8, memory: Size.gibibytes(32) }];
    new Team(made.lab, 'vision', {
      group: 'ml-vision',
      identity: made.dex,
      queueing: new Kueue(made.lab, 'kueue'),
      quotas,
      ...props,
    });
    return rulesOf(made.lab).find(({ resources }) => resources?.includes(resource))?.verbs;
  };
  expect(verbs({}, 'pods')).toEqual(['get', 'list', 'watch', 'delete']);
  expect(verbs({}, 'deployments')).toEqual(['get', 'list', 'watch', 'delete']);
  expect(verbs({}, 'jobs')).toContain('create');
  expect(verbs({ unqueued: true }, 'pods')).toContain('create');
  expect(verbs({ unqueued: true }, 'deployments')).toContain('create');
});

test('buckets, runs, images and secrets are the team’s alone', () => {
  const made = dexLab();
  const { lab, gateway, dex } = made;
  const allowed: string[] = [];
  const endpoint = External.endpoint(lab, { host: 'registry.corp.example', port: 443 });
  const registry: IRegistry = {
    host: 'registry.corp.example',
    endpoint,
    readyAfter: [],
    authority: () => undefined,
    addProject: (name) => ({
      name,
      prefix: `registry.corp.example/${name}`,
      readyAfter: [],
      addRobot: () => {
        throw new Error('nobody asked for one');
      },
      allowGroup: (group, access) => void allowed.push(`${name}: ${group} ${access}`),
    }),
  };
  const secrets: ISecretStore = {
    endpoint: External.endpoint(lab, { host: 'vault.corp.example', port: 8200 }),
    url: 'https://vault.corp.example:8200',
    mount: 'kv',
    authMount: 'kubernetes',
    readyAfter: [],
    authority: () => undefined,
    addRole: (_, name) => ({ name, readyAfter: [] }),
    allowGroup: (group, path) => void allowed.push(`${path}: ${group}`),
  };
  const objects = new MinIO(lab, 'minio', { driveSize: Size.gibibytes(100), gateway, identity: dex });
  const tracking = new MLflow(lab, 'mlflow', {
    gateway,
    signIn: new OAuth2Proxy(lab, 'sign-in', { identity: dex }),
    artifacts: objects.addBucket('mlflow'),
    database: External.postgres(lab, {
      host: 'db.corp.example',
      port: 5432,
      database: 'mlflow',
      credentials: { name: 'mlflow-db' },
    }),
  });
  const common = { identity: dex, objects, tracking, registry, secrets };
  const vision = new Team(lab, 'vision', { ...common, group: 'ml-vision', buckets: ['images', 'labels'] });
  const speech = new Team(lab, 'speech', { ...common, group: 'ml-speech' });
  expect(findingsOf(lab)).toEqual([]);
  expect([...vision.buckets.keys()]).toEqual(['images', 'labels']);
  expect([...speech.buckets.keys()]).toEqual(['speech']);
  expect(vision.tracking).toMatchObject({ workspace: 'vision' });
  expect(vision.secretsPath).toBe('teams/vision');
  expect(allowed).toEqual([
    'vision: ml-vision maintain',
    'teams/vision: ml-vision',
    'speech: ml-speech maintain',
    'teams/speech: ml-speech',
  ]);
  const jobs = objectsOf(lab).filter(({ kind, metadata }) => kind === 'Job' && /^group-ml-/.test(metadata.name ?? ''));
  expect(jobs).toHaveLength(2);
  expect(egressOf(lab, 'members')).toContain('"kubernetes.io/metadata.name":"minio"');
  expect(egressOf(lab, 'members')).toContain('"kubernetes.io/metadata.name":"mlflow"');
  const minted = objectOf<{ data: { plan: string } }>(lab, 'ConfigMap', 'plan', 'platform-credentials').data.plan;
  expect(minted).toMatch(/^minio-images minio,vision /m);
  expect(minted).toMatch(/^mlflow-team-vision mlflow,vision /m);
});

test('storage and pods are limited, ways in from outside are not to be had', () => {
  const { lab } = make({ storage: Size.tebibytes(2), pods: 50 });
  expect(objectOf(lab, 'ResourceQuota', 'team', 'vision')).toMatchObject({
    spec: { hard: { pods: '50', 'requests.storage': '2Ti', 'services.loadbalancers': '0', 'services.nodeports': '0' } },
  });
});

test('the summary says once how the API server learns of the groups', () => {
  const made = make();
  const second = new Team(made.lab, 'speech', { group: 'ml-speech', identity: made.dex });
  expect(second.instructions).toEqual([]);
  const [{ command = '' }] = made.team.instructions;
  expect(command).toContain('apiVersion: apiserver.config.k8s.io/v1\n');
  expect(command).toContain('url: https://dex.test.example\n      audiences:\n        - cli\n');
  expect(command).toContain('claim: groups\n        prefix: "oidc:"'.replaceAll('"', "'"));
  const old = dexLab();
  const lab = testPlatform({ kubernetesVersion: '1.33' });
  const identity = External.identityProvider(lab, { issuer: 'https://sso.corp.example', clients: {} });
  const [instruction] = new Team(lab, 'vision', { group: 'a', identity }).instructions;
  expect(instruction.command).toContain('apiVersion: apiserver.config.k8s.io/v1beta1\n');
  expect(old.dex.publicClient).toBe('cli');
});

test('two teams of one group are refused', () => {
  const { lab, dex } = make();
  expect(() => new Team(lab, 'other', { group: 'ml-vision', identity: dex })).toThrow(
    new Error('lab/other: group "ml-vision" is that of lab/vision already; give this team one of its own'),
  );
});

test.each<[string, Partial<TeamProps>, string]>([
  [
    'no group',
    { group: '' },
    'lab/vision: a team needs a group of the identity provider\'s, without commas, got ""; name one',
  ],
  [
    'two groups in one',
    { group: 'a,b' },
    'lab/vision: a team needs a group of the identity provider\'s, without commas, got "a,b"; name one',
  ],
  [
    'nobody who knows it',
    { identity: undefined },
    'lab/vision: needs an identity provider that knows the group; pass identity',
  ],
  [
    'quotas of no queue',
    { quotas: [] },
    'lab/vision: queueing and quotas go together, got one of them; say in quotas what the queue may use, or leave both out',
  ],
  ['buckets in no store', { buckets: ['a'] }, 'lab/vision: buckets ["a"] need a store that keeps them; pass objects'],
  [
    'little storage',
    { storage: Size.mebibytes(1) },
    'lab/vision: storage must be at least 1Gi, got 1Mi; leave it out for no limit',
  ],
  [
    'no pods',
    { pods: 0 },
    'lab/vision: pods must be a whole number from 1 to 10000, got 0; each node takes some hundred',
  ],
])('%s is refused', (_, props, message) => {
  expect(() => make(props)).toThrow(new Error(message));
});
