import { fail, show } from '../errors';

/** A plugin of KMS version 2, which runs on each node of the control plane and keeps the keys elsewhere. */
export interface KmsProps {
  /** Its name, which is stored with what it encrypts and can't be changed. */
  readonly name: string;
  /** Folder of its socket on the node, which is mounted into the API server's pod: `/var/run/kms`. */
  readonly folder: string;
  /** Name of the socket in the folder. @default 'kms.sock' */
  readonly socket?: string;
}

export interface EncryptionProps {
  /**
   * What encrypts: `secretbox` (XSalsa20 and Poly1305) or `aescbc`, with a key that is made on the node, or a plugin of KMS version 2.
   * @default 'secretbox'
   */
  readonly provider?: 'secretbox' | 'aescbc' | KmsProps;
  /** What is encrypted, as `resource` or `resource.group`. @default ['secrets'] */
  readonly resources?: readonly string[];
}

const RESOURCE = /^[a-z][a-z0-9]*(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const PATH = /^(\/[\w.-]+)+$/;

/** @throws where the API server would refuse it */
export function checkEncryption(
  path: string,
  { provider = 'secretbox', resources = ['secrets'] }: EncryptionProps,
): void {
  if (resources.length === 0) fail(path, 'encryption.resources must name a resource, got []; leave it out for secrets');
  resources.forEach((resource, i) => {
    if (!RESOURCE.test(resource))
      fail(path, `encryption.resources must be like "secrets" or "jobs.batch", got ${show(resource)}; correct it`);
    if (resources.indexOf(resource) < i)
      fail(path, `encryption.resources must not be repeated, got ${show(resource)} again; remove it`);
  });
  if (typeof provider === 'string') {
    if (provider !== 'secretbox' && provider !== 'aescbc')
      fail(
        path,
        `encryption.provider must be "secretbox", "aescbc" or a KMS plugin, got ${show(provider)}; choose one`,
      );
    return;
  }
  // @see https://github.com/kubernetes/kubernetes/blob/v1.36.3/staging/src/k8s.io/apiserver/pkg/apis/apiserver/validation/validation_encryption.go
  if (provider.name === '' || provider.name.includes(':'))
    fail(
      path,
      `encryption.provider.name must not be empty nor have ":", got ${show(provider.name)}; rename the plugin`,
    );
  if (!PATH.test(provider.folder))
    fail(
      path,
      `encryption.provider.folder must be the folder of the plugin's socket on the node, got ${show(provider.folder)}; write it as "/var/run/kms"`,
    );
}

/** The API server's EncryptionConfiguration: what is new is encrypted by the first provider, what is old is read in plain. */
export function encryptionConfiguration(resources: readonly string[], provider: object): object {
  return {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [{ resources, providers: [provider, { identity: {} }] }],
  };
}

/** The provider that a plugin is. */
export function kmsProvider({ name, folder, socket = 'kms.sock' }: KmsProps): object {
  return { kms: { apiVersion: 'v2', name, endpoint: `unix://${folder}/${socket}`, timeout: '3s' } };
}

/**
 * What an operator runs on the first node of the control plane: makes the key, and with it the file. It never changes a file that is there, since
 * without its key nothing that was encrypted can be read.
 */
export function keyScript(file: string, provider: string, resources: readonly string[]): string {
  return `#!/bin/sh
# Makes the key that ${resources.join(', ')} are encrypted with in etcd, and the API server's configuration that holds it.
# Run it as root on the first node of the control plane, then copy the file to the others. It never changes one that is there.
set -eu
umask 077
file=${file}
if [ -e "$file" ]; then
  echo "$file is there, and stays as it is"
  exit 0
fi
mkdir -p "\${file%/*}"
key=$(head -c 32 /dev/urandom | base64 | tr -d '\\n')
cat > "$file.new" <<END
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources:
${resources.map((resource) => `      - ${resource}`).join('\n')}
    providers:
      - ${provider}:
          keys:
            - name: key1
              secret: $key
      - identity: {}
END
mv "$file.new" "$file"
echo "made $file; keep a copy where etcd's backups are not"
`;
}
