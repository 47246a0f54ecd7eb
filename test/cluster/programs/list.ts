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
  /** Files that upstream's image has besides: where each lies in which Go module. */
  readonly files?: Readonly<Record<string, { readonly module: string; readonly path: string }>>;
  /** Programs that are the first binary under another name, with their versions. */
  readonly links?: Readonly<Record<string, string>>;
  readonly tags?: readonly string[];
  /** Values for Go variables, set by the linker. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Files of a Go module that are built as ours are, by their paths in it. @default - none */
  readonly replaced?: { readonly module: string; readonly files: Readonly<Record<string, string>> };
  /** Linked against C libraries. @default false */
  readonly cgo?: boolean;
  /** Seconds on 2 CPUs with nothing cached but what those before it in the list left. */
  readonly seconds: number;
}

const KUBERNETES = '1.36.3';

/** Of the branch that 1.30's releases are made from, which have no Go versions. */
const ISTIO_COMMIT = '9739e10eb9d7';
const ISTIO = `1.30-${ISTIO_COMMIT}`;

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
    binaries: { kubernetes: './kubernetes', kubectl: 'k8s.io/kubernetes/cmd/kubectl' },
    links: {
      'kube-apiserver': KUBERNETES,
      'kube-controller-manager': KUBERNETES,
      'kube-scheduler': KUBERNETES,
      'kube-proxy': KUBERNETES,
      kubelet: KUBERNETES,
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
    name: 'vault',
    version: '1.21.0',
    purpose: 'store of secrets',
    module: 'vault',
    binaries: { vault: './vault' },
    tags: ['minimal'],
    variables: { 'github.com/hashicorp/vault/version.fullVersion': '1.21.0' },
    seconds: 170,
  },
  {
    name: 'external-secrets',
    version: '0.19.2',
    purpose: 'Secrets out of a store',
    module: 'external-secrets',
    binaries: { 'external-secrets': './external-secrets' },
    replaced: {
      module: 'github.com/external-secrets/external-secrets',
      files: {
        'pkg/provider/register/register.go': 'replaced/providers.go',
        'pkg/generator/register/register.go': 'replaced/generators.go',
      },
    },
    seconds: 100,
  },
  {
    name: 'dex',
    version: '2.45.1',
    purpose: 'who signs in',
    module: 'dex',
    binaries: { dex: 'github.com/dexidp/dex/cmd/dex' },
    variables: { 'main.version': 'v2.45.1' },
    cgo: true,
    seconds: 60,
  },
  {
    name: 'oauth2-proxy',
    version: '7.15.3',
    purpose: 'sign-in before interfaces',
    module: 'oauth2-proxy',
    binaries: { 'oauth2-proxy': 'github.com/oauth2-proxy/oauth2-proxy/v7' },
    seconds: 40,
  },
  {
    name: 'istio',
    version: ISTIO,
    purpose: "the mesh's control plane, and the agent beside Envoy",
    module: 'istio',
    binaries: {
      'pilot-discovery': 'istio.io/istio/pilot/cmd/pilot-discovery',
      'pilot-agent': 'istio.io/istio/pilot/cmd/pilot-agent',
    },
    files: {
      'envoy-bootstrap.json': { module: 'istio.io/istio', path: 'tools/packaging/common/envoy_bootstrap.json' },
    },
    variables: {
      'istio.io/istio/pkg/version.buildVersion': ISTIO,
      'istio.io/istio/pkg/version.buildTag': ISTIO,
      'istio.io/istio/pkg/version.buildGitRevision': ISTIO_COMMIT,
      'istio.io/istio/pkg/version.buildStatus': 'Clean',
    },
    seconds: 160,
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
  {
    name: 'audit-collector',
    version: '0.159.0',
    purpose: 'collects audit records',
    module: 'audit-collector',
    binaries: { 'otelcol-contrib': './collector' },
    tags: ['grpcnotrace'],
    variables: { 'main.version': '0.159.0' },
    seconds: 80,
  },
];
