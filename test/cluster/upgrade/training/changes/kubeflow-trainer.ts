import { Size } from 'cdk8s';
import { type KubeflowTrainerProps } from '../../../../../lib';
import { INSTALLATION, placed, type Table, WIRING } from '../../changes/change';
import { prometheus } from '../../program';
import { type Tuning } from '../program';
import { TRAINER } from './names';

export const kubeflowTrainer: Table<KubeflowTrainerProps, Tuning> = {
  namespace: INSTALLATION,
  crds: [{ what: 'included -> external', tuning: { kubeflowTrainer: { crds: 'external' } }, restarts: [] }],
  ...placed((kubeflowTrainer): Tuning => ({ kubeflowTrainer }), { restarts: [TRAINER] }),
  jobSets: WIRING,
  runtimes: [
    { what: 'three -> one', tuning: { kubeflowTrainer: { runtimes: ['torch'] } }, restarts: [] },
    { what: 'three -> none', tuning: { kubeflowTrainer: { runtimes: [] } }, restarts: [] },
  ],
  replicas: [
    { what: '2 -> 3', tuning: { kubeflowTrainer: { replicas: 3 } }, restarts: [] },
    { what: '2 -> 1', tuning: { kubeflowTrainer: { replicas: 1 } }, restarts: [] },
    { what: '2 -> 6', tuning: { kubeflowTrainer: { replicas: 6 } }, refusedBy: 'synth', says: 'replicas must be' },
  ],
  resources: [
    {
      what: 'memory 512 MiB -> 1 GiB',
      tuning: { kubeflowTrainer: { resources: { manager: { memory: Size.gibibytes(1) } } } },
      restarts: [TRAINER],
    },
  ],
  logLevel: [{ what: 'info -> debug', tuning: { kubeflowTrainer: { logLevel: 'debug' } }, restarts: [TRAINER] }],
  metrics: [
    {
      // It serves them only where somebody collects them.
      what: 'none -> collected',
      tuning: { wired: { kubeflowTrainer: ({ platform }) => ({ metrics: prometheus(platform) }) } },
      restarts: [TRAINER],
    },
  ],
};
