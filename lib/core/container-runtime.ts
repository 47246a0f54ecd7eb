// Sources: see the profiles in distribution.ts.

/** Where the container runtime of a node is. All are absolute paths on the node. */
export interface ContainerRuntime {
  readonly name: 'containerd' | 'cri-o';
  /** The CRI socket. */
  readonly socket: string;
  /** The configuration that the runtime is started with. Some distributions write it anew at each start: use `dropInDir`. */
  readonly configFile: string;
  /** The directory whose files are added to the configuration. */
  readonly dropInDir: string;
  /** The command by which images are imported. Absent where there is none. */
  readonly ctr?: string;
  /** How a node is told of a registry. */
  readonly registries: RegistryConfiguration;
}

/**
 * How a node is told of a registry's authority, of other hosts that answer for it, and of credentials:
 *
 * - `hosts.toml`: a folder for each registry below `path`, which containerd reads at each pull; credentials are kubelet's own
 * - `registries.yaml`: one file for all, which is read when one of `services` starts, a server's or an agent's
 * - `cluster`: objects of the cluster, which its operators bring to the nodes
 */
export type RegistryConfiguration =
  | { readonly form: 'hosts.toml'; readonly path: string }
  | { readonly form: 'registries.yaml'; readonly path: string; readonly services: readonly [string, string] }
  | { readonly form: 'cluster' };

/** As its packages configure it. */
export const CONTAINERD: ContainerRuntime = {
  name: 'containerd',
  socket: '/run/containerd/containerd.sock',
  configFile: '/etc/containerd/config.toml',
  dropInDir: '/etc/containerd/conf.d',
  ctr: 'ctr',
  registries: { form: 'hosts.toml', path: '/etc/containerd/certs.d' },
};

/** k3s and RKE2 share the engine, and with it the socket's place whatever the data directory is. */
export function rancherContainerd(name: string, ctr: string, server: string): ContainerRuntime {
  const dataDir = `/var/lib/rancher/${name}`;
  return {
    name: 'containerd',
    socket: '/run/k3s/containerd/containerd.sock',
    configFile: `${dataDir}/agent/etc/containerd/config.toml`,
    // For containerd 2; with containerd 1.7 the directory is config.toml.d.
    dropInDir: `${dataDir}/agent/etc/containerd/config-v3.toml.d`,
    ctr,
    registries: {
      form: 'registries.yaml',
      path: `/etc/rancher/${name}/registries.yaml`,
      services: [server, `${name}-agent`],
    },
  };
}

/** OpenShift's. */
export const CRI_O: ContainerRuntime = {
  name: 'cri-o',
  socket: '/var/run/crio/crio.sock',
  configFile: '/etc/crio/config.toml',
  dropInDir: '/etc/crio/crio.conf.d',
  registries: { form: 'cluster' },
};
