import { Duration } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  checkHost,
  checkSamePlatform,
  checkSignedDuration,
  fail,
  type ICertificateSigner,
  type IEndpoint,
  type ISecret,
  type ISignerClient,
  show,
  type SignerClientProps,
  signerRole,
  type SignerRequests,
  type Stage,
} from '../../core';
import { type Access } from './access';
import { checkChain } from './chain';
import { type ServerAccess } from './client';
import { addEngineJob, part } from './engine';
import { AUTHORITY } from './engine-scripts';
import { type Hcl } from './hcl';
import { AUTH_MOUNT } from './paths';
import { rule } from './scripts';
import { type Vault } from './vault';

/** An authority that another one has signed. */
export interface VaultIntermediate {
  /**
   * What whoever signs has given back for the request: certificates in PEM, this authority's first, up to the root. They are public.
   * @default - none yet: the Job makes the key and prints the request, and nobody can have certificates
   */
  readonly chain?: string;
}

export interface VaultAuthorityProps {
  /** Name in its certificate, as browsers and `openssl` show it. At most 64 characters. @default - platform's name and "Vault CA", with the path where that isn't "pki" */
  readonly commonName?: string;
  /** Has another authority sign this one's certificate. @default - a root of its own */
  readonly intermediate?: VaultIntermediate;
  /**
   * How long the root is valid, from one year to 30. Nothing changes one that is there. Whoever signs an intermediate decides its own.
   * @default 10 years
   */
  readonly validity?: Duration;
  /** Longest that a certificate is valid, from an hour to a year. @default 90 days */
  readonly maxDuration?: Duration;
  /**
   * Domains that certificates are signed for with all names below, for whoever may ask for them. Other names are signed where a system of the
   * program asks for exactly these.
   * @default - the site's domain
   */
  readonly domains?: readonly string[];
}

export interface AuthorityContext {
  readonly vault: Vault;
  readonly access: Access;
  readonly servers: ServerAccess;
  readonly stage: Stage;
}

const YEAR = 365;

/** The PKI engine at a path of its own: an authority whose key is made in Vault and never leaves it. */
export class Authority implements ICertificateSigner {
  readonly endpoint: IEndpoint;
  readonly url: string;
  readonly authMount = AUTH_MOUNT;
  readonly maxDuration: Duration;
  private readonly clients = new Map<string, () => SignerRequests>();
  private readonly path: string;
  private readonly domains: readonly string[];

  constructor(
    private readonly mount: string,
    private readonly context: AuthorityContext,
    private readonly props: VaultAuthorityProps,
  ) {
    const { vault, access, servers, stage } = context;
    this.path = vault.node.path;
    this.endpoint = vault.endpoint;
    this.url = vault.url;
    this.maxDuration = props.maxDuration ?? Duration.days(90);
    this.domains = props.domains ?? [vault.platform.site.domain];
    this.check();
    const { intermediate } = props;
    const chain = intermediate?.chain === undefined ? undefined : checkChain(this.path, mount, intermediate.chain);
    addEngineJob(stage, `authority-${mount}`, {
      servers,
      access,
      mount,
      script: AUTHORITY,
      plan: () => this.plan,
      policy: () => this.policy,
      files: chain === undefined ? {} : { 'chain.pem': { text: chain, variable: 'CHAIN' } },
      // A root longer than the mount's longest lease would be cut to it.
      env: { MAX_LEASE: seconds(intermediate ? this.maxDuration : this.validity) },
    });
  }

  serverAuthority(stage: Stage): ISecret | undefined {
    return this.context.vault.authority(stage);
  }

  addClient(scope: Construct, name: string, props: SignerClientProps): ISignerClient {
    const { vault, access, stage } = this.context;
    checkSamePlatform(scope, vault);
    if (this.props.intermediate && this.props.intermediate.chain === undefined) {
      fail(
        scope.node.path,
        `authority ${show(this.mount)} of ${this.path} has no certificate yet, so that nothing could be signed; ` +
          `apply without ${show(name)}, have its request signed, and pass what comes back as intermediate.chain`,
      );
    }
    const path = `${this.mount}/sign/${name}`;
    access.addEngineRole(scope.node.path, name, props, () => [rule(path, 'update')]);
    this.clients.set(name, props.requests);
    return { path, role: name, readyAfter: [stage] };
  }

