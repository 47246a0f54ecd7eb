import { Construct } from 'constructs';
import { dump } from 'js-yaml';
import { type ApiServerFiles } from '../api-server';
import { fail, show } from '../errors';
import { checkInteger } from '../names';
import { type Platform } from '../platform';
import { platformOf } from '../scope';
import { auditPolicy, type AuditProps } from './audit';
import {
  checkEncryption,
  encryptionConfiguration,
  type EncryptionProps,
  keyScript,
  kmsProvider,
  type KmsProps,
} from './encryption';
import { folderOf, instructions } from './instructions';

export interface ControlPlaneProps {
  /** What the API server records of who did what. @default - nothing */
  readonly audit?: AuditProps;
  /** How secrets are encrypted where the API server stores them. @default - as the distribution does it by itself */
  readonly encryption?: EncryptionProps;
}

/** A flag of the API server's. */
interface Flag {
  readonly name: string;
  readonly value: string;
}

/** A folder of the node that the API server's pod needs. */
interface NodeFolder {
  readonly name: string;
  readonly path: string;
  readonly readOnly: boolean;
}

/** All that is to be done on the nodes. */
export interface Plan {
  readonly files: ApiServerFiles;
  readonly title: string;
  readonly audit?: Required<Omit<AuditProps, 'rules'>>;
  readonly encryption?: Required<EncryptionProps>;
}

/**
 * What only the nodes of the control plane can be told, since no object of the API does it: auditing, and the encryption of secrets in etcd.
 *
 * Puts nothing into the cluster, but into the output's folder `nodes/`: the audit policy, the configuration in the distribution's own form,
 * where a key is needed a script that makes it on the node, and README.md with the steps. No key is in any of these files.
 */
export class ControlPlane extends Construct {
  /** @throws where there is nothing to do, or the distribution's own tools alone configure its API server */
  constructor(scope: Construct, id: string, props: ControlPlaneProps) {
    super(scope, id);
    const path = this.node.path;
    const platform = platformOf(this);
    const { apiServer, title } = platform.distribution;
    if (!props.audit && !props.encryption)
      fail(path, 'has nothing to do, got neither audit nor encryption; give one, or leave it out');
    if (!apiServer)
      fail(
        path,
        `${title} configures its API server by its own operators, which take no files; use their settings for audit and encryption, and leave this out`,
      );
    const plan: Plan = {
      files: apiServer,
      title,
      audit: props.audit && rotation(path, props.audit),
      encryption: props.encryption && encryption(path, apiServer, title, props.encryption),
    };
    if (props.audit)
      platform.addNodeFile({ name: 'audit-policy.yaml', text: yaml(auditPolicy(path, props.audit.rules)) });
    addConfiguration(platform, plan);
    platform.addNodeFile({ name: 'README.md', text: instructions(plan) });
    platform.addInstruction({
      when: 'before',
      what: 'Configure the API server on the nodes of the control plane, as nodes/README.md says',
    });
  }
}

function rotation(path: string, { days = 90, files = 20, megabytes = 200 }: AuditProps): Plan['audit'] {
  checkInteger(path, 'audit.days', days, 1, 3650, 'give how long a log is kept');
  checkInteger(path, 'audit.files', files, 1, 1000, 'give how many logs are kept');
  checkInteger(path, 'audit.megabytes', megabytes, 1, 10000, 'give how large a log may become');
  return { days, files, megabytes };
}

function encryption(path: string, files: ApiServerFiles, title: string, props: EncryptionProps): Plan['encryption'] {
  checkEncryption(path, props);
  const { provider = 'secretbox', resources = ['secrets'] } = props;
  if (files.encryption !== 'file' && (typeof provider !== 'string' || resources.join() !== 'secrets')) {
    const got = typeof provider === 'string' ? resources : provider.name;
    fail(
      path,
      `encryption: ${title} keeps the keys itself, and encrypts secrets alone, got ${show(got)}; leave out resources and KMS plugins`,
    );
  }
  return { provider, resources };
}

