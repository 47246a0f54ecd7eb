import { type Result, until } from '../shell';
import { apply, writeFolder } from '../upgrade/live';
import { compose, filesOf } from '../upgrade/program';
import { LOST, RESTORED } from '../upgrade/restored';
import { loadOffsite, type Login, login, offsiteRecord, type OffsiteRecord, runsOf } from './failure/offsite';
import { whole, workloads } from './failure/pods';
import { LivePlatform } from './support/platform';
import { proves } from './support/proves';
import { web } from './support/web';

const platform = new LivePlatform();
const { cluster } = platform;
let before: OffsiteRecord;

beforeAll(async () => {
  before = await offsiteRecord.get();
  const { username, password } = await login(cluster, 'mlflow', 'mlflow-admin');
  if (username === before.administrator.username && password === before.administrator.password)
    throw new Error(
      'this needs another platform than the one that the copy is from, as the suite 60-cut-off leaves it',
    );
});

/** A fresh platform gets the data of another that is lost, from what was kept in another place. */
describe('restored from an off-site copy', () => {
  it('starts without a run of the lost platform', async () => {
    expect(Object.keys(before.runs)).not.toEqual([]);
    expect(await runsOf(platform)).toEqual({});
  });

  proves('postgres', 'F', 'a fresh platform takes its data from a backup in its bucket', async () => {
    await loadOffsite(platform, 'postgres', LOST);
    await cluster.kubectl('scale', 'statefulset', '-n', 'postgres', 'postgres', '--replicas=0');
    await cluster.kubectl('wait', 'pod/postgres-0', '-n', 'postgres', '--for=delete', '--timeout=120s');
    await cluster.kubectl('delete', 'pvc', '-n', 'postgres', 'data');
    await apply(cluster, writeFolder(filesOf(compose(RESTORED))));
    const log = await cluster.kubectl('logs', '-n', 'postgres', 'postgres-0', '-c', 'bootstrap');
    expect(log).toContain('restoring backup');
    // Who its users are is in the database, and each server sees to it that the administrator has the Secret's password.
    await cluster.kubectl('delete', 'pod', '-n', 'mlflow', '-l', 'app.kubernetes.io/component=server', '--wait=false');
    await whole(cluster, await workloads(cluster, ['postgres', 'mlflow']));
  });

  proves(['postgres', 'mlflow', 'minio'], 'F', 'all runs are there, with their metrics and artifacts', async () => {
    const after = await until('MLflow answers', 180, () => runsOf(platform), 2);
    expect(Object.keys(before.runs).filter((id) => !(id in after))).toEqual([]);
    expect(after).toEqual(before.runs);
  });

  proves('postgres', 'F', "the database's users have the new passwords, and not the old", async () => {
    const now = await login(cluster, 'mlflow', 'postgres-mlflow');
    expect(await connect(now)).toMatchObject({ code: 0, stdout: '1\n' });
    const refused = await connect(before.database);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('password authentication failed');
  });

  proves('mlflow', 'F', "MLflow's administrator has the new password, and not the old", async () => {
    const client = await platform.client();
    const url = `${platform.mlflowUrl}/api/2.0/mlflow/experiments/search?max_results=1`;
    const ask = async ({ username, password }: Login) => (await web(client, { url, user: username, password })).status;
    const now = await login(cluster, 'mlflow', 'mlflow-admin');
    expect({ now: await ask(now), old: await ask(before.administrator) }).toEqual({ now: 200, old: 401 });
  });
});

/** Connects to the database with a password, as its clients do; from its own pod, since nobody else is let in. */
async function connect({ username, password }: Login): Promise<Result> {
  const uri = `postgresql://${username}:${password}@127.0.0.1/mlflow`;
  return cluster.attempt([
    'kubectl',
    'exec',
    '-n',
    'postgres',
    'postgres-0',
    '-c',
    'postgres',
    '--',
    'psql',
    uri,
    '-Atc',
    'SELECT 1',
  ]);
}
