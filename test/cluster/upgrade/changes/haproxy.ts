import { Duration } from 'cdk8s';
import { type HAProxyProps } from '../../../../lib';
import { prometheus } from '../program';
import { GATEWAY, INSTALLATION, placement, type Table, WIRING } from './change';

export const gateway: Table<HAProxyProps> = {
  namespace: INSTALLATION,
  crds: 'it has none',
  ...placement('gateway', { restarts: [GATEWAY] }),
  addresses: WIRING,
  certificates: WIRING,
  address: [
    { what: 'any -> 10.20.19.10', tuning: { gateway: { address: '10.20.19.10' } }, restarts: [] },
    {
      what: "one that isn't the site's",
      tuning: { gateway: { address: '10.20.20.1' } },
      refusedBy: 'synth',
      says: '10.20.20.1',
    },
  ],
  domains: [{ what: 'none -> one more', tuning: { gateway: { domains: ['company.example'] } }, restarts: [] }],
  tcpPorts: [{ what: 'none -> 5432', tuning: { gateway: { tcpPorts: [5432] } }, restarts: [GATEWAY] }],
  replicas: [
    { what: '2 -> 3', tuning: { gateway: { replicas: 3 } }, restarts: [] },
    { what: '2 -> 1', tuning: { gateway: { replicas: 1 } }, restarts: [] },
  ],
  maxConnections: [
    { what: '4000 -> 8000, and memory with it', tuning: { gateway: { maxConnections: 8000 } }, restarts: [GATEWAY] },
  ],
  threads: [{ what: '2 -> 4, and cores with them', tuning: { gateway: { threads: 4 } }, restarts: [GATEWAY] }],
  // Put into effect as a new route is, by the entry script.
  logLevel: [{ what: 'info -> warning', tuning: { gateway: { logLevel: 'warning' } }, restarts: [] }],
  minimumTls: [{ what: '1.2 -> 1.3', tuning: { gateway: { minimumTls: '1.3' } }, restarts: [] }],
  hsts: [{ what: '365 -> 30 days', tuning: { gateway: { hsts: Duration.days(30) } }, restarts: [] }],
  tunnelTimeout: [{ what: '1 -> 2 hours', tuning: { gateway: { tunnelTimeout: Duration.hours(2) } }, restarts: [] }],
  drainTimeout: [
    { what: '60 -> 30 seconds', tuning: { gateway: { drainTimeout: Duration.seconds(30) } }, restarts: [GATEWAY] },
  ],
  externalTrafficPolicy: [
    { what: 'Local -> Cluster', tuning: { gateway: { externalTrafficPolicy: 'Cluster' } }, restarts: [] },
  ],
  metrics: [
    {
      what: 'none -> collected',
      tuning: { wired: { gateway: ({ platform }) => ({ metrics: prometheus(platform) }) } },
      restarts: [],
    },
  ],
};
