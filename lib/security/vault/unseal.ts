import {
  checkInteger,
  didYouMean,
  type EnvValue,
  fail,
  type ICredentials,
  type IReady,
  type Mount,
  type Peer,
  show,
  volume,
} from '../../core';
import { type HclBlock, type HclValue } from './hcl';
import { PATHS } from './paths';

/** How many parts the key is split into, and how many of them are needed together. */
interface Shares {
  /** Parts that the key is split into, 1 to 255, one for each person. @default 5 */
  readonly shares?: number;
  /** Parts that are needed together, at least 2 where there are several. @default 3, or all where there are fewer */
  readonly threshold?: number;
}

/** People unseal each server with parts of the key, after each start of it. */
export interface OperatorUnseal extends Shares {
  readonly by: 'operator';
}

/** Another Vault, which must not depend on this one, unseals the servers. The shares are of the recovery key. */
export interface TransitUnseal extends Shares {
  readonly by: 'transit';
  /** Its https URL: `https://vault.corp.example:8200`. */
  readonly address: string;
  /** Name of the key in its transit engine. */
  readonly keyName: string;
  /** Where that engine is mounted. @default 'transit' */
  readonly mountPath?: string;
  /**
   * Key `token`: a periodic token that may update `<mountPath>/encrypt/<keyName>` and `<mountPath>/decrypt/<keyName>`, which the servers renew.
   * Without a line break at its end, which would be part of it.
   */
  readonly token: ICredentials;
  /** Key `ca.crt`: the authority of its certificate. @default - the public ones */
  readonly authority?: ICredentials;
  /** Address range that it is in, which alone the servers may reach: `10.20.0.15/32`. @default - any address, at that port */
  readonly cidr?: string;
}

/** A key of AWS KMS unseals the servers. The shares are of the recovery key. */
export interface AwsKmsUnseal extends Shares {
  readonly by: 'awskms';
  readonly region: string;
  readonly kmsKeyId: string;
  /** URL of the service, for one within your own network. @default - the region's */
  readonly endpoint?: string;
  /** Keys `access-key` and `secret-key`. */
  readonly credentials: ICredentials;
}

/** A key of Azure Key Vault unseals the servers. The shares are of the recovery key. */
export interface AzureKeyVaultUnseal extends Shares {
  readonly by: 'azurekeyvault';
  readonly tenantId: string;
  readonly vaultName: string;
  readonly keyName: string;
  /** Keys `client-id` and `client-secret`. */
  readonly credentials: ICredentials;
}

/** A key of Google Cloud KMS unseals the servers. The shares are of the recovery key. */
export interface GcpCkmsUnseal extends Shares {
  readonly by: 'gcpckms';
  readonly project: string;
  readonly region: string;
  readonly keyRing: string;
  readonly cryptoKey: string;
  /** Key `credentials.json`: the key file of a service account. */
  readonly credentials: ICredentials;
}

/** Who gives the servers the key to their storage. */
export type VaultUnseal = OperatorUnseal | TransitUnseal | AwsKmsUnseal | AzureKeyVaultUnseal | GcpCkmsUnseal;

/** What a way of unsealing asks of the servers. */
export interface Seal {
  readonly shares: number;
  readonly threshold: number;
  /** Whether the servers unseal themselves. */
  readonly automatic: boolean;
  /** Its part of the configuration; none where people unseal. */
  readonly block?: HclBlock;
  readonly env: Readonly<Record<string, EnvValue>>;
  readonly mounts: readonly Mount[];
  /** Where the servers must get to. */
  readonly way?: { readonly peer: Peer; readonly port: number };
  readonly needs: readonly IReady[];
}

const WAYS = ['operator', 'transit', 'awskms', 'azurekeyvault', 'gcpckms'] as const;

/**
 * Reads a way of unsealing.
 *
 * @param namespace the servers', where the Secrets are
 * @throws for one that there isn't in the community edition, and for what doesn't fit
 */
export function readUnseal(path: string, namespace: string, unseal: VaultUnseal): Seal {
  checkWay(path, unseal.by);
  const shares = unseal.shares ?? 5;
  checkInteger(path, 'unseal.shares', shares, 1, 255, 'five people hold one each');
  const threshold = unseal.threshold ?? Math.min(3, shares);
  // Vault refuses a threshold of one for several shares: each would be the whole key.
  checkInteger(path, 'unseal.threshold', threshold, shares === 1 ? 1 : 2, shares, 'no more than there are shares');
  return { ...render(path, namespace, unseal), shares, threshold, automatic: unseal.by !== 'operator' };
}

/** @see https://github.com/hashicorp/vault/blob/v1.21.0/internalshared/configutil/kms.go (configureWrapper) */
function checkWay(path: string, by: string): void {
  if (by === 'pkcs11') {
    fail(
      path,
      'unseal.by can\'t be "pkcs11", which only Vault Enterprise\'s binary for HSMs has; ' +
        'put the HSM behind another Vault and use "transit", or unseal by "operator"',
    );
  }
  if (!WAYS.some((way) => way === by)) {
    fail(path, `unseal.by must be one of ${WAYS.map(show).join(', ')}, got ${show(by)}${didYouMean(by, WAYS)}`);
  }
}

