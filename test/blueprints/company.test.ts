import { Duration } from 'cdk8s';
import { join } from 'node:path';
import { ExperimentTracking, TrainingCluster, type TrainingClusterProps } from '../../blueprints';
import { COMPANY, COMPANY_LAB } from '../../blueprints/lab';
import { App, Site } from '../../lib';
import { findingsOf, objectOf, objectsOf } from '../support';

const site = Site.fromFile(join(__dirname, '../../blueprints/sites/dgx-lab.yaml'));

function lab(props: Partial<TrainingClusterProps>): TrainingCluster {
  return new TrainingCluster(new App({ outdir: '/nonexistent' }), 'lab', { site, ...props });
}

test('what a company has links, with teams of the directory or without', () => {
  const tracking = new ExperimentTracking(new App({ outdir: '/nonexistent' }), 'lab', { site, ...COMPANY });
  expect(findingsOf(tracking)).toEqual([]);
  const cluster = lab(COMPANY_LAB);
  expect([...cluster.teams.keys()]).toEqual(['vision', 'language']);
  expect(cluster.teams.get('vision')!.queue).toBe(cluster.queue('vision'));
  expect(findingsOf(cluster)).toEqual([]);
});

test('all of it links in its smallest size too, on a site of one node', () => {
  const small = new ExperimentTracking(new App({ outdir: '/nonexistent' }), 'lab', {
    site: Site.fromFile(join(__dirname, '../../blueprints/sites/edge.yaml')),
    ...COMPANY,
    harbor: {},
    auditLog: {},
    vaultAuthority: {},
    databaseReaders: 'ml-platform',
  });
  expect(small.size).toBe('edge');
  expect(findingsOf(small)).toEqual([]);
});

test('certificates of what comes after Vault are signed in it, those of what it stands on are not', () => {
  const cluster = lab(COMPANY_LAB);
  const issuer = (namespace: string, name: string) =>
    objectOf<{ spec: { issuerRef: { name: string } } }>(cluster, 'Certificate', name, namespace).spec.issuerRef.name;
  expect(issuer('redis', 'tls')).toBe('vault');
  for (const before of ['audit', 'vault', 'dex'])
    expect([before, issuer(before, 'tls')]).toEqual([before, 'private-ca']);
});

test('an authority that nobody has signed yet signs nothing', () => {
  const cluster = lab({ ...COMPANY_LAB, vaultAuthority: { intermediate: {} } });
  const { issuerRef } = objectOf<{ spec: { issuerRef: { name: string } } }>(
    cluster,
    'Certificate',
    'tls',
    'redis',
  ).spec;
  expect(issuerRef.name).toBe('private-ca');
  expect(findingsOf(cluster)).toEqual([]);
});

test('the audit log is kept in a bucket for as long as is said', () => {
  const rules = (props: Partial<TrainingClusterProps>) =>
    JSON.stringify(objectsOf(lab({ ...COMPANY_LAB, ...props })).filter(({ kind }) => kind === 'Job'));
  expect(rules({})).toContain('\\"Days\\":400');
  expect(rules({ auditLog: { expireAfter: Duration.days(90) } })).toContain('\\"Days\\":90');
  expect(rules({ auditLog: undefined })).not.toContain('\\"Days\\"');
});

test.each<[string, Partial<TrainingClusterProps>, string]>([
  ['a sign-in without people', { oauth2Proxy: {} }, 'lab: oauth2Proxy is given, but there is no dex'],
  ['External Secrets without Vault', { externalSecrets: {} }, 'lab: externalSecrets is given, but there is no vault'],
  ['an authority without Vault', { vaultAuthority: {} }, 'lab: vaultAuthority is given, but there is no vault'],
  [
    'readers of a database without Vault',
    { databaseReaders: 'analysts' },
    'lab: databaseReaders is given, but there is no vault',
  ],
  [
    'readers of a database whom nobody knows',
    { vault: {}, databaseReaders: 'analysts' },
    'lab: databaseReaders is given, but there is no dex',
  ],
  [
    'an audit log for less than a day',
    { auditLog: { expireAfter: Duration.hours(1) } },
    'lab/minio: bucket "audit": expireAfter must be 1 to 36500 whole days',
  ],
  ['a Redis for nobody', { redis: {} }, 'lab: redis is given, but there is no harbor'],
  [
    'a group where nobody signs in',
    { teams: { vision: { gpus: { training: 8 }, group: 'ml-vision' } } },
    'lab: team "vision" has the group "ml-vision", but nobody signs in; pass dex',
  ],
  [
    'a team without a group where people sign in',
    { ...COMPANY, teams: { vision: { gpus: { training: 8 } } } },
    'lab: team "vision" needs the group of its people; pass group',
  ],
])('refused: %s', (_, props, message) => {
  expect(() => lab(props)).toThrow(message);
});
