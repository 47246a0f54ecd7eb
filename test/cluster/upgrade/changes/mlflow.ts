import { Duration, Size } from 'cdk8s';
import { type MLflowProps } from '../../../../lib';
import { prometheus } from '../program';
import { INSTALLATION, MINT, MLFLOW, placement, type Table, WIRING } from './change';

export const mlflow: Table<MLflowProps> = {
  namespace: INSTALLATION,
  crds: 'it has none',
  ...placement('mlflow', { restarts: [MLFLOW] }),
  database: WIRING,
  artifacts: WIRING,
  gateway: [
    {
      what: 'reached within the cluster only',
      tuning: { wired: { mlflow: () => ({ gateway: undefined }) } },
      restarts: [MLFLOW],
    },
  ],
  host: [{ what: 'mlflow -> tracking', tuning: { mlflow: { host: 'tracking.dgx-lab.example' } }, restarts: [MLFLOW] }],
  clientNamespaces: [{ what: 'none -> one', tuning: { mlflow: { clientNamespaces: ['research'] } }, restarts: [] }],
  replicas: [
    { what: '2 -> 3', tuning: { mlflow: { replicas: 3 } }, restarts: [] },
    { what: '2 -> 1', tuning: { mlflow: { replicas: 1 } }, restarts: [] },
  ],
  workers: [{ what: '2 -> 3, and memory and cores with them', tuning: { mlflow: { workers: 3 } }, restarts: [MLFLOW] }],
  memory: [
    { what: '1.5 -> 2 GiB', tuning: { mlflow: { memory: Size.gibibytes(2) } }, restarts: [MLFLOW] },
    {
      what: '1.5 GiB -> less than its workers take',
      tuning: { mlflow: { memory: Size.mebibytes(512) } },
      refusedBy: 'synth',
      says: 'memory of 2 workers must be at least 960Mi, got 512Mi',
    },
  ],
  cpu: [{ what: '0.5 -> 1 core', tuning: { mlflow: { cpu: 1 } }, restarts: [MLFLOW] }],
  logLevel: [{ what: 'info -> warning', tuning: { mlflow: { logLevel: 'warning' } }, restarts: [MLFLOW] }],
  connections: [{ what: '48 -> 96', tuning: { mlflow: { connections: 96 } }, restarts: [MLFLOW] }],
  scratch: [{ what: '20 -> 40 GiB', tuning: { mlflow: { scratch: Size.gibibytes(40) } }, restarts: [MLFLOW] }],
  administrator: [{ what: 'admin -> ops', tuning: { mlflow: { administrator: 'ops' } }, restarts: [], jobs: [MINT] }],
  defaultPermission: [{ what: 'READ -> EDIT', tuning: { mlflow: { defaultPermission: 'EDIT' } }, restarts: [MLFLOW] }],
  passwordCache: [
    { what: '60 -> 30 seconds', tuning: { mlflow: { passwordCache: Duration.seconds(30) } }, restarts: [MLFLOW] },
  ],
  garbageCollection: [
    { what: 'later at night', tuning: { mlflow: { garbageCollection: { schedule: '0 5 * * *' } } }, restarts: [] },
    {
      what: 'after 30 -> 90 days',
      tuning: { mlflow: { garbageCollection: { olderThan: Duration.days(90) } } },
      restarts: [],
    },
    { what: 'on -> off', tuning: { wired: { mlflow: () => ({ garbageCollection: undefined }) } }, restarts: [] },
  ],
  signIn: WIRING,
  administratorGroups: 'nobody signs in here',
  metrics: [
    {
      what: 'none -> collected',
      tuning: { wired: { mlflow: ({ platform }) => ({ metrics: prometheus(platform) }) } },
      restarts: [MLFLOW],
    },
  ],
};
