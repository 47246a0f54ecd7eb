import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gpuResource } from '../../../lib';
import { RUN } from '../paths';
import { program } from '../programs/programs';
import { until } from '../shell';
import { readState } from '../state';
import {
  CLUSTER_DNS,
  CLUSTER_DOMAIN,
  GROUP,
  POD_NETWORK,
  RESOLV_CONF,
  SERVICE_NETWORK,
  SYSTEM_PATH,
} from './constants';
import { kubectl } from './kubectl';
import { labelsOf, nodeOf } from './node-labels';
import { certificate, key, kubeconfig } from './pki';
import { type PlannedNode } from './plan';
import { addProcess } from './processes';
import { nodeStore } from './store';
import { pathWithTables } from './tables';

export const CONTAINERD_SOCKET = '/run/containerd/containerd.sock';
export const SANDBOX_IMAGE = 'registry.k8s.io/pause:3.10';

const CGROUPS = '/sys/fs/cgroup';

/** The folder that a place has for itself: `lib` is its /var/lib, `log` its /var/log. */
export function folderOf(place: string): string {
  return join(RUN, 'places', place);
}

/** Gives a node its images and starts its containerd. */
export async function startContainerRuntime({ name, podCidr }: PlannedNode, store: string): Promise<void> {
  await nodeStore(store, join(folderOf(name), 'lib/containerd'));
  const cni = join(folderOf(name), 'cni');
  const config = join(folderOf(name), 'containerd.toml');
  mkdirSync(cni);
  writeFileSync(join(cni, '10-pods.conflist'), JSON.stringify(podNetwork(podCidr)));
  writeFileSync(config, containerdConfig(cni));
  await addProcess({
    name: `containerd-${name}`,
    node: name,
    argv: [program('containerd'), '--config', config],
    env: { PATH: pathWithPrograms() },
  });
  const { pid } = readState().nodes.find((node) => node.name === name)!;
  const socket = `/proc/${pid}/root${CONTAINERD_SOCKET}`;
  await until(`containerd of ${name}`, 60, async () => existsSync(socket) || undefined, 0.05);
}

/** Starts the kubelet and kube-proxy; the API server must answer. */
export async function startKubelet(node: PlannedNode): Promise<void> {
  const { name, address, pool } = node;
  makeCgroups(name);
  const config = join(folderOf(name), 'kubelet.json');
  writeFileSync(config, JSON.stringify(kubeletConfig(node)));
  await addProcess({
    name: `kubelet-${name}`,
    node: name,
    argv: [
      program('kubelet'),
      `--config=${config}`,
      `--kubeconfig=${kubeconfig(name)}`,
      `--hostname-override=${name}`,
      `--node-ip=${address}`,
      // It reads dozens of files for each container each time.
      '--housekeeping-interval=60s',
    ],
    env: {
      PATH: pathWithPrograms(),
      BENCH_CPUS: String(pool.cpusPerNode),
      BENCH_MEMORY_GIB: String(Math.max(1, Math.floor(pool.memory.toKibibytes() / 1024 ** 2))),
    },
  });
  await addProcess({
    name: `kube-proxy-${name}`,
    node: name,
    argv: [
      program('kube-proxy'),
      `--kubeconfig=${kubeconfig('kube-proxy')}`,
      `--hostname-override=${name}`,
      `--cluster-cidr=${POD_NETWORK}`,
      '--proxy-mode=nftables',
      '--conntrack-max-per-core=0',
    ],
    env: { PATH: SYSTEM_PATH },
  });
}

