import { type ApiServerFiles, K3S_API_SERVER, KUBEADM_API_SERVER, RKE2_API_SERVER } from './api-server';
import { CONTAINERD, type ContainerRuntime, CRI_O, rancherContainerd } from './container-runtime';
import { didYouMean, fail, show } from './errors';
import { KUBELET, type KubeletDefaults, OPENSHIFT_KUBELET, RANCHER_KUBELET } from './kubelet';

export { type ApiServerFiles } from './api-server';
export { type KubeletDefaults } from './kubelet';

/** The Kubernetes distributions that have a profile. */
export type DistributionName = 'kubeadm' | 'k3s' | 'rke2' | 'openshift' | 'tanzu';

/**
 * What a component that a distribution brings along does, so that a system asks for the part it would play itself:
 *
 * - `load-balancer`: gives Services of type LoadBalancer their address, as MetalLB does
 * - `ingress`: takes ports 80 and 443 for HTTP routing
 * - `gateway-api`: owns the CRDs of `gateway.networking.k8s.io`
 * - `storage`: a provisioner with a StorageClass of its own
 * - `metrics-server`: serves `metrics.k8s.io`
 * - `monitoring`: Prometheus with its operator and CRDs
 * - `snapshots`: owns the CRDs and the controller of `snapshot.storage.k8s.io`
 * - `runtime-classes`: makes RuntimeClass objects, `nvidia` among them
 * - `multus`: owns `NetworkAttachmentDefinition`
 */
export type BundledRole =
  | 'load-balancer'
  | 'ingress'
  | 'gateway-api'
  | 'storage'
  | 'metrics-server'
  | 'monitoring'
  | 'snapshots'
  | 'runtime-classes'
  | 'multus';

/** A component that is in the cluster before anything of ours is. */
export interface BundledComponent {
  /** The distribution's own name of it. */
  readonly name: string;
  readonly role: BundledRole;
  /** How a cluster is made without it, for the mend of an error. Absent where it can't be left out. */
  readonly disable?: string;
}

/** The cluster's DNS, for NetworkPolicies and configuration. */
export interface ClusterDns {
  readonly namespace: string;
  /** The Service's name. */
  readonly service: string;
  /** The labels of its pods. */
  readonly podLabels: Readonly<Record<string, string>>;
  /** The port on which its pods listen, UDP and TCP. A NetworkPolicy sees this one, not the Service's 53. */
  readonly podPort: number;
}

/** How the nodes of the control plane are told from others. */
export interface ControlPlaneNodes {
  readonly labels: Readonly<Record<string, string>>;
  /**
   * What keeps workloads off those that are nothing else. Some distributions set it by themselves, with others it is in the
   * configuration of each server, as their documentation says.
   */
  readonly taint: {
    readonly key: string;
    readonly value?: string;
    readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
  };
}

/**
 * What differs from one Kubernetes distribution to the next, as data: a system asks for the fact and never for the name.
 *
 * The values are the distribution's defaults; a cluster that was made with others says so on the platform.
 */
