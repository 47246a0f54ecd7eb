import { Size } from 'cdk8s';
import { type MetalLBProps } from '../../../../lib';
import { prometheus } from '../program';
import { INSTALLATION, METALLB, placement, type Table } from './change';

const RANGE = '10.20.19.10-10.20.19.199';

export const metallb: Table<MetalLBProps> = {
  namespace: INSTALLATION,
  crds: [{ what: 'included -> external', tuning: { metallb: { crds: 'external' } }, restarts: [] }],
  // The speakers are on all nodes.
  ...placement('metallb', { restarts: [METALLB[0]] }, { restarts: METALLB }),
  networks: [
    { what: 'all -> named', tuning: { metallb: { networks: ['services'] } }, restarts: [] },
    {
      what: 'to one without addresses for load balancers',
      tuning: { metallb: { networks: ['management'] } },
      refusedBy: 'synth',
      says: 'network "management" has no loadBalancerRanges',
    },
  ],
  onRequest: [
    {
      what: 'a new range, given on request alone',
      tuning: {
        site: (text) => text.replace(`[${RANGE}]`, `[${RANGE}, 10.20.18.0/24]`),
        metallb: { onRequest: ['10.20.18.0/24'] },
      },
      restarts: [],
    },
  ],
  l2: [{ what: 'answers on bond0 alone', tuning: { metallb: { l2: { interfaces: ['bond0'] } } }, restarts: [] }],
  bgp: [
    {
      what: 'session settings where no network has routers',
      tuning: { metallb: { bgp: { multiHop: true } } },
      refusedBy: 'synth',
      says: 'bgp is given, but no network (services) has routers to announce to',
    },
  ],
  speakerNodes: [
    {
      what: 'all -> those of one pool',
      tuning: { metallb: { speakerNodes: { 'onprem-ml.example/pool': 'inference' } } },
      restarts: [METALLB[1]],
    },
  ],
  resources: [
    {
      what: "the controller's memory 256 -> 512 MiB",
      tuning: { metallb: { resources: { controller: { memory: Size.mebibytes(512) } } } },
      restarts: [METALLB[0]],
    },
    {
      what: "the speakers' cores 0.05 -> 0.1",
      tuning: { metallb: { resources: { speaker: { cpu: 0.1 } } } },
      restarts: [METALLB[1]],
    },
    {
      what: "FRR's, where no network has routers",
      tuning: { metallb: { resources: { frr: { cpu: 0.1 } } } },
      refusedBy: 'synth',
      says: 'frr',
    },
  ],
  logLevel: [{ what: 'info -> warn', tuning: { metallb: { logLevel: 'warn' } }, restarts: METALLB }],
  metrics: [
    {
      what: 'none -> collected',
      tuning: { wired: { metallb: ({ platform }) => ({ metrics: prometheus(platform) }) } },
      restarts: [],
    },
  ],
};
