import { Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  checkChoice,
  checkInteger,
  ConfigFiles,
  DaemonSet,
  fail,
  type IGpus,
  type IMetrics,
  type INodeFeatures,
  type NodeFeatureMatch,
  type ProgramResources,
  programResources,
  show,
  type Stage,
  System,
  type SystemProps,
  volume,
} from '../../core';
import * as k8s from '../../core/k8s';
import { MACHINE_MODELS, machineModel } from '../../site/hardware';
import { DEVICE, DOMAIN, EdgeTpuPool, type EdgeTpus, labelOf } from './edge-tpu-pool';
import { offerGpus } from '../pools';
import { images } from './images';

export interface EdgeTpuDevicePluginProps extends SystemProps {
  /** Labels the nodes that have Edge TPUs. */
  readonly nodeFeatures: INodeFeatures;
  /**
   * Pools whose nodes have Edge TPUs, by name, and how many. A pool that the site lacks, or more than one on USB, is an error.
   * @default - pools whose hardware is one of Coral's boards: one each
   */
  readonly pools?: Readonly<Record<string, EdgeTpus>>;
  /** Cores and memory of each node's plugin. @default - 0.02 cores and 64 MiB */
  readonly resources?: { readonly plugin?: ProgramResources };
  /** Who scrapes the plugins. @default - nobody */
  readonly metrics?: IMetrics;
}

const RESOURCES = { plugin: { cpu: 0.02, memory: Size.mebibytes(64) } };
const PORT = 8080;
const SOCKETS = '/var/lib/kubelet/device-plugins';

/** Where the chip is on Coral's boards. @see https://coral.ai/docs/dev-board/datasheet/ and https://coral.ai/docs/dev-board-mini/datasheet/ */
const BOARDS: Readonly<Record<string, EdgeTpus['bus']>> = { 'coral-dev-board': 'pcie', 'coral-dev-board-mini': 'usb' };

/** An Edge TPU by its numbers: 1ac1:089a on PCIe; on USB 18d1:9302, once a program has loaded its firmware. */
const FOUND: Readonly<Record<EdgeTpus['bus'], NodeFeatureMatch>> = {
  pcie: {
    feature: 'pci.device',
    expressions: { vendor: { op: 'In', value: ['1ac1'] }, device: { op: 'In', value: ['089a'] } },
  },
  usb: {
    feature: 'usb.device',
    expressions: { vendor: { op: 'In', value: ['18d1'] }, device: { op: 'In', value: ['9302'] } },
  },
};

/** What the plugin looks for, in its own words. */
const DEVICES: Readonly<Record<EdgeTpus['bus'], object>> = {
  pcie: { paths: [{ path: '/dev/apex_*', permissions: 'rw' }] },
  usb: { usb: [{ vendor: '18d1', product: '9302' }] },
};

/**
 * Offers Google's Coral Edge TPUs, on PCIe or USB, to pods as `onprem-ml.io/edge-tpu`, by a device plugin for any device.
 *
 * Puts into the cluster: a DaemonSet for each bus that is used, and the rules by which nodes are found. Needs Node Feature Discovery. Offers the
 * chips as GPUs are offered (`IGpus`).
 *
 * @see https://github.com/squat/generic-device-plugin
 */
export class EdgeTpuDevicePlugin extends System implements IGpus {
  readonly pools: readonly EdgeTpuPool[];
  readonly readyAfter: readonly Stage[];

  /** @throws where no pool has an Edge TPU */
  constructor(scope: Construct, id: string, props: EdgeTpuDevicePluginProps) {
    super(
      scope,
      id,
      { name: 'edge-tpu-device-plugin', version: images.devicePlugin.tag, podSecurity: 'privileged' },
      props,
    );
    const { path } = this.node;
    const given = props.pools ?? this.boards();
    const names = Object.keys(given);
    if (names.length === 0) {
      fail(
        path,
        `no pool of site ${this.platform.site.name} has an Edge TPU; name them: pools: { "edge": { bus: 'usb' } }`,
      );
    }
    const { plugin } = programResources(path, props.resources, RESOURCES);

    const install = this.addStage('install', [props.nodeFeatures, props.metrics]);
    this.pools = this.platform.site.pools
      .filter(({ name }) => names.includes(name))
      .map((pool) => new EdgeTpuPool(path, pool, this.checked(pool.name, given[pool.name]!), install.readyAfter));
    for (const name of names) this.platform.site.pool(name);
    offerGpus(this.platform, this.pools);
    for (const bus of ['pcie', 'usb'] as const) {
      const pools = this.pools.filter(({ tpus }) => tpus.bus === bus);
      if (pools.length > 0) this.addPlugin(install, bus, pools, plugin, props);
    }
    this.readyAfter = install.readyAfter;
  }

