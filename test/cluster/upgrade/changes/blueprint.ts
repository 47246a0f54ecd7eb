import { Size } from 'cdk8s';
import { type ExperimentTrackingProps } from '../../../../blueprints';
import { type PlatformProps } from '../../../../lib';
import { prometheus } from '../program';
import {
  CERT_MANAGER,
  GATEWAY,
  IMMUTABLE_STATEFUL_SET,
  METALLB,
  MINIO,
  MINT,
  MLFLOW,
  POSTGRES,
  type Table,
} from './change';

export const blueprint: Table<Omit<ExperimentTrackingProps, keyof PlatformProps>> = {
  size: [
    {
      what: 'team -> production, with other drives',
      tuning: { blueprint: { size: 'production' } },
      refusedBy: 'cluster',
      says: IMMUTABLE_STATEFUL_SET,
    },
    {
      what: 'team -> edge, with one server',
      tuning: { blueprint: { size: 'edge' } },
      refusedBy: 'cluster',
      says: IMMUTABLE_STATEFUL_SET,
    },
  ],
  driveSize: [
    {
      what: '1 -> 2 TiB',
      tuning: { blueprint: { driveSize: Size.tebibytes(2), minio: { grownFrom: Size.tebibytes(1) } } },
      restarts: [],
    },
  ],
  databaseStorage: [
    { what: '100 -> 200 GiB', tuning: { blueprint: { databaseStorage: Size.gibibytes(200) } }, restarts: [POSTGRES] },
  ],
  address: [{ what: 'any -> 10.20.19.10', tuning: { blueprint: { address: '10.20.19.10' } }, restarts: [] }],
  authority: [
    {
      what: "the platform's own -> the company's",
      tuning: { blueprint: { authority: { name: 'company-ca' } } },
      restarts: [],
    },
  ],
  clientNamespaces: [{ what: 'none -> one', tuning: { blueprint: { clientNamespaces: ['research'] } }, restarts: [] }],
  metrics: [
    {
      what: 'none -> collected, of all systems',
      tuning: { blueprint: { metrics: prometheus } },
      restarts: [POSTGRES, MLFLOW],
      jobs: ['minio/metrics-token', MINT],
    },
  ],
  metallb: [
    {
      what: 'its speakers on one pool',
      tuning: { blueprint: { metallb: { speakerNodes: { 'onprem-ml.example/pool': 'inference' } } } },
      restarts: [METALLB[1]],
    },
  ],
  certManager: [
    { what: 'its log level 2 -> 4', tuning: { blueprint: { certManager: { logLevel: 4 } } }, restarts: CERT_MANAGER },
  ],
  gateway:
    'another gateway gets the address only when the first one is deleted by hand, with its Service, so the platform is away in between',
  istio: 'the gateway is HAProxy here, and props of a gateway that there is none of are refused',
  haproxy: [{ what: 'its threads 2 -> 4', tuning: { blueprint: { haproxy: { threads: 4 } } }, restarts: [GATEWAY] }],
  minio: [
    {
      what: 'its memory 4 -> 6 GiB',
      tuning: { blueprint: { minio: { memory: Size.gibibytes(6) } } },
      restarts: [MINIO],
    },
  ],
  postgres: [{ what: 'its cores 1 -> 2', tuning: { blueprint: { postgres: { cpu: 2 } } }, restarts: [POSTGRES] }],
  mlflow: [{ what: 'its workers 2 -> 3', tuning: { blueprint: { mlflow: { workers: 3 } } }, restarts: [MLFLOW] }],
  dex: 'who signs in and how is tried by the systems it is for; the bench applies a platform without people',
  oauth2Proxy: 'refused without dex',
  vault: 'a person unseals it; the bench applies a platform whose credentials are minted',
  externalSecrets: 'refused without vault',
  vaultAuthority: 'refused without vault',
  databaseReaders: 'refused without vault',
  auditLog:
    "its records are counted on the company's cluster; given later, MinIO is restarted as by each change of its environment",
  harbor: 'its programs are to be had from nowhere but its own images',
  redis: 'refused without harbor',
};
