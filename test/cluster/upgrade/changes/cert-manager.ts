import { Size } from 'cdk8s';
import { type CertManagerProps, External } from '../../../../lib';
import { prometheus } from '../program';
import { CERT_MANAGER, INSTALLATION, placement, type Table } from './change';

export const certManager: Table<CertManagerProps> = {
  namespace: INSTALLATION,
  crds: [{ what: 'included -> external', tuning: { certManager: { crds: 'external' } }, restarts: [] }],
  ...placement('certManager', { restarts: CERT_MANAGER }),
  authority: [
    {
      what: "the platform's own -> the company's",
      tuning: {
        wired: {
          certManager: ({ platform }) => ({
            authority: External.credentials(platform, { name: 'company-ca' }, ['tls.crt', 'tls.key']),
          }),
        },
      },
      restarts: [],
    },
  ],
  acme: [
    {
      what: "the platform's own -> an ACME server's",
      tuning: {
        certManager: {
          acme: {
            server: 'https://acme.corp.example/directory',
            solvers: [{ dns01: { rfc2136: { nameserver: '10.20.0.53' } } }],
          },
        },
      },
      // It has controllers for it, which are off otherwise.
      restarts: [CERT_MANAGER[0]],
    },
  ],
  commonName: [{ what: "the root's name", tuning: { certManager: { commonName: 'dgx-lab root' } }, restarts: [] }],
  replicas: [
    { what: '2 -> 3', tuning: { certManager: { replicas: 3 } }, restarts: [] },
    { what: '2 -> 1', tuning: { certManager: { replicas: 1 } }, restarts: [] },
    {
      what: '2 -> 6',
      tuning: { certManager: { replicas: 6 } },
      refusedBy: 'synth',
      says: 'replicas must be',
    },
  ],
  resources: [
    {
      what: "the controller's memory 256 -> 512 MiB",
      tuning: { certManager: { resources: { controller: { memory: Size.mebibytes(512) } } } },
      restarts: [CERT_MANAGER[0]],
    },
    {
      what: "the injector's and the webhook's cores 0.02 -> 0.1",
      tuning: { certManager: { resources: { cainjector: { cpu: 0.1 }, webhook: { cpu: 0.1 } } } },
      restarts: [CERT_MANAGER[1], CERT_MANAGER[2]],
    },
  ],
  logLevel: [{ what: '2 -> 4', tuning: { certManager: { logLevel: 4 } }, restarts: [...CERT_MANAGER] }],
  metrics: [
    {
      what: 'none -> collected',
      tuning: { wired: { certManager: ({ platform }) => ({ metrics: prometheus(platform) }) } },
      restarts: [],
    },
  ],
};
