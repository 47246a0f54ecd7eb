import { Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  bundled,
  ConfigFiles,
  DaemonSet,
  fail,
  type IGpus,
  type INodeFeatures,
  type ProgramResources,
  programResources,
  show,
  type Stage,
  System,
  type SystemProps,
  volume,
} from '../../core';
import * as k8s from '../../core/k8s';
import { type NodePool } from '../../site';
import { gpuModel } from '../../site/hardware';
import { checkApart, offerGpus } from '../pools';
import { images } from './images';
import { JETSON, JetsonPool } from './jetson-pool';

export interface JetsonDevicePluginProps extends SystemProps {
  /** Labels the nodes that are Jetsons. */
  readonly nodeFeatures: INodeFeatures;
  /**
   * Name of NVIDIA's runtime in the nodes' containerd, as `nvidia-ctk runtime configure` writes it. The RuntimeClass `jetson` leads there.
   * @default 'nvidia'
   */
  readonly runtimeHandler?: string;
  /** Cores and memory of each node's plugin. @default - 0.02 cores and 64 MiB */
  readonly resources?: { readonly plugin?: ProgramResources };
}

const RESOURCES = { plugin: { cpu: 0.02, memory: Size.mebibytes(64) } };
const RUNTIME_CLASS = 'jetson';
const NVIDIA_RUNTIME = 'nvidia';
/** Fixed in the plugin. */
const SOCKETS = '/var/lib/kubelet/device-plugins';

/**
 * NVIDIA's device plugin on Jetsons, which NVIDIA's GPU operator doesn't drive: offers the GPU that is part of the processor to pods.
 *
 * Puts into the cluster: a DaemonSet for each pool of Jetsons, the RuntimeClass `jetson`, and the rule by which nodes are found. Needs Node
 * Feature Discovery. Offers GPUs (`IGpus`).
 *
 * @see https://github.com/NVIDIA/k8s-device-plugin
 */
export class JetsonDevicePlugin extends System implements IGpus {
  readonly pools: readonly JetsonPool[];
  readonly readyAfter: readonly Stage[];

  /** @throws where the site has no Jetsons, or no labels tell its pools of them apart */
  constructor(scope: Construct, id: string, props: JetsonDevicePluginProps) {
    super(
      scope,
      id,
      { name: 'jetson-device-plugin', version: images.devicePlugin.tag, podSecurity: 'privileged' },
      props,
    );
    const { path } = this.node;
    const nodes = this.jetsons();
    const { plugin } = programResources(path, props.resources, RESOURCES);
    const handler = props.runtimeHandler ?? NVIDIA_RUNTIME;
    if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(handler)) {
      fail(path, `runtimeHandler must be a name of lower-case letters, got ${show(handler)}; write it as "nvidia"`);
    }

    const install = this.addStage('install', [props.nodeFeatures]);
    // Jetson Linux is the one whose kernels are called so: 5.15.148-tegra, 5.15.148-rt-tegra, 6.8.12-tegra.
    props.nodeFeatures.addRule(install, 'jetson', {
      labels: { [JETSON]: 'true' },
      matches: [{ feature: 'kernel.version', expressions: { full: { op: 'InRegexp', value: ['-tegra$'] } } }],
    });
    // A name of its own: NVIDIA's operator and some distributions make one that is called as the runtime is.
    new k8s.KubeRuntimeClass(install, 'runtime-class', {
      metadata: { name: RUNTIME_CLASS },
      handler,
      scheduling: { nodeSelector: { [JETSON]: 'true' } },
    });
    this.pools = nodes.map((pool) => new JetsonPool(path, pool, RUNTIME_CLASS, install.readyAfter));
    offerGpus(this.platform, this.pools);
    for (const pool of this.pools) this.addPlugin(install, pool, plugin);
    this.readyAfter = install.readyAfter;
    this.instruct(nodes.map(({ name }) => name).join(', '), handler);
  }

  pool(name: string): JetsonPool {
    const found = this.pools.find(({ nodes }) => nodes.name === name);
    if (found) return found;
    const { gpus } = this.platform.site.pool(name);
    return fail(
      this.node.path,
      `pool ${show(name)} has ${gpus?.model ?? 'no GPUs'}, this plugin is for Jetsons; name one of ${this.pools.map(({ nodes }) => show(nodes.name)).join(', ')}`,
    );
  }

  /** Distributions that make RuntimeClasses of runtimes look for these as they start, and write containerd's configuration themselves. */
  private instruct(pools: string, handler: string): void {
    const { distribution } = this.platform;
    if (bundled(distribution, 'runtime-classes') && handler === NVIDIA_RUNTIME) {
      this.addInstruction({
        when: 'before',
        what: `See that the nodes of ${pools} have NVIDIA's runtime, which JetPack brings along; ${distribution.title} looks for it as it starts, so restart it where the runtime came later`,
        command: 'command -v nvidia-container-runtime',
      });
      return;
    }
    this.addInstruction({
      when: 'before',
      what: `On each node of ${pools}, give containerd NVIDIA's runtime, which JetPack brings along, and restart it`,
      command: `sudo nvidia-ctk runtime configure --runtime=containerd --nvidia-runtime-name=${handler}`,
    });
  }

  private jetsons(): readonly NodePool[] {
    const { path } = this.node;
    const { site } = this.platform;
    const pools = site.pools.filter(({ gpus }) => gpus && gpuModel(gpus.model)?.reach === 'nvidia-device-plugin');
    if (pools.length === 0) {
      fail(
        path,
        `site ${site.name} has no Jetsons; give a pool the hardware "jetson-agx-orin-64" or another of the catalogue, or leave this plugin out`,
      );
    }
    const several = pools.find(({ gpusPerNode }) => gpusPerNode !== 1);
    if (several) {
      fail(
        path,
        `pool ${show(several.name)} has ${several.gpusPerNode} GPUs a node, but a Jetson has one; correct the site`,
      );
    }
    checkApart(path, pools, 'Jetsons');
    return pools;
  }

  private addPlugin(stage: Stage, pool: JetsonPool, resources: Required<ProgramResources>): void {
    const { kubeletRoot, podSecurity } = this.platform.distribution;
    const { name } = pool.nodes;
    const config = new ConfigFiles(stage, `config-${name}`, { 'config.yaml': () => pool.pluginConfig });
    const plugin = new DaemonSet(stage, `plugin-${name}`, {
      ...pool.placement,
      priorityClassName: 'system-node-critical',
      // Kubelet's directory of sockets is root's.
      user: 0,
      podSecurityContext: { runAsNonRoot: false },
      restartOn: [config],
      containers: [
        {
          name: 'plugin',
          image: images.devicePlugin,
          command: ['nvidia-device-plugin'],
          env: {
            CONFIG_FILE: '/config/config.yaml',
            // Said rather than found out, for which the plugin would have to see the node's /sys and NVIDIA's libraries.
            DEVICE_DISCOVERY_STRATEGY: 'tegra',
            // It tells the runtime by a variable which GPU a pod gets; the runtime knows a Jetson's devices and libraries itself.
            DEVICE_LIST_STRATEGY: 'envvar',
          },
          resources,
          mounts: [
            {
              path: SOCKETS,
              volume: { name: 'sockets', hostPath: { path: `${kubeletRoot}/device-plugins`, type: 'Directory' } },
            },
            { path: '/config', volume: volume.config('config', config) },
          ],
        },
      ],
    });
    if (podSecurity === 'scc') plugin.bindClusterRole('system:openshift:scc:hostmount-anyuid', this.namespace);
  }
}