type Rendered = Omit<Seal, 'shares' | 'threshold' | 'automatic'>;

function render(path: string, namespace: string, unseal: VaultUnseal): Rendered {
  switch (unseal.by) {
    case 'operator':
      return { env: {}, mounts: [], needs: [] };
    case 'transit':
      return transit(path, namespace, unseal);
    case 'awskms': {
      const secret = keysOf(path, unseal.credentials, ['access-key', 'secret-key']).in(namespace);
      return {
        block: seal('awskms', { region: unseal.region, kms_key_id: unseal.kmsKeyId, endpoint: unseal.endpoint }),
        env: { AWS_ACCESS_KEY_ID: secret.env('access-key'), AWS_SECRET_ACCESS_KEY: secret.env('secret-key') },
        mounts: [],
        way: { peer: 'anywhere', port: portOf(path, 'unseal.endpoint', unseal.endpoint ?? 'https://kms') },
        needs: [unseal.credentials],
      };
    }
    case 'azurekeyvault': {
      const secret = keysOf(path, unseal.credentials, ['client-id', 'client-secret']).in(namespace);
      return {
        block: seal('azurekeyvault', {
          tenant_id: unseal.tenantId,
          vault_name: unseal.vaultName,
          key_name: unseal.keyName,
        }),
        env: { AZURE_CLIENT_ID: secret.env('client-id'), AZURE_CLIENT_SECRET: secret.env('client-secret') },
        mounts: [],
        way: { peer: 'anywhere', port: 443 },
        needs: [unseal.credentials],
      };
    }
    case 'gcpckms': {
      const secret = keysOf(path, unseal.credentials, ['credentials.json']).in(namespace);
      const { project, region, keyRing: key_ring, cryptoKey: crypto_key } = unseal;
      const credentials = `${PATHS.seal}/credentials.json`;
      return {
        block: seal('gcpckms', { project, region, key_ring, crypto_key, credentials }),
        env: {},
        mounts: [
          { path: PATHS.seal, volume: volume.secret('seal', secret, { 'credentials.json': 'credentials.json' }) },
        ],
        way: { peer: 'anywhere', port: 443 },
        needs: [unseal.credentials],
      };
    }
  }
}

function transit(path: string, namespace: string, unseal: TransitUnseal): Rendered {
  const { address, keyName, mountPath = 'transit', authority, cidr } = unseal;
  const token = keysOf(path, unseal.token, ['token']).in(namespace);
  const ca = authority && keysOf(path, authority, ['ca.crt']).in(namespace);
  return {
    block: seal('transit', {
      address,
      key_name: keyName,
      mount_path: `${mountPath.replace(/\/+$/, '')}/`,
      // @see https://developer.hashicorp.com/vault/docs/configuration/seal#indirect-value-references
      token: `file://${PATHS.seal}/token`,
      tls_ca_cert: ca && `${PATHS.sealAuthority}/ca.crt`,
      // Said, so that the seal doesn't take VAULT_CACERT, which is for the command line and names this Vault's authority.
      // @see https://github.com/hashicorp/vault/blob/v1.21.0/internalshared/configutil/kms.go (mergeTransitConfig)
      tls_skip_verify: 'false',
    }),
    env: {},
    mounts: [
      { path: PATHS.seal, volume: volume.secret('seal', token, { token: 'token' }) },
      ...(ca
        ? [{ path: PATHS.sealAuthority, volume: volume.secret('seal-authority', ca, { 'ca.crt': 'ca.crt' }) }]
        : []),
    ],
    way: { peer: cidr === undefined ? 'anywhere' : { cidr }, port: portOf(path, 'unseal.address', address) },
    needs: [unseal.token, ...(authority ? [authority] : [])],
  };
}

function seal(label: string, attributes: Readonly<Record<string, HclValue | undefined>>): HclBlock {
  return { block: 'seal', label, body: [attributes] };
}

function keysOf(path: string, credentials: ICredentials, keys: readonly string[]): ICredentials {
  const missing = keys.find((key) => !credentials.keys.includes(key));
  if (missing !== undefined) {
    fail(
      path,
      `the credentials of unseal must have the keys ${keys.map(show).join(' and ')}, got ${credentials.keys.map(show).join(', ')}; add ${show(missing)}`,
    );
  }
  return credentials;
}

function portOf(path: string, what: string, url: string): number {
  if (!/^https:\/\/[^\s/:]+(:\d{1,5})?$/.test(url)) {
    fail(
      path,
      `${what} must be an https URL without a path, got ${show(url)}; write it as "https://vault.corp.example:8200"`,
    );
  }
  return Number(/:(\d+)$/.exec(url)?.[1] ?? 443);
}
