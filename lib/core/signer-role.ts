import { type Duration } from 'cdk8s';
import { type SignerRequests } from './contracts';

export interface SignerRoleProps {
  /** Domains that any name below is signed of. */
  readonly domains: readonly string[];
  readonly maxDuration: Duration;
  readonly requests: SignerRequests;
}

/**
 * A role of Vault's PKI engine by which one client has its requests signed. What a request itself says of names is not looked at: cert-manager gives
 * them beside it, and mail addresses would come in by it.
 *
 * @see https://developer.hashicorp.com/vault/api-docs/secret/pki#create-update-role
 * @see https://github.com/hashicorp/vault/blob/v1.21.0/builtin/logical/pki/issuing/issue_common.go (ValidateNames)
 */
export function signerRole({ domains, maxDuration, requests }: SignerRoleProps) {
  const { dnsNames, ipAddresses, clients } = requests;
  const ttl = `${maxDuration.toSeconds()}s`;
  return {
    allowed_domains: [
      ...domains.flatMap((domain) => [domain, `*.${domain}`]),
      ...dnsNames.filter((name) => !domains.some((domain) => isWithin(name, domain))),
    ],
    allow_bare_domains: true,
    allow_glob_domains: true,
    allow_subdomains: false,
    allow_localhost: false,
    allow_ip_sans: ipAddresses,
    use_csr_common_name: false,
    use_csr_sans: false,
    require_cn: false,
    server_flag: true,
    client_flag: clients,
    key_type: 'any',
    key_usage: ['DigitalSignature', 'KeyEncipherment'],
    max_ttl: ttl,
    ttl,
  };
}

function isWithin(name: string, domain: string): boolean {
  return name === domain || name.endsWith(`.${domain}`);
}
