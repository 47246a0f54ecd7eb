import { Duration, Size } from 'cdk8s';
import { External, type NvidiaGpuOperatorProps } from '../../../../../lib';
import { type Change, INSTALLATION, placed, type Table, WIRING } from '../../changes/change';
import { prometheus } from '../../program';
import { type Tuning } from '../program';
import { GPU_OPERATOR, NODE_LABELS } from './names';

/** What needs somebody who collects the metrics, and comes with it. */
const collected = (what: string, props: Partial<NvidiaGpuOperatorProps>): Change<Tuning> => ({
  what,
  tuning: {
    gpuOperator: props,
    wired: { gpuOperator: ({ platform }) => ({ metrics: prometheus(platform) }) },
  },
  restarts: [],
});

/** The API server's words for a driver that can't become one of the other sort. */
const SORT_OF_DRIVER = 'usePrecompiled is an immutable field';
const KERNEL = '6.8.0-60-generic';

export const gpuOperator: Table<NvidiaGpuOperatorProps, Tuning> = {
  namespace: INSTALLATION,
  crds: [{ what: 'included -> external', tuning: { gpuOperator: { crds: 'external' } }, restarts: [] }],
  // The operands go by the nodes' GPUs.
  ...placed((gpuOperator): Tuning => ({ gpuOperator }), { restarts: [GPU_OPERATOR, NODE_LABELS] }),
  nodeFeatures: WIRING,
  pools: [
    {
      what: 'all -> those for training',
      tuning: { gpuOperator: { pools: ['training'] }, sharing: {} },
      restarts: [NODE_LABELS],
    },
    {
      what: "to one that isn't the site's",
      tuning: { gpuOperator: { pools: ['trainings'] } },
      refusedBy: 'synth',
      says: 'pools has "trainings", which the site lacks',
    },
  ],
  driver: [
    {
      what: 'another version',
      tuning: { gpuOperator: { driver: { version: '580.126.20' } } },
      restarts: [],
    },
    { what: 'compiled -> preinstalled', tuning: { gpuOperator: { driver: 'preinstalled' } }, restarts: [] },
    { what: 'compiled -> precompiled', tuning: { gpuOperator: { driver: { precompiled: [KERNEL] } } }, restarts: [] },
    {
      what: 'another system, with proprietary modules',
      tuning: { gpuOperator: { driver: { os: ['rhel9.6'], kernelModules: 'proprietary' } } },
      restarts: [],
    },
    {
      what: 'one system -> two, as resources of their own',
      tuning: { gpuOperator: { driver: { os: ['ubuntu24.04', 'ubuntu22.04'] } } },
      restarts: [],
    },
    {
      what: "packages of the lab's own, and a certificate for them",
      tuning: {
        gpuOperator: {
          driver: {
            packages: { files: { 'lab.list': 'deb https://mirror.lab.example/ubuntu noble main' } },
            certificates: { 'lab-ca.crt': '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n' },
          },
        },
      },
      restarts: [],
    },
    {
      what: 'parameters, modules for storage and copies, a proxy, cores',
      tuning: {
        gpuOperator: {
          driver: {
            moduleParameters: { nvidia: { NVreg_EnableGpuFirmware: 0 } },
            rdma: { peermem: true },
            directStorage: true,
            gdrCopy: true,
            env: { HTTP_PROXY: 'http://proxy.lab.example:3128' },
            resources: { cpu: 4, memory: Size.gibibytes(8) },
          },
        },
      },
      restarts: [],
    },
    {
      what: 'a branch, where it is compiled',
      tuning: { gpuOperator: { driver: { version: '580' } } },
      refusedBy: 'synth',
      says: 'driver.version must be a driver\'s such as "580.173.02", got "580"',
    },
    {
      what: 'compiled -> precompiled, where there are two systems',
      from: { gpuOperator: { driver: { os: ['ubuntu24.04', 'ubuntu22.04'] } } },
      tuning: { gpuOperator: { driver: { precompiled: [KERNEL] }, poolDrivers: { inference: { os: ['rhel9.6'] } } } },
      refusedBy: 'cluster',
      says: SORT_OF_DRIVER,
    },
  ],
  poolDrivers: [
    {
      what: 'none -> preinstalled on one pool',
      tuning: { gpuOperator: { poolDrivers: { training: 'preinstalled' } } },
      restarts: [NODE_LABELS],
    },
    {
      what: 'none -> another version on one pool',
      tuning: { gpuOperator: { poolDrivers: { inference: { version: '580.126.20' } } } },
      restarts: [],
    },
    {
      what: "a pool's own, compiled -> precompiled",
      from: { gpuOperator: { poolDrivers: { inference: {} } } },
      tuning: { gpuOperator: { poolDrivers: { inference: { precompiled: [KERNEL] } } } },
      refusedBy: 'cluster',
      says: SORT_OF_DRIVER,
    },
  ],
  driverUpgrades: [
    {
      what: 'one -> two nodes at a time, after their jobs',
      tuning: {
        gpuOperator: {
          driverUpgrades: {
            parallel: 2,
            maxUnavailable: 2,
            waitFor: { pods: 'app=training', timeout: Duration.hours(8) },
            podDeletion: { force: true },
            drain: { deleteEmptyDir: true },
          },
        },
      },
      restarts: [],
    },
    { what: 'automatic -> by hand', tuning: { gpuOperator: { driverUpgrades: { automatic: false } } }, restarts: [] },
  ],
  preinstalledToolkit: [
    {
      what: 'put on the nodes -> preinstalled, as the driver',
      tuning: { gpuOperator: { driver: 'preinstalled', preinstalledToolkit: true } },
      restarts: [],
    },
    {
      what: 'put on the nodes -> preinstalled, without a driver that is',
      tuning: { gpuOperator: { preinstalledToolkit: true } },
      refusedBy: 'synth',
      says: 'preinstalledToolkit needs a preinstalled driver',
    },
  ],
  // The queues' quotas are then of another resource.
  migStrategy: [{ what: 'mixed -> single', tuning: { gpuOperator: { migStrategy: 'single' } }, restarts: [] }],
  migReboot: [{ what: 'off -> on', tuning: { gpuOperator: { migReboot: true } }, restarts: [] }],
  standaloneDcgm: [collected('within the exporter -> by itself', { standaloneDcgm: true })],
  gpuMetrics: [
    collected('the alerts needs -> one', {
      gpuMetrics: [{ field: 'DCGM_FI_DEV_GPU_UTIL', type: 'gauge', help: 'Utilization' }],
    }),
  ],
  podLabels: [collected('left out -> shown', { podLabels: true })],
  nodeStatus: [collected('left out -> shown', { nodeStatus: true })],
  metrics: [collected('none -> collected', {})],
  registryCredentials: [
    {
      what: "none -> the lab's",
      tuning: {
        wired: {
          gpuOperator: ({ platform }) => ({
            registryCredentials: External.credentials(platform, { name: 'registry' }, ['.dockerconfigjson']),
          }),
        },
      },
      restarts: [GPU_OPERATOR],
    },
  ],
  priorityClassName: [
    {
      what: 'of the node -> of the cluster',
      tuning: { gpuOperator: { priorityClassName: 'system-cluster-critical' } },
      restarts: [],
    },
  ],
  maxUnavailable: [{ what: '1 -> 10%', tuning: { gpuOperator: { maxUnavailable: '10%' } }, restarts: [] }],
  resources: [
    {
      what: "the operator's memory 512 MiB -> 1 GiB",
      tuning: { gpuOperator: { resources: { operator: { memory: Size.gibibytes(1) } } } },
      restarts: [GPU_OPERATOR],
    },
    {
      what: "the device plugins' memory",
      tuning: { gpuOperator: { resources: { devicePlugin: { memory: Size.mebibytes(256) } } } },
      restarts: [],
    },
  ],
  logLevel: [{ what: 'info -> debug', tuning: { gpuOperator: { logLevel: 'debug' } }, restarts: [GPU_OPERATOR] }],
};
