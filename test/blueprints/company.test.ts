import { join } from 'node:path';
import { ExperimentTracking, TrainingCluster, type TrainingClusterProps } from '../../blueprints';
import { COMPANY, COMPANY_LAB } from '../../blueprints/lab';
import { App, Site } from '../../lib';
import { findingsOf } from '../support';

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

test.each<[string, Partial<TrainingClusterProps>, string]>([
  ['a sign-in without people', { oauth2Proxy: {} }, 'lab: oauth2Proxy has props, but there is no dex'],
  ['External Secrets without Vault', { externalSecrets: {} }, 'lab: externalSecrets has props, but there is no vault'],
  ['a Redis for nobody', { redis: {} }, 'lab: redis has props, but there is no harbor'],
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
