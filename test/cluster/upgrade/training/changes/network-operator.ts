import { Size } from 'cdk8s';
import { type NvidiaNetworkOperatorProps } from '../../../../../lib';
import { INSTALLATION, placed, type Table, WIRING } from '../../changes/change';
import { prometheus } from '../../program';
import { type Tuning } from '../program';
import { NETWORK_OPERATOR } from './names';

const PORTS = Array.from({ length: 8 }, (_, i) => `ib${i}`);

export const networkOperator: Table<NvidiaNetworkOperatorProps, Tuning> = {
  namespace: INSTALLATION,
  crds: [{ what: 'included -> external', tuning: { networkOperator: { crds: 'external' } }, restarts: [] }],
  // What runs on nodes goes by their adapters.
  ...placed((networkOperator): Tuning => ({ networkOperator }), { restarts: [NETWORK_OPERATOR] }),
  nodeFeatures: WIRING,
  networks: [
    {
      what: 'eight -> sixteen pods of a node on InfiniBand',
      tuning: { networkOperator: { networks: { infiniband: { podsPerNode: 16 } } } },
      restarts: [],
    },
    {
      what: 'InfiniBand with addresses',
      tuning: {
        networkOperator: {
          networks: { infiniband: { interfaces: PORTS, addresses: '10.20.65.0-10.20.65.254', podsPerNode: 4 } },
        },
      },
      restarts: [],
    },
    {
      what: "InfiniBand shared -> each adapter one pod's",
      tuning: { networkOperator: { networks: { infiniband: { mode: 'host-device' } } } },
      restarts: [],
    },
    {
      what: 'RoCE besides',
      tuning: {
        networkOperator: {
          networks: { storage: { interfaces: ['ens1f0np0'], addresses: '10.20.32.128-10.20.32.254', mtu: 9000 } },
        },
      },
      restarts: [],
    },
    {
      what: "one that isn't the site's",
      tuning: { networkOperator: { networks: { infinband: {} } } },
      refusedBy: 'synth',
      says: 'networks has "infinband", which is no network of site dgx-lab; did you mean "infiniband"?',
    },
  ],
  driver: [
    {
      what: "the nodes' own -> NVIDIA's, compiled",
      tuning: {
        networkOperator: {
          driver: {
            operatingSystems: ['ubuntu24.04'],
            packageRepositories: { 'lab.list': 'deb https://apt.lab.example noble main' },
            upgrade: { maxParallel: 2, waitFor: 'batch.kubernetes.io/job-name' },
          },
        },
      },
      restarts: [NETWORK_OPERATOR],
    },
  ],
  sriov: [
    {
      what: 'RoCE by virtual functions besides',
      tuning: {
        networkOperator: {
          networks: {
            storage: {
              mode: 'sriov',
              interfaces: ['ens1f0np0'],
              functions: 8,
              addresses: '10.20.32.128-10.20.32.254',
            },
          },
          sriov: { maxUnavailable: 2 },
        },
      },
      restarts: [],
      jobs: ['network-operator/await-functions'],
    },
    {
      what: 'for no network',
      tuning: { networkOperator: { sriov: {} } },
      refusedBy: 'synth',
      says: 'sriov is given, but no network has the mode sriov; give one that mode, or leave it out',
    },
  ],
  certificates: [
    {
      what: 'no webhook -> one',
      tuning: { wired: { networkOperator: ({ certificates }) => ({ certificates }) } },
      restarts: [NETWORK_OPERATOR],
    },
  ],
  resources: [
    {
      what: 'memory 512 MiB -> 1 GiB',
      tuning: { networkOperator: { resources: { operator: { memory: Size.gibibytes(1) } } } },
      restarts: [NETWORK_OPERATOR],
    },
  ],
  metrics: [
    {
      what: 'none -> collected',
      tuning: { wired: { networkOperator: ({ platform }) => ({ metrics: prometheus(platform) }) } },
      restarts: [],
    },
  ],
};