function addConfiguration(platform: Platform, plan: Plan): void {
  const { files } = plan;
  const { provider, resources } = plan.encryption ?? {};
  if (files.form === 'drop-in') {
    platform.addNodeFile({ name: '50-onprem-ml.yaml', text: yaml(dropIn(plan)) });
    return;
  }
  platform.addNodeFile({ name: 'kubeadm.yaml', text: yaml(kubeadm(plan)) });
  if (provider === undefined || resources === undefined) return;
  const file = files.encryptionFile!;
  if (typeof provider === 'string')
    platform.addNodeFile({ name: 'make-encryption-key.sh', text: keyScript(file, provider, resources), mode: 0o755 });
  else
    platform.addNodeFile({
      name: 'encryption-configuration.yaml',
      text: yaml(encryptionConfiguration(resources, kmsProvider(provider))),
    });
}

/** The part of kubeadm's ClusterConfiguration. @see https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/ */
function kubeadm(plan: Plan): object {
  return {
    apiVersion: 'kubeadm.k8s.io/v1beta4',
    kind: 'ClusterConfiguration',
    apiServer: {
      extraArgs: flags(plan),
      extraVolumes: folders(plan).map(({ name, path, readOnly }) => ({
        name,
        hostPath: path,
        mountPath: path,
        readOnly,
        pathType: readOnly ? 'Directory' : 'DirectoryOrCreate',
      })),
    },
  };
}

function dropIn({ files, audit, ...plan }: Plan): object {
  const own = files.auditPolicyOption;
  const args = flags({ ...plan, files, audit }).filter(({ name }) => own === undefined || name !== 'audit-policy-file');
  const provider = plan.encryption?.provider as Exclude<EncryptionProps['provider'], KmsProps>;
  return {
    ...(audit && own !== undefined && { [own]: files.auditPolicyFile }),
    ...(plan.encryption && files.encryption === 'option' && { 'secrets-encryption': true }),
    ...(provider !== undefined && { 'secrets-encryption-provider': provider }),
    // `+` adds to what other files give instead of replacing it.
    ...(args.length > 0 && { 'kube-apiserver-arg+': args.map(({ name, value }) => `${name}=${value}`) }),
  };
}

function flags({ files, audit, encryption: encrypted }: Plan): Flag[] {
  return [
    ...(audit
      ? [
          { name: 'audit-policy-file', value: files.auditPolicyFile },
          { name: 'audit-log-path', value: files.auditLog },
          { name: 'audit-log-maxage', value: String(audit.days) },
          { name: 'audit-log-maxbackup', value: String(audit.files) },
          { name: 'audit-log-maxsize', value: String(audit.megabytes) },
          { name: 'audit-log-compress', value: 'true' },
        ]
      : []),
    ...(encrypted && files.encryptionFile !== undefined
      ? [
          { name: 'encryption-provider-config', value: files.encryptionFile },
          // A key that is added takes effect without a restart.
          { name: 'encryption-provider-config-automatic-reload', value: 'true' },
        ]
      : []),
  ];
}

/** Folders and not files: a file that is replaced would stay the old one in the pod. */
function folders({ files, audit, encryption: encrypted }: Plan): NodeFolder[] {
  const provider = encrypted?.provider;
  return [
    ...(audit
      ? [
          { name: 'audit-policy', path: folderOf(files.auditPolicyFile), readOnly: true },
          { name: 'audit-log', path: folderOf(files.auditLog), readOnly: false },
        ]
      : []),
    ...(encrypted && files.encryptionFile !== undefined
      ? [{ name: 'encryption', path: folderOf(files.encryptionFile), readOnly: true }]
      : []),
    ...(typeof provider === 'object' ? [{ name: 'kms', path: provider.folder, readOnly: true }] : []),
  ];
}

function yaml(object: object): string {
  return dump(object, { lineWidth: -1, noRefs: true });
}
