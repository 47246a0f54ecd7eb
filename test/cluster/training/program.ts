import { Duration, Size } from 'cdk8s';
import { type TrainingCluster } from '../../../blueprints';
import { image, type Site, TrainingJob } from '../../../lib';
import { type OutputFile } from '../../../lib/core/output/folder';
import { linked } from '../../../lib/core/output/linked';
import { platformFiles } from '../../../lib/core/output/platform-files';
import { appliedPlatform } from '../machine/mirror';
import { LARGE, PLANE } from './images';

/** Steps of the training on CPUs, and how long each takes at the least, in seconds. */
export const STEPS = 120;
const PAUSE = 0.25;

/** What people add to the platform that is up: trainings of its two teams. */
export type Training = 'plane' | 'borrower' | 'owner';

const ADD: Readonly<Record<Training, (lab: TrainingCluster) => void>> = {
  /** Two processes on CPUs, which keep their state in a bucket and record what they do. */
  plane: (lab) =>
    new TrainingJob(lab, 'plane', {
      training: lab.training,
      queue: lab.queue('vision'),
      nodes: 2,
      gpusPerNode: 0,
      cpu: 1,
      memory: Size.gibibytes(2),
      sharedMemory: Size.mebibytes(256),
      scratch: Size.gibibytes(1),
      image: image(PLANE),
      command: ['torchrun', '/app/train.py'],
      env: {
        STEPS: String(STEPS),
        PAUSE: String(PAUSE),
        OMP_NUM_THREADS: '1',
        GIT_PYTHON_REFRESH: 'quiet',
        // Debian builds PyTorch without it.
        USE_LIBUV: '0',
      },
      checkpoints: lab.objects.addBucket('checkpoints'),
      tracking: lab.mlflow,
      gracePeriod: Duration.seconds(30),
    }),
  /** All GPUs for training, of which half are the other team's. */
  borrower: (lab) => gpus(lab, 'borrower', 'language', 4),
  /** What is the team's own. */
  owner: (lab) => gpus(lab, 'owner', 'vision', 2),
};

function gpus(lab: TrainingCluster, id: string, team: string, nodes: number): void {
  new TrainingJob(lab, id, {
    training: lab.training,
    queue: lab.queue(team),
    pool: lab.gpuPool('training'),
    network: lab.rdmaNetworks.network('infiniband'),
    nodes,
    gpusPerNode: 8,
    image: image(LARGE),
    command: ['torchrun', '/app/train.py'],
  });
}

/** The files of the platform with some trainings. */
export function platformWith(site: Site, trainings: readonly Training[]): readonly OutputFile[] {
  const lab = appliedPlatform(site) as TrainingCluster;
  for (const training of trainings) ADD[training](lab);
  const { bundle, findings } = linked(lab);
  if (findings.length > 0) throw new Error(JSON.stringify(findings));
  return platformFiles(bundle);
}