  private get commonName(): string {
    const { name } = this.context.vault.platform;
    return this.props.commonName ?? `${name} Vault CA${this.mount === 'pki' ? '' : ` ${this.mount}`}`;
  }

  private get validity(): Duration {
    return this.props.validity ?? Duration.days(10 * YEAR);
  }

  /** @see https://developer.hashicorp.com/vault/api-docs/secret/pki */
  private get plan(): string {
    const { domains, maxDuration } = this;
    const { intermediate } = this.props;
    const common_name = this.commonName;
    const key = { key_type: 'ec', key_bits: 384, key_name: 'platform' };
    const ca = intermediate
      ? [
          part('ca', 'key', key),
          // Active Directory's authority wants to see in the request that it is for an authority.
          part('ca', 'request', {
            common_name,
            key_ref: key.key_name,
            exclude_cn_from_sans: true,
            add_basic_constraints: true,
          }),
        ]
      : [
          part('ca', 'root', {
            ...key,
            common_name,
            exclude_cn_from_sans: true,
            ttl: seconds(this.validity),
          }),
        ];
    return [
      ...ca,
      ...Object.entries(this.configs).map(([name, config]) => part('config', name, config)),
      ...[...this.clients].map(([name, requests]) =>
        part('role', name, signerRole({ domains, maxDuration, requests: requests() })),
      ),
    ].join('');
  }

  private get configs(): Readonly<Record<string, object>> {
    const { externalUrl } = this.context.vault;
    const issuer = '{{cluster_aia_path}}/issuer/{{issuer_id}}';
    return {
      // Within the cluster nobody but the wired gets to Vault: only a gateway makes an address that is worth being in a certificate.
      ...(externalUrl === undefined
        ? {}
        : {
            cluster: { path: `${externalUrl}/v1/${this.mount}`, aia_path: `${externalUrl}/v1/${this.mount}` },
            urls: {
              issuing_certificates: [`${issuer}/der`],
              crl_distribution_points: [`${issuer}/crl/der`],
              ocsp_servers: [],
              enable_templating: true,
            },
          }),
      crl: { expiry: '72h', auto_rebuild: true, auto_rebuild_grace_period: '24h' },
      'auto-tidy': {
        enabled: true,
        interval_duration: '12h',
        tidy_cert_store: true,
        tidy_revoked_certs: true,
        safety_buffer: '72h',
      },
    };
  }

  private get policy(): Hcl {
    const { mount } = this;
    const ca = this.props.intermediate
      ? [
          rule(`${mount}/key/platform`, 'read'),
          rule(`${mount}/keys/generate/internal`, 'update'),
          rule(`${mount}/intermediate/generate/existing`, 'update'),
          rule(`${mount}/intermediate/set-signed`, 'update'),
          rule(`${mount}/config/issuers`, 'update'),
        ]
      : [rule(`${mount}/config/issuers`, 'read'), rule(`${mount}/root/generate/internal`, 'update')];
    return [
      rule(`sys/mounts/${mount}/tune`, 'update'),
      ...ca,
      ...Object.keys(this.configs).map((name) => rule(`${mount}/config/${name}`, 'update')),
      ...[...this.clients.keys()].map((name) => rule(`${mount}/roles/${name}`, 'update')),
    ];
  }

  private check(): void {
    const { path, mount, domains, commonName } = this;
    const { intermediate, validity } = this.props;
    const what = (prop: string) => `${prop} of authority ${show(mount)}`;
    if (commonName.trim() === '' || commonName.length > 64) {
      fail(
        path,
        `${what('commonName')} must have 1 to 64 characters, got ${commonName.length} in ${show(commonName)}; X.509 allows no more`,
      );
    }
    if (validity && intermediate) {
      fail(path, `${what('validity')} is the choice of whoever signs it, since it is no root; leave it out`);
    }
    const days = this.validity.toDays({ integral: false });
    if (days < YEAR || days > 30 * YEAR) {
      fail(path, `${what('validity')} must be from one year to 30, got ${days} days; write Duration.days(3650)`);
    }
    checkSignedDuration(path, what('maxDuration'), this.maxDuration);
    if (domains.length === 0)
      fail(path, `${what('domains')} must be at least one, got none; leave it out for the site's`);
    for (const domain of domains) checkHost(path, `a domain of authority ${show(mount)}`, domain);
  }
}

function seconds(duration: Duration): string {
  return `${duration.toSeconds()}s`;
}