  pool(name: string): EdgeTpuPool {
    const found = this.pools.find(({ nodes }) => nodes.name === name);
    if (found) return found;
    this.platform.site.pool(name);
    return fail(
      this.node.path,
      `pool ${show(name)} has no Edge TPUs; name one of ${this.pools.map(({ nodes }) => show(nodes.name)).join(', ')}`,
    );
  }

  private boards(): Readonly<Record<string, EdgeTpus>> {
    return Object.fromEntries(
      this.platform.site.pools.flatMap(({ name, hardware }) => {
        const bus = BOARDS[machineModel(hardware ?? '', MACHINE_MODELS)?.id ?? ''];
        return bus ? [[name, { bus }]] : [];
      }),
    );
  }

  private checked(name: string, { bus, count = 1 }: EdgeTpus): Required<EdgeTpus> {
    const { path } = this.node;
    checkChoice(path, `pools.${name}.bus`, bus, ['pcie', 'usb']);
    checkInteger(path, `pools.${name}.count`, count, 1, 16, 'give the Edge TPUs of one node');
    if (bus === 'usb' && count > 1) {
      fail(
        path,
        `pools.${name}.count must be 1 on USB, got ${count}: the sticks have no serial numbers, and the plugin would give all of them to one pod; use PCIe cards`,
      );
    }
    return { bus, count };
  }

  private addPlugin(
    stage: Stage,
    bus: EdgeTpus['bus'],
    pools: readonly EdgeTpuPool[],
    resources: Required<ProgramResources>,
    { nodeFeatures, metrics }: EdgeTpuDevicePluginProps,
  ): void {
    const { kubeletRoot, podSecurity } = this.platform.distribution;
    nodeFeatures.addRule(stage, `edge-tpu-${bus}`, { labels: { [labelOf(bus)]: 'true' }, matches: [FOUND[bus]] });
    const config = new ConfigFiles(stage, `config-${bus}`, {
      'config.yaml': `${JSON.stringify({ devices: [{ name: DEVICE, groups: [DEVICES[bus]] }] }, undefined, 2)}\n`,
    });
    const hostPath = (name: string, path: string): k8s.Volume => ({ name, hostPath: { path, type: 'Directory' } });
    const plugin = new DaemonSet(stage, `plugin-${bus}`, {
      nodeSelector: { [labelOf(bus)]: 'true' },
      tolerations: unique(pools.flatMap(({ placement }) => placement.tolerations)),
      priorityClassName: 'system-node-critical',
      // Kubelet's directory of sockets is root's.
      user: 0,
      podSecurityContext: { runAsNonRoot: false },
      restartOn: [config],
      containers: [
        {
          name: 'plugin',
          image: images.devicePlugin,
          args: ['--config=/etc/generic-device-plugin/config.yaml', `--domain=${DOMAIN}`, `--listen=:${PORT}`],
          ports: { http: PORT },
          resources,
          mounts: [
            { path: SOCKETS, volume: hostPath('sockets', `${kubeletRoot}/device-plugins`) },
            // It looks which files there are, and opens none: kubelet gives them to the pods. Not read-only, since the runtime puts the
            // file for the container's last words there.
            { path: '/dev', volume: hostPath('dev', '/dev') },
            { path: '/etc/generic-device-plugin', volume: volume.config('config', config) },
          ],
          // The program ends by itself where it can't go on.
          readinessProbe: {
            httpGet: { path: '/health', port: k8s.IntOrString.fromNumber(PORT) },
            periodSeconds: 10,
            timeoutSeconds: 5,
          },
        },
      ],
    });
    if (podSecurity === 'scc') plugin.bindClusterRole('system:openshift:scc:hostmount-anyuid', this.namespace);
    if (metrics) {
      const name = `plugin-${bus}-metrics`;
      const { http: endpoint } = plugin.addService({ name, ports: { http: PORT }, headless: true });
      metrics.scrape(stage, `edge-tpu-${bus}`, { endpoint });
    }
  }
}

function unique(tolerations: readonly k8s.Toleration[]): k8s.Toleration[] {
  return [...new Map(tolerations.map((each) => [JSON.stringify(each), each])).values()];
}
