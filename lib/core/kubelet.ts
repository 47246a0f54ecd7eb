/** What a kubelet keeps back from pods, as the distribution configures it. */
export interface KubeletDefaults {
  readonly maxPods: number;
  /** Bytes of free memory below which pods are evicted, and which they therefore can't ask for. */
  readonly evictionMemory: number;
  /** The part of the node's disk below which pods are evicted. */
  readonly evictionDisk: number;
  /** What is reserved for the system besides: CPU in millicores, memory and disk in bytes. */
  reserved(node: { readonly cpu: number; readonly memory: number }): {
    readonly cpu: number;
    readonly memory: number;
    readonly disk: number;
  };
}

// Sources, as of mid-2026: kubernetes/kubernetes pkg/kubelet/apis/config/v1beta1/defaults.go and pkg/kubelet/eviction/defaults_linux.go; k3s and RKE2:
// k3s-io/k3s pkg/daemons/agent (evictionHard), docs.k3s.io and docs.rke2.io on dedicated control planes (the taint);
// openshift/machine-config-operator templates/{master,worker}/01-*-kubelet and kubelet-auto-sizing.yaml

const GIB = 1024 ** 3;
const NOTHING = { cpu: 0, memory: 0, disk: 0 };

/** The kubelet as it comes. */
export const KUBELET: KubeletDefaults = {
  maxPods: 110,
  evictionMemory: 100 * 1024 ** 2,
  evictionDisk: 0.1,
  reserved: () => NOTHING,
};

/** k3s gives thresholds for disks alone; one that is given replaces all of the kubelet's own. */
export const RANCHER_KUBELET: KubeletDefaults = { ...KUBELET, evictionMemory: 0, evictionDisk: 0.05 };

/** By the node's size: of memory 1 GiB up to 8, 6 % of the next 112 and 2 % of the rest; of CPUs 60m and 12m for each further one. */
export const OPENSHIFT_KUBELET: KubeletDefaults = {
  ...KUBELET,
  maxPods: 250,
  reserved({ cpu, memory }) {
    // `free -g` rounds down.
    const gibibytes = Math.max(0, Math.floor(memory / GIB) - 8);
    const tiers = gibibytes <= 120 ? gibibytes * 0.06 : 6.72 + (gibibytes - 112) * 0.02;
    return {
      cpu: Math.max(500, 60 + 12 * (Math.floor(cpu / 1000) - 1)),
      memory: Math.floor(1.5 + tiers) * GIB,
      disk: GIB,
    };
  },
};
