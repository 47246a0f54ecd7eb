import { Size } from 'cdk8s';
import { type JobSetProps } from '../../../../../lib';
import { INSTALLATION, placed, type Table } from '../../changes/change';
import { prometheus } from '../../program';
import { type Tuning } from '../program';
import { JOBSET } from './names';

export const jobSet: Table<JobSetProps, Tuning> = {
  namespace: INSTALLATION,
  crds: [{ what: 'included -> external', tuning: { jobSet: { crds: 'external' } }, restarts: [] }],
  ...placed((jobSet): Tuning => ({ jobSet }), { restarts: [JOBSET] }),
  replicas: [
    { what: '2 -> 3', tuning: { jobSet: { replicas: 3 } }, restarts: [] },
    { what: '2 -> 1', tuning: { jobSet: { replicas: 1 } }, restarts: [] },
    { what: '2 -> 0', tuning: { jobSet: { replicas: 0 } }, refusedBy: 'synth', says: 'replicas must be' },
  ],
  resources: [
    {
      what: 'memory 512 MiB -> 1 GiB',
      tuning: { jobSet: { resources: { manager: { memory: Size.gibibytes(1) } } } },
      restarts: [JOBSET],
    },
  ],
  logLevel: [{ what: 'info -> debug', tuning: { jobSet: { logLevel: 'debug' } }, restarts: [JOBSET] }],
  metrics: [
    {
      // It serves them only where somebody collects them.
      what: 'none -> collected',
      tuning: { wired: { jobSet: ({ platform }) => ({ metrics: prometheus(platform) }) } },
      restarts: [JOBSET],
    },
  ],
};