export interface Distribution {
  readonly name: DistributionName;
  /** As its makers write it. */
  readonly title: string;
  /** The version of Kubernetes, major and minor, where the platform names none: one that all systems here are made for. */
  readonly kubernetesVersion: string;
  /** The range of cluster IPs. */
  readonly serviceCidr: string;
  /** The range of pod IPs. Absent where it has no default. */
  readonly podCidr?: string;
  readonly clusterDomain: string;
  /** The port of the API server on the control-plane nodes. */
  readonly apiServerPort: number;
  readonly runtime: ContainerRuntime;
  /** The kubelet's root directory, which CSI drivers and device plugins mount. */
  readonly kubeletRoot: string;
  /** Where CNI plugins and their configuration are put. */
  readonly cni: { readonly binDir: string; readonly confDir: string };
  readonly dns: ClusterDns;
  /**
   * How pods are admitted. `pod-security`: the labels of Pod Security Admission on the namespace. `scc`: a SecurityContextConstraints
   * that the pod's service account may use, and Pod Security Admission's labels besides.
   */
  readonly podSecurity: 'pod-security' | 'scc';
  /** The Pod Security Standard that a namespace without labels is held to. */
  readonly podSecurityDefault: 'privileged' | 'restricted';
  /** Whether a pod may name its UID, GID and fsGroup. False where the namespace has a range of its own and others are refused. */
  readonly fixedUids: boolean;
  /** The RuntimeClass of pods that use NVIDIA GPUs. */
  readonly nvidiaRuntimeClass: string;
  readonly controlPlane: ControlPlaneNodes;
  readonly kubelet: KubeletDefaults;
  /** Absent where the distribution's own tools alone configure the API server. */
  readonly apiServer?: ApiServerFiles;
  readonly bundled: readonly BundledComponent[];
}

// Sources, as of mid-2026:
// kubeadm    kubernetes/kubernetes cmd/kubeadm/app/apis/kubeadm/v1beta4/defaults.go (networking, API port) and cmd/kubeadm/app/constants
//            (CRI socket); containerd's own defaults for its paths and the CNI's
// k3s        k3s-io/k3s pkg/cli/cmds/{server,stage}.go, pkg/agent/config/config.go, pkg/agent/containerd, pkg/daemons/agent, manifests/
// rke2       rancher/rke2 pkg/cli/defaults, pkg/cli/types.go, pkg/bootstrap, pkg/rke2/{np,psa}.go, charts/chart_versions.yaml;
//            rancher/rke2-docs docs/networking/networking_services.md, docs/add-ons/gpu_operators.md
// openshift  openshift/installer pkg/types/defaults/installconfig.go, openshift/cluster-dns-operator pkg/operator/controller/names.go and
//            pkg/manifests/assets/dns, openshift/cluster-network-operator (CNI directories), openshift/cluster-ingress-operator (the
//            admission policy over Gateway API's CRDs)
// tanzu      the cluster configurations that Tanzu's command line generates (CIDRs); VMware's "Configure PSA for TKR 1.25 and Later"
// registries containerd/containerd docs/hosts.md; rancher/rke2-docs docs/install/private_registry.md, which K3s shares;
//            kubernetes/kubernetes pkg/credentialprovider/config.go (config.json in the kubelet's root)
// GPUs       NVIDIA/gpu-operator controllers/object_controls.go (default paths of containerd and CRI-O, RuntimeClass `nvidia`)

const KUBE_DNS: ClusterDns = {
  namespace: 'kube-system',
  service: 'kube-dns',
  podLabels: { 'k8s-app': 'kube-dns' },
  podPort: 53,
};

const CONTROL_PLANE = 'node-role.kubernetes.io/control-plane';

/** The label and the taint that kubeadm gives. */
const KUBEADM_CONTROL_PLANE: ControlPlaneNodes = {
  labels: { [CONTROL_PLANE]: '' },
  taint: { key: CONTROL_PLANE, effect: 'NoSchedule' },
};

/** A server is a worker too, unless it is configured with the taint that the documentation gives. */
const RANCHER_CONTROL_PLANE: ControlPlaneNodes = {
  labels: { [CONTROL_PLANE]: 'true' },
  taint: { key: 'CriticalAddonsOnly', value: 'true', effect: 'NoExecute' },
};

const STANDARD_CNI = { binDir: '/opt/cni/bin', confDir: '/etc/cni/net.d' };

