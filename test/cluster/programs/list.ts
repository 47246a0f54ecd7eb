/** A program that the bench builds, or several that come of one build. */
export interface Program {
  readonly name: string;
  readonly version: string;
  /** What it is on the bench. */
  readonly purpose: string;
  /** Directory of the Go module that it is built in. @default - the one for all of them */
  readonly module?: string;
  /** Go package of each binary. */
  readonly binaries: Readonly<Record<string, string>>;
  /** Programs that are the first binary under another name, with their versions. */
  readonly links?: Readonly<Record<string, string>>;
  readonly tags?: readonly string[];
  /** Values for Go variables, set by the linker. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Linked against C libraries. @default false */
  readonly cgo?: boolean;
  /** Seconds on 2 CPUs with nothing cached but what those before it in the list left. */
  readonly seconds: number;
}

const KUBERNETES = '1.36.3';

/** In the order in which they are built: what comes after Kubernetes has many packages in common with it. */
export const PROGRAMS: readonly Program[] = [
  {
    name: 'holder',
    version: '1.0.0',
    purpose: 'first process of namespaces and of pod sandboxes',
    binaries: { holder: './holder' },
    links: { pause: '1.0.0' },
    seconds: 5,
  },
  {
    name: 'runc',
    version: '1.5.2',
    purpose: 'starts containers',
    binaries: { runc: 'github.com/opencontainers/runc' },
    tags: ['seccomp'],
    cgo: true,
    seconds: 20,
  },
  {
    name: 'kubernetes',
    version: KUBERNETES,
    purpose: 'control plane, kubelet, kube-proxy, kubectl and etcd',
    binaries: { kubernetes: './kubernetes' },
    links: {
      'kube-apiserver': KUBERNETES,
      'kube-controller-manager': KUBERNETES,
      'kube-scheduler': KUBERNETES,
      'kube-proxy': KUBERNETES,
      kubelet: KUBERNETES,
      kubectl: KUBERNETES,
      etcd: '3.6.8',
    },
    variables: {
      'k8s.io/component-base/version.gitVersion': `v${KUBERNETES}`,
      'k8s.io/component-base/version.gitMajor': '1',
      'k8s.io/component-base/version.gitMinor': '36',
      'k8s.io/component-base/version.gitTreeState': 'clean',
      'k8s.io/client-go/pkg/version.gitVersion': `v${KUBERNETES}`,
      'k8s.io/client-go/pkg/version.gitMajor': '1',
      'k8s.io/client-go/pkg/version.gitMinor': '36',
    },
    seconds: 450,
  },
  {
    name: 'containerd',
    version: '2.4.2',
    purpose: 'container runtime of the nodes',
    module: 'containerd',
    binaries: {
      containerd: 'github.com/containerd/containerd/v2/cmd/containerd',
      'containerd-shim-runc-v2': 'github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2',
      ctr: 'github.com/containerd/containerd/v2/cmd/ctr',
    },
    tags: ['no_btrfs', 'no_devmapper', 'no_zfs', 'no_rdt'],
    variables: { 'github.com/containerd/containerd/v2/version.Version': '2.4.2' },
    seconds: 60,
  },
  {
    name: 'coredns',
    version: '1.14.2',
    purpose: "the cluster's DNS",
    binaries: { coredns: './coredns' },
    seconds: 20,
  },
  {
    name: 'kube-router',
    version: '2.2.1',
    purpose: 'enforces NetworkPolicies',
    binaries: { 'network-policies': './network-policies' },
    seconds: 10,
  },
  {
    name: 'local-path-provisioner',
    version: '0.0.30',
    purpose: 'volumes on directories of a node',
    binaries: { 'local-path-provisioner': 'github.com/rancher/local-path-provisioner' },
    variables: { 'main.VERSION': 'v0.0.30' },
    seconds: 10,
  },
  {
    name: 'kwok',
    version: '0.8.0',
    purpose: 'nodes without a machine',
    binaries: { kwok: 'sigs.k8s.io/kwok/cmd/kwok' },
    seconds: 30,
  },
  {
    name: 'metallb',
    version: '0.16.1',
    purpose: 'addresses of Services',
    module: 'metallb',
    binaries: {
      'metallb-controller': 'go.universe.tf/metallb/controller',
      'metallb-speaker': 'go.universe.tf/metallb/speaker',
    },
    seconds: 130,
  },
  {
    name: 'cert-manager',
    version: '1.21.1',
    purpose: 'certificates',
    module: 'cert-manager',
    binaries: {
      'cert-manager-controller': './controller',
      'cert-manager-webhook': './webhook',
      'cert-manager-cainjector': './cainjector',
    },
    variables: { 'github.com/cert-manager/cert-manager/pkg/util.AppVersion': 'v1.21.1' },
    seconds: 90,
  },
  {
    name: 'minio',
    version: '2025-09-07T16-13-09Z',
    purpose: 'object store',
    binaries: { minio: 'github.com/minio/minio' },
    variables: {
      'github.com/minio/minio/cmd.Version': '2025-09-07T16:13:09Z',
      'github.com/minio/minio/cmd.ReleaseTag': 'RELEASE.2025-09-07T16-13-09Z',
      'github.com/minio/minio/cmd.CommitID': '07c3a429bfed433e49018cb0f78a52145d4bedeb',
    },
    seconds: 120,
  },
  {
    name: 'mc',
    version: '2025-08-13T08-35-41Z',
    purpose: "the object store's client",
    binaries: { mc: 'github.com/minio/mc' },
    variables: {
      'github.com/minio/mc/cmd.Version': '2025-08-13T08:35:41Z',
      'github.com/minio/mc/cmd.ReleaseTag': 'RELEASE.2025-08-13T08-35-41Z',
      'github.com/minio/mc/cmd.CommitID': '7394ce0dd2a80935aded936b09fa12cbb3cb8096',
    },
    seconds: 30,
  },
  {
    name: 'kueue',
    version: '0.19.2',
    purpose: 'queues of jobs',
    module: 'training',
    binaries: { 'kueue-manager': 'sigs.k8s.io/kueue/cmd/kueue' },
    variables: { 'sigs.k8s.io/kueue/pkg/version.GitVersion': 'v0.19.2' },
    seconds: 90,
  },
  {
    name: 'jobset',
    version: '0.12.0',
    purpose: 'jobs that belong together',
    module: 'training',
    binaries: { 'jobset-manager': 'sigs.k8s.io/jobset' },
    variables: { 'sigs.k8s.io/jobset/pkg/version.GitVersion': 'v0.12.0' },
    seconds: 10,
  },
  {
    name: 'trainer',
    version: '2.3.0',
    purpose: 'training jobs',
    module: 'training',
    binaries: { 'trainer-manager': 'github.com/kubeflow/trainer/v2/cmd/trainer-controller-manager' },
    seconds: 10,
  },
  {
    name: 'node-feature-discovery',
    version: '0.19.0',
    purpose: 'labels of nodes by what they have',
    module: 'training',
    binaries: {
      'nfd-master': 'sigs.k8s.io/node-feature-discovery/cmd/nfd-master',
      'nfd-worker': 'sigs.k8s.io/node-feature-discovery/cmd/nfd-worker',
      'nfd-gc': 'sigs.k8s.io/node-feature-discovery/cmd/nfd-gc',
    },
    variables: {
      'sigs.k8s.io/node-feature-discovery/pkg/version.version': 'v0.19.0',
      // Where its image has what it is shown of the node.
      'sigs.k8s.io/node-feature-discovery/pkg/utils/hostpath.pathPrefix': '/host-',
    },
    seconds: 40,
  },
  {
    name: 'registry',
    version: '2.8.3',
    purpose: 'where images are pulled from, as Harbor has it',
    module: 'mirror',
    binaries: { registry: './registry' },
    variables: { 'github.com/docker/distribution/version.Version': 'v2.8.3' },
    seconds: 15,
  },
  {
    name: 'crane',
    version: '0.22.1',
    purpose: 'brings images into a registry',
    module: 'mirror',
    binaries: { crane: 'github.com/google/go-containerregistry/cmd/crane' },
    seconds: 15,
  },
];