/** Once it is registered: what a kubelet may not say of itself, and what enforces NetworkPolicies. */
export async function finishNode({ name, pool, podCidr }: PlannedNode): Promise<void> {
  await until(`node ${name}`, 60, () => kubectl(['get', 'node', name]), 0.1);
  const patch = { metadata: { labels: labelsOf(pool) }, spec: { podCIDR: podCidr, podCIDRs: [podCidr] } };
  await kubectl(['patch', 'node', name, '-p', JSON.stringify(patch)]);
  if (pool.gpus) {
    const capacity = { [gpuResource(pool.gpus.vendor)]: String(pool.gpus.count) };
    const status = JSON.stringify({ status: { capacity, allocatable: capacity } });
    await kubectl(['patch', 'node', name, '--subresource=status', '-p', status]);
  }
  await addProcess({
    name: `network-policies-${name}`,
    node: name,
    argv: [
      program('network-policies'),
      `--kubeconfig=${kubeconfig('network-policies')}`,
      `--hostname-override=${name}`,
      `--service-cluster-ip-range=${SERVICE_NETWORK}`,
    ],
    env: { PATH: await pathWithTables() },
  });
}

function containerdConfig(cni: string): string {
  return `version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt"]
[grpc]
  address = "${CONTAINERD_SOCKET}"
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"
  # What is pulled is kept once, unpacked.
  discard_unpacked_layers = true
  stats_collect_period = 60
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = "${SANDBOX_IMAGE}"
  [plugins."io.containerd.cri.v1.images".registry]
    config_path = "/etc/containerd/certs.d"
[plugins."io.containerd.cri.v1.runtime"]
  # Without CAP_SYS_RESOURCE, the kernel refuses a sandbox its negative score.
  restrict_oom_score_adj = true
  # Every container each second, unless told otherwise: a third of all that is spent on running them, for numbers that nobody asks for.
  stats_collect_period = "60s"
[plugins."io.containerd.cri.v1.runtime".cni]
  bin_dirs = ["/usr/lib/cni"]
  conf_dir = "${cni}"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
    BinaryName = "${program('runc')}"
    SystemdCgroup = false
`;
}

/** Pods are behind a bridge, and reached by their own addresses: a NetworkPolicy must see who sends. */
function podNetwork(podCidr: string): object {
  return {
    cniVersion: '1.0.0',
    name: 'pods',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        ipMasq: false,
        hairpinMode: true,
        ipam: { type: 'host-local', ranges: [[{ subnet: podCidr }]], routes: [{ dst: '0.0.0.0/0' }] },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
}

function kubeletConfig({ name, pool }: PlannedNode): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    clusterDNS: [CLUSTER_DNS],
    clusterDomain: CLUSTER_DOMAIN,
    resolvConf: RESOLV_CONF,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: certificate('ca') },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: certificate(name),
    tlsPrivateKeyFile: key(name),
    registerWithTaints: nodeOf(pool).taints,
    maxPods: 110,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${GROUP}/${name}`,
    enforceNodeAllocatable: [],
    failCgroupV1: false,
    failSwapOn: false,
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '2%', 'imagefs.available': '2%' },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    volumePluginDir: '/var/lib/kubelet/volume-plugins',
  };
}

/** Of the processors, for all pods of a cluster: ten times what a single program outside has, which is what they would share otherwise. By version of cgroups. */
const SHARES = [
  ['cpu.shares', '10240'],
  ['cpu.weight', '1000'],
] as const;

/** The kubelet wants its root to be there. In version 1, a new cpuset is of no use before it has CPUs. */
function makeCgroups(node: string): void {
  const unified = existsSync(join(CGROUPS, 'cgroup.controllers'));
  for (const hierarchy of unified ? [''] : readdirSync(CGROUPS)) {
    for (const group of [GROUP, join(GROUP, node)]) {
      const path = join(CGROUPS, hierarchy, group);
      mkdirSync(path, { recursive: true });
      for (const [file, value] of SHARES) {
        if (group === GROUP && existsSync(join(path, file))) writeFileSync(join(path, file), value);
      }
      if (unified) continue;
      for (const file of ['cpuset.cpus', 'cpuset.mems'].filter((name) => existsSync(join(path, name)))) {
        writeFileSync(join(path, file), readFileSync(join(dirname(path), file)));
      }
    }
  }
}

/** containerd looks for its shim there, and the kubelet for mount and nft. */
function pathWithPrograms(): string {
  return `${dirname(program('containerd'))}:${SYSTEM_PATH}`;
}
