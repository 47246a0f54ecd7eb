import { join } from 'node:path';
import { Size } from 'cdk8s';
import { ExperimentTracking, TrainingCluster } from '../../blueprints';
import { App, External, type NodePoolProps, type Platform, Site } from '../../lib';

const SERVERS: NodePoolProps = { name: 'servers', nodes: 6, cpu: { cores: 64 }, memory: Size.gibibytes(512) };
const STORAGE = [{ name: 'fast', tier: 'hot', default: true }] as const;

const metrics = (platform: Platform) =>
  External.prometheus(platform, { pods: { namespace: 'monitoring', labels: { app: 'prometheus' } } });

/** Routers to talk BGP with, everything encrypted, metrics collected. */
function routed(app: App): void {
  const site = new Site({
    name: 'routed',
    domain: 'routed.example',
    nodePools: [SERVERS],
    networks: [
      {
        name: 'services',
        cidr: '192.0.2.0/24',
        loadBalancerRanges: ['192.0.2.128/26'],
        bgp: { myASN: 64512, peers: [{ address: '192.0.2.1', asn: 64500 }] },
      },
    ],
    storageClasses: STORAGE,
  });
  new ExperimentTracking(app, 'routed', { site, size: 'production', metrics });
}

/** GPUs of both makers, AMD's with a driver that is built in the cluster, Edge TPUs, RoCE, also by virtual functions, metrics collected. */
function mixed(app: App): void {
  const gpus = { cpu: { cores: 96 }, memory: Size.tebibytes(2) };
  const site = new Site({
    name: 'mixed',
    domain: 'mixed.example',
    nodePools: [
      SERVERS,
      { ...gpus, name: 'mi300x', nodes: 2, hardware: 'as-8125gs-tnmr2', labels: { gpu: 'mi300x' } },
      {
        ...gpus,
        name: 'h100',
        nodes: 2,
        hardware: 'xe9680-h100',
        labels: { gpu: 'h100' },
        networkPorts: [
          { type: 'ethernet', speed: '400Gb/s', network: 'roce' },
          { type: 'ethernet', speed: '100Gb/s', network: 'functions' },
        ],
      },
      { name: 'cameras', nodes: 2, hardware: 'coral-dev-board', memory: Size.gibibytes(4), labels: { tpu: 'yes' } },
    ],
    networks: [
      { name: 'services', cidr: '192.0.2.0/24', loadBalancerRanges: ['192.0.2.128/26'] },
      { name: 'roce', cidr: '198.51.100.0/24' },
      { name: 'functions', cidr: '203.0.113.0/24' },
    ],
    storageClasses: STORAGE,
  });
  new TrainingCluster(app, 'mixed', {
    site,
    metrics,
    nodeFeatureDiscovery: { topologyUpdater: {} },
    nvidiaGpuOperator: { standaloneDcgm: true, nodeStatus: true },
    nvidiaNetworkOperator: {
      networks: {
        roce: { interfaces: ['ens1f0np0'], addresses: '198.51.100.128-198.51.100.254' },
        functions: { mode: 'sriov', interfaces: ['ens2f0np0'], addresses: '203.0.113.128-203.0.113.254' },
      },
    },
    amdGpuOperator: {
      driver: {
        repository: 'registry.mixed.example/amdgpu-driver',
        version: '30.20.1',
        systems: [{ os: 'ubuntu-24.04', kernel: '6.8.0-60-generic' }],
        build: {},
      },
    },
    edgeTpuDevicePlugin: { pools: { servers: { bus: 'usb' } } },
  });
}

/** Synthesizes what dist doesn't show. @returns the folders, one for each platform */
export function synthesizeVariants(outdir: string): string[] {
  const app = new App({ outdir });
  for (const variant of [routed, mixed]) variant(app);
  app.synth();
  return ['routed', 'mixed'].map((name) => join(outdir, name));
}
