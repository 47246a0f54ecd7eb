import { rmSync } from 'node:fs';
import { type KubeObject } from '../cluster';
import { until } from '../shell';
import { platformWith, STEPS } from '../training/program';
import { apply, writeFolder } from '../upgrade/live';
import { isReady, killContainer, type Pod } from './failure/pods';
import { LivePlatform } from './support/platform';
import { proves } from './support/proves';

const platform = new LivePlatform();
const { cluster, site } = platform;
const folders: string[] = [];

/** Longest, in seconds, until a queue or a controller has acted. */
const PATIENCE = 90;
const QUEUED = ['kueue', 'kubeflow-trainer', 'jobset'] as const;

interface Conditioned extends KubeObject {
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
}

afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

describe('trainings that people add to the platform', () => {
  proves(['kubeflow-trainer', 'kueue'], 'A', 'are applied over it at the first pass', async () => {
    const folder = writeFolder(platformWith(site, ['plane', 'borrower']));
    folders.push(folder);
    await apply(cluster, folder);
  });
});

describe('queues of two teams', () => {
  proves(
    QUEUED,
    'L',
    "a team's training takes the GPUs that the other team leaves idle, all pods at once",
    async () => {
      await admitted('language', 'borrower');
      const pods = await running('language', 'borrower', 4);
      expect(pods.map(({ spec }) => spec.nodeName).sort()).toEqual(nodesOf('training', 4));
    },
  );

  proves(QUEUED, 'L', 'it gives way as soon as the other team wants its own', async () => {
    const folder = writeFolder(platformWith(site, ['plane', 'borrower', 'owner']));
    folders.push(folder);
    for (const part of ['training-owner', 'training-owner-job']) {
      await cluster.run(['sh', '-c', `kubectl apply --server-side -f "$(ls ${folder}/*-${part}.k8s.yaml)"`]);
    }
    await admitted('vision', 'owner');
    await running('vision', 'owner', 2);
    const { type, reason } = await condition('language', 'borrower', 'Preempted');
    expect({ type, reason }).toEqual({ type: 'Preempted', reason: 'InCohortReclamation' });
    expect(await podsOf('language', 'borrower')).toEqual([]);
  });

  proves('kueue', 'L', 'what waits says what for', async () => {
    // It says other things on the way there.
    const message = await until('the lack of GPUs', PATIENCE, async () => {
      const { message = '' } = await condition('language', 'borrower', 'QuotaReserved', 'False');
      return /insufficient unused quota for nvidia.com\/gpu/.exec(message)?.[0];
    });
    expect(message).toBeDefined();
  });

  proves(QUEUED, 'L', 'it goes on when the other team has no more use for them', async () => {
    await cluster.kubectl('delete', 'trainjob', '-n', 'vision', 'owner', '--wait=true');
    await admitted('language', 'borrower');
    await running('language', 'borrower', 4);
    await cluster.kubectl('delete', 'trainjob', '-n', 'language', 'borrower', '--wait=false');
  });
});

describe('a training on CPUs, of two processes on two nodes', () => {
  proves(QUEUED, 'L', 'runs on the nodes of its queue, and saves its state in the bucket', async () => {
    await admitted('vision', 'plane');
    const pods = await running('vision', 'plane', 2);
    expect(pods.every(({ spec }) => spec.nodeName.startsWith('storage-'))).toBe(true);
    await until('a saved state', 180, async () => (await logs()).includes('saved step 20') || undefined);
  });

  proves(QUEUED, 'L', 'killed half way, it goes on from there', async () => {
    const before = await running('vision', 'plane', 2);
    const [victim] = before;
    await killContainer(cluster, victim!, 'node');
    await until('other pods', PATIENCE, async () => {
      const now = await podsOf('vision', 'plane');
      const fresh = now.filter(({ metadata }) => before.every((old) => old.metadata.uid !== metadata.uid));
      return fresh.length === 2 && fresh.every(isReady) ? true : undefined;
    });
    const resumed = await until(
      'its word on where it goes on',
      120,
      async () => /goes on at step (\d+)/.exec(await logs()) ?? undefined,
    );
    expect(Number(resumed[1])).toBeGreaterThanOrEqual(20);
    expect(Number(resumed[1]) % 10).toBe(0);
  });

  proves(
    [...QUEUED, 'mlflow', 'minio'],
    'L',
    'comes to its end, with one run in MLflow and its last state in MinIO',
    async () => {
      await until('the end of the training', 240, async () => {
        const job = await cluster.get<Conditioned>('trainjob', '-n', 'vision', 'plane');
        return (
          job.status?.conditions?.some(({ type, status }) => type === 'Complete' && status === 'True') || undefined
        );
      });
      const runs = await platform.sql(
        'mlflow',
        `SELECT r.status, (SELECT count(*) FROM params WHERE run_uuid = r.run_uuid),
       (SELECT count(DISTINCT step) FROM metrics WHERE run_uuid = r.run_uuid),
       (SELECT max(step) FROM metrics WHERE run_uuid = r.run_uuid) FROM runs r WHERE r.name = 'plane'`,
      );
      expect(runs).toEqual([`FINISHED|2|${STEPS / 10}|${STEPS}`]);
      const client = await platform.client();
      const object = await client.run<{ readonly bytes: number }>('s3_object.py', {
        args: ['digest', 'checkpoints', 'plane/state.pt'],
        env: await platform.s3Env('checkpoints'),
      });
      expect(object.bytes).toBeGreaterThan(500);
    },
  );
});

/** What the first process has printed since its pod started. */
async function logs(): Promise<string> {
  const labels = 'app.kubernetes.io/instance=plane,batch.kubernetes.io/job-completion-index=0';
  return (await cluster.attempt(['kubectl', 'logs', '-n', 'vision', '-l', labels, '--tail=-1'])).stdout;
}

async function podsOf(namespace: string, training: string): Promise<readonly Pod[]> {
  const pods = await cluster.list<Pod>('pods', '-n', namespace, '-l', `app.kubernetes.io/instance=${training}`);
  return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

async function running(namespace: string, training: string, count: number): Promise<readonly Pod[]> {
  return until(`${count} pods of ${training}`, PATIENCE, async () => {
    const pods = await podsOf(namespace, training);
    return pods.length === count && pods.every(isReady) ? pods : undefined;
  });
}

/** The queue's record of a training. */
async function workloadOf(namespace: string, training: string): Promise<Conditioned> {
  const all = await cluster.list<Conditioned>('workloads.kueue.x-k8s.io', '-n', namespace);
  const found = all.find(({ metadata }) =>
    metadata.ownerReferences?.some(({ kind, name }) => kind === 'TrainJob' && name === training),
  );
  if (!found) throw new Error(`no queue of ${namespace} knows ${training}`);
  return found;
}

async function condition(namespace: string, training: string, wanted: string, value = 'True') {
  return until(`${training} being ${wanted}: ${value}`, PATIENCE, async () => {
    const { status } = await workloadOf(namespace, training);
    return status?.conditions?.find(({ type, status }) => type === wanted && status === value);
  });
}

async function admitted(namespace: string, training: string): Promise<void> {
  await condition(namespace, training, 'Admitted');
}

function nodesOf(pool: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${pool}-${i}`);
}