/** The profiles by name. */
export const DISTRIBUTIONS: Readonly<Record<DistributionName, Distribution>> = {
  kubeadm: {
    name: 'kubeadm',
    title: 'kubeadm',
    kubernetesVersion: '1.35',
    serviceCidr: '10.96.0.0/12',
    // No podCidr: kubeadm sets none unless --pod-network-cidr is given.
    clusterDomain: 'cluster.local',
    apiServerPort: 6443,
    runtime: CONTAINERD,
    kubeletRoot: '/var/lib/kubelet',
    cni: STANDARD_CNI,
    dns: KUBE_DNS,
    podSecurity: 'pod-security',
    podSecurityDefault: 'privileged',
    fixedUids: true,
    nvidiaRuntimeClass: 'nvidia',
    controlPlane: KUBEADM_CONTROL_PLANE,
    kubelet: KUBELET,
    apiServer: KUBEADM_API_SERVER,
    bundled: [],
  },
  k3s: {
    name: 'k3s',
    title: 'K3s',
    kubernetesVersion: '1.35',
    serviceCidr: '10.43.0.0/16',
    podCidr: '10.42.0.0/16',
    clusterDomain: 'cluster.local',
    apiServerPort: 6443,
    runtime: rancherContainerd('k3s', 'k3s ctr', 'k3s'),
    // k3s leaves the kubelet's own default; only the rootless mode moves it.
    kubeletRoot: '/var/lib/kubelet',
    // data/cni is the link that stays when an upgrade changes data/current.
    cni: { binDir: '/var/lib/rancher/k3s/data/cni', confDir: '/var/lib/rancher/k3s/agent/etc/cni/net.d' },
    dns: KUBE_DNS,
    podSecurity: 'pod-security',
    podSecurityDefault: 'privileged',
    fixedUids: true,
    nvidiaRuntimeClass: 'nvidia',
    controlPlane: RANCHER_CONTROL_PLANE,
    kubelet: RANCHER_KUBELET,
    apiServer: K3S_API_SERVER,
    bundled: [
      { name: 'servicelb', role: 'load-balancer', disable: 'start each server with --disable=servicelb' },
      { name: 'traefik', role: 'ingress', disable: 'start each server with --disable=traefik' },
      // A component of its own from 1.37 on; before, it is part of Traefik's CRDs.
      {
        name: 'gateway-api-crd',
        role: 'gateway-api',
        disable: 'start each server with --disable=traefik,gateway-api-crd',
      },
      { name: 'local-storage', role: 'storage', disable: 'start each server with --disable=local-storage' },
      { name: 'metrics-server', role: 'metrics-server', disable: 'start each server with --disable=metrics-server' },
      { name: 'runtimes', role: 'runtime-classes', disable: 'start each server with --disable=runtimes' },
    ],
  },
  rke2: {
    name: 'rke2',
    title: 'RKE2',
    kubernetesVersion: '1.35',
    // The engine's defaults, which RKE2 keeps.
    serviceCidr: '10.43.0.0/16',
    podCidr: '10.42.0.0/16',
    clusterDomain: 'cluster.local',
    apiServerPort: 6443,
    runtime: rancherContainerd('rke2', '/var/lib/rancher/rke2/bin/ctr', 'rke2-server'),
    kubeletRoot: '/var/lib/kubelet',
    cni: STANDARD_CNI,
    dns: { ...KUBE_DNS, service: 'rke2-coredns-rke2-coredns' },
    podSecurity: 'pod-security',
    // `restricted` with `profile: cis`, but for kube-system and a few more.
    podSecurityDefault: 'privileged',
    fixedUids: true,
    nvidiaRuntimeClass: 'nvidia',
    controlPlane: RANCHER_CONTROL_PLANE,
    kubelet: RANCHER_KUBELET,
    apiServer: RKE2_API_SERVER,
    bundled: [
      // Traefik in clusters made with 1.36 or later, ingress-nginx where it already was.
      { name: 'rke2-traefik', role: 'ingress', disable: 'set ingress-controller: none on each server' },
      { name: 'rke2-traefik-crd', role: 'gateway-api', disable: 'set ingress-controller: none on each server' },
      {
        name: 'rke2-metrics-server',
        role: 'metrics-server',
        disable: 'set disable: rke2-metrics-server on each server',
      },
      {
        name: 'rke2-snapshot-controller',
        role: 'snapshots',
        disable: 'set disable: [rke2-snapshot-controller, rke2-snapshot-controller-crd] on each server',
      },
      {
        name: 'rke2-runtimeclasses',
        role: 'runtime-classes',
        disable: 'set disable: rke2-runtimeclasses on each server',
      },
    ],
  },
  openshift: {
    name: 'openshift',
    title: 'OpenShift',
    kubernetesVersion: '1.35',
    serviceCidr: '172.30.0.0/16',
    podCidr: '10.128.0.0/14',
    clusterDomain: 'cluster.local',
    apiServerPort: 6443,
    runtime: CRI_O,
    kubeletRoot: '/var/lib/kubelet',
    // Multus, which is always there, calls the plugins; these are the directories that it and CRI-O read.
    cni: { binDir: '/var/lib/cni/bin', confDir: '/etc/kubernetes/cni/net.d' },
    dns: {
      namespace: 'openshift-dns',
      service: 'dns-default',
      podLabels: { 'dns.operator.openshift.io/daemonset-dns': 'default' },
      podPort: 5353,
    },
    podSecurity: 'scc',
    podSecurityDefault: 'privileged',
    // restricted-v2 takes UID and fsGroup from the namespace's range and refuses others.
    fixedUids: false,
    nvidiaRuntimeClass: 'nvidia',
    controlPlane: {
      labels: { [CONTROL_PLANE]: '', 'node-role.kubernetes.io/master': '' },
      taint: { key: 'node-role.kubernetes.io/master', effect: 'NoSchedule' },
    },
    kubelet: OPENSHIFT_KUBELET,
    bundled: [
      { name: 'router', role: 'ingress' },
      // An admission policy lets none but the ingress operator change these CRDs.
      { name: 'gateway-api', role: 'gateway-api' },
      { name: 'metrics-server', role: 'metrics-server' },
      { name: 'openshift-monitoring', role: 'monitoring' },
      { name: 'csi-snapshot-controller', role: 'snapshots' },
      { name: 'multus', role: 'multus' },
    ],
  },
  tanzu: {
    name: 'tanzu',
    title: 'Tanzu Kubernetes Grid',
    kubernetesVersion: '1.33',
    serviceCidr: '100.64.0.0/13',
    podCidr: '100.96.0.0/11',
    clusterDomain: 'cluster.local',
    apiServerPort: 6443,
    runtime: CONTAINERD,
    kubeletRoot: '/var/lib/kubelet',
    cni: STANDARD_CNI,
    dns: KUBE_DNS,
    podSecurity: 'pod-security',
    // Enforced since TKr 1.26; a namespace's labels loosen it.
    podSecurityDefault: 'restricted',
    fixedUids: true,
    nvidiaRuntimeClass: 'nvidia',
    controlPlane: KUBEADM_CONTROL_PLANE,
    kubelet: KUBELET,
    bundled: [
      // NSX, or the Avi operator: chosen with the cluster.
      { name: 'vsphere-cloud-provider', role: 'load-balancer' },
      { name: 'vsphere-csi', role: 'storage' },
      { name: 'metrics-server', role: 'metrics-server' },
    ],
  },
};

/**
 * The profile of a distribution.
 *
 * @param path where the name was given, for the error
 * @throws OnPremError when there is no profile of that name
 */
export function distribution(name: string, path = 'platform'): Distribution {
  const found = Object.values(DISTRIBUTIONS).find((profile) => profile.name === name);
  return (
    found ??
    fail(path, `distribution ${show(name)} is not known${didYouMean(String(name), Object.keys(DISTRIBUTIONS))}`)
  );
}

/** The component of the distribution that plays a part already, if there is one. */
export function bundled(profile: Distribution, role: BundledRole): BundledComponent | undefined {
  return profile.bundled.find((component) => component.role === role);
}
