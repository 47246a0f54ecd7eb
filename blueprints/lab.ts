import { Size } from 'cdk8s';
import { type TrainingClusterProps } from './training-cluster';

/** How the teams of the example lab share its GPUs: what main.ts writes, and the bench runs. */
export const LAB: Pick<TrainingClusterProps, 'teams' | 'sharing'> = {
  sharing: { inference: { mig: '3g.40gb' } },
  teams: {
    vision: { gpus: { training: 16, inference: 8 }, nodes: { storage: { cpu: 32, memory: Size.gibibytes(128) } } },
    language: { gpus: { training: 16, inference: 8 }, nodes: { storage: { cpu: 32, memory: Size.gibibytes(128) } } },
  },
};
