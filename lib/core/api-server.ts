/** How the API server is given flags and files. All paths are absolute, on the nodes of the control plane. */
export interface ApiServerFiles {
  /** `kubeadm`: by its ClusterConfiguration. `drop-in`: by a file in a folder that the server's program reads when it starts. */
  readonly form: 'kubeadm' | 'drop-in';
  /** The folder of drop-in files. */
  readonly dropInDir?: string;
  /** The service to restart with a drop-in file. */
  readonly service?: string;
  /** The program that lists and changes the keys of its secrets encryption. */
  readonly encryptionCommand?: string;
  readonly auditPolicyFile: string;
  /** The option that names the policy, where it isn't the API server's own flag. */
  readonly auditPolicyOption?: string;
  readonly auditLog: string;
  /** `file`: by a configuration of one's own. `option`: where it is asked for when the cluster is made. `always`: without being asked. */
  readonly encryption: 'file' | 'option' | 'always';
  /** Where the configuration of encryption is, which nobody else writes. */
  readonly encryptionFile?: string;
}

// Sources, as of mid-2026:
// kubernetes/kubernetes cmd/kubeadm/app/apis/kubeadm/v1beta4 (extraArgs, extraVolumes); k3s-io/docs docs/installation/configuration.md
// (drop-in files), docs/security/hardening-guide.md and docs/security/secrets-encryption.md; rancher/rke2
// pkg/executor/staticpod (the audit policy's option, the mounts of its log), pkg/rke2/rke2.go (encryption is always on)

export const KUBEADM_API_SERVER: ApiServerFiles = {
  form: 'kubeadm',
  auditPolicyFile: '/etc/kubernetes/audit/policy.yaml',
  auditLog: '/var/log/kubernetes/audit/audit.log',
  encryption: 'file',
  encryptionFile: '/etc/kubernetes/encryption/configuration.yaml',
};

export const K3S_API_SERVER: ApiServerFiles = {
  form: 'drop-in',
  dropInDir: '/etc/rancher/k3s/config.yaml.d',
  service: 'k3s',
  encryptionCommand: 'k3s secrets-encrypt',
  auditPolicyFile: '/var/lib/rancher/k3s/server/audit-policy.yaml',
  auditLog: '/var/lib/rancher/k3s/server/logs/audit.log',
  encryption: 'option',
};

export const RKE2_API_SERVER: ApiServerFiles = {
  form: 'drop-in',
  dropInDir: '/etc/rancher/rke2/config.yaml.d',
  service: 'rke2-server',
  encryptionCommand: 'rke2 secrets-encrypt',
  auditPolicyFile: '/etc/rancher/rke2/audit-policy.yaml',
  // Its own option has it mounted into the API server's pod.
  auditPolicyOption: 'audit-policy-file',
  auditLog: '/var/lib/rancher/rke2/server/logs/audit.log',
  encryption: 'always',
};
