import { type Plan } from './control-plane';

/** The folder that a file of a node is in. */
export function folderOf(file: string): string {
  return file.slice(0, file.lastIndexOf('/'));
}

/** What an operator does on the nodes, step by step: README.md beside the files. */
export function instructions(plan: Plan): string {
  const { title, files } = plan;
  const steps = files.form === 'kubeadm' ? kubeadmSteps(plan) : dropInSteps(plan);
  return [
    `# The API server on ${title}`,
    '',
    'Done as root on each node of the control plane, one after another, before the platform is applied. None of these files holds a key.',
    '',
    ...steps.flatMap((step, i) => [`${i + 1}. ${step}`, '']),
    ...check(plan),
    ...keys(plan),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

function code(...lines: readonly string[]): string {
  return ['', '', '   ```sh', ...lines.map((line) => `   ${line}`), '   ```'].join('\n');
}

function policy({ files }: Plan): string {
  return `The audit policy:${code(
    `mkdir -p -m 700 ${folderOf(files.auditPolicyFile)} ${folderOf(files.auditLog)}`,
    `install -m 600 audit-policy.yaml ${files.auditPolicyFile}`,
  )}`;
}

function kubeadmSteps(plan: Plan): string[] {
  const { files, audit, encryption } = plan;
  const file = files.encryptionFile!;
  const withKey = typeof encryption?.provider === 'string';
  return [
    ...(audit ? [policy(plan)] : []),
    ...(encryption && withKey
      ? [
          `The key, on the first node:${code('./make-encryption-key.sh')}`,
          `The same key on each other node, or it could not read what the first one wrote:${code(
            `install -d -m 700 ${folderOf(file)}`,
            `scp -p <first node>:${file} ${file}`,
          )}`,
        ]
      : []),
    ...(encryption && !withKey
      ? [
          `The plugin must run on the node, and answer at its socket, before the API server starts. Then:${code(
            `install -d -m 700 ${folderOf(file)}`,
            `install -m 600 encryption-configuration.yaml ${file}`,
          )}`,
        ]
      : []),
    `A cluster that is yet to be made: take what is below \`apiServer\` in kubeadm.yaml into the file of \`kubeadm init --config\`. One that is there: take it into the ClusterConfiguration that the cluster keeps, so that upgrades and new nodes have it too, and then, on each node, whose \`--advertise-address\` must be the same afterwards (a node with several addresses may need it in an InitConfiguration in cluster.yaml):${code(
      'kubectl -n kube-system edit configmap kubeadm-config',
      'cp -a /etc/kubernetes ~/kubernetes-before',
      "kubectl -n kube-system get configmap kubeadm-config -o jsonpath='{.data.ClusterConfiguration}' > cluster.yaml",
      'kubeadm init phase control-plane apiserver --config cluster.yaml',
    )}`,
    ...rewrite(plan),
  ];
}

function dropInSteps(plan: Plan): string[] {
  const { files, audit, encryption, title } = plan;
  return [
    ...(audit ? [policy(plan)] : []),
    ...(encryption
      ? [
          files.encryption === 'always'
            ? `${title} encrypts secrets by itself. Which cipher is the drop-in file's matter, for a cluster that is yet to be made.`
            : `${title} encrypts secrets where it is asked to when the first server is started: put the drop-in file there before. It makes the key itself, and all servers have it. A cluster that was made without keeps its secrets in plain until its documentation's own way of turning encryption on has been gone.`,
        ]
      : []),
    `The configuration, the same on each server, and a restart:${code(
      `install -D -m 600 50-onprem-ml.yaml ${files.dropInDir!}/50-onprem-ml.yaml`,
      `systemctl restart ${files.service!}`,
    )}`,
  ];
}

/** What was stored before stays in plain until it is written again. */
function rewrite({ encryption }: Plan): string[] {
  if (!encryption) return [];
  return [
    `When all nodes are done, write again what was stored before, which is still in plain:${code(
      ...encryption.resources.map(
        (resource) => `kubectl get ${resource} --all-namespaces -o json | kubectl replace -f -`,
      ),
    )}`,
  ];
}

function check({ files, audit, encryption }: Plan): string[] {
  return [
    '## To see that it works',
    '',
    ...(audit
      ? [
          'A line for each request, and no body of a secret:',
          '',
          '```sh',
          'kubectl -n kube-system get secrets > /dev/null',
          `tail -n 200 ${files.auditLog} | grep '"resource":"secrets"' | tail -n 1`,
          '```',
          '',
          `A log is closed at ${audit.megabytes} MB; ${audit.files} are kept, ${audit.days} days at most, compressed: have them collected from each node before. Who may read them sees who did what, and nothing of the secrets.`,
          '',
        ]
      : []),
    ...(encryption ? seeEncryption(files.encryptionCommand, encryption.provider) : []),
  ];
}

function seeEncryption(command: string | undefined, provider: string | object): string[] {
  if (command !== undefined) return ['```sh', `${command} status`, '```', ''];
  const prefix = typeof provider === 'string' ? `k8s:enc:${provider}:v1:key1` : 'k8s:enc:kms:v2';
  return [
    `In etcd the value of a secret begins with \`${prefix}\`:`,
    '',
    '```sh',
    'kubectl create secret generic seen --from-literal=value=plain',
    'kubectl -n kube-system exec "$(kubectl -n kube-system get pod -l component=etcd -o name | head -n 1)" -- etcdctl \\',
    '  --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/server.crt --key /etc/kubernetes/pki/etcd/server.key \\',
    '  get /registry/secrets/default/seen --print-value-only | head -c 40',
    'kubectl delete secret seen',
    '```',
    '',
  ];
}

function keys({ files, encryption }: Plan): string[] {
  if (!encryption) return [];
  const lines = ['## The key', ''];
  if (files.encryptionCommand !== undefined) {
    return [
      ...lines,
      "A backup of etcd is of no use without it: the program's own snapshots hold it, sealed by the server token, which therefore belongs into a safe.",
      `Another key: \`${files.encryptionCommand} rotate-keys\`, then restart the servers one after another. Take a snapshot before.`,
    ];
  }
  if (typeof encryption.provider !== 'string')
    return [
      ...lines,
      'It is where the plugin keeps it. A backup of etcd is of no use without it. Another key is the matter of the plugin.',
    ];
  const file = files.encryptionFile!;
  return [
    ...lines,
    `It is in ${file} on each node of the control plane, and nowhere else. A backup of etcd is of no use without it: keep a copy in a safe, and not where the backups are. Whoever can read the file can read the secrets: it guards what leaves the node, disks and backups, and not the node.`,
    '',
    'Another key, without a moment in which something cannot be read:',
    '',
    `1. On each node add a second one below \`keys\`, called key2, behind key1 (\`head -c 32 /dev/urandom | base64\`; the same on all nodes). The API server reads the file again within a minute.`,
    '2. When all nodes have it, put it before key1 on each node: what is written from now on is encrypted with it.',
    `3. Write everything again: \`${encryption.resources.map((resource) => `kubectl get ${resource} --all-namespaces -o json | kubectl replace -f -`).join('`, `')}\`.`,
    '4. Take key1 out on each node.',
  ];
}
