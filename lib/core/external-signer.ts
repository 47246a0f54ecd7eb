import { Duration } from 'cdk8s';
import { type Construct, type IConstruct } from 'constructs';
import { type ICertificateSigner, type ISecret, type ISignerClient, type SignerClientProps } from './contracts';
import { fail, show } from './errors';
import { checkHost, checkMount } from './names';
import { type IEndpoint } from './network';
import { platformOf } from './scope';
import { signerRole } from './signer-role';
import { type Stage } from './stage';

export interface ExternalCertificateSignerProps {
  /** Host name or address of Vault. */
  readonly host: string;
  /** @default 8200 */
  readonly port?: number;
  /** Address range of its hosts, which alone the NetworkPolicies open: `10.20.0.15/32`. @default - any address, at that port */
  readonly cidr?: string;
  /** Where its PKI engine is mounted: `pki`, `pki/ml`. */
  readonly mount: string;
  /** Where it accepts tokens of this cluster. Several clusters need one each. @default 'kubernetes' */
  readonly authMount?: string;
  /** Secret with the key `ca.crt`, in cert-manager's namespace: the authority of its own server's certificate. @default - the public authorities */
  readonly authority?: { readonly name: string; readonly namespace?: string };
  /** Longest that a certificate is valid, from an hour to a year. @default 90 days */
  readonly maxDuration?: Duration;
  /** Domains that it shall sign any name below of. @default - the site's domain */
  readonly domains?: readonly string[];
}

/** @throws where it is shorter than an hour or longer than a year */
export function checkSignedDuration(path: string, what: string, duration: Duration): void {
  const hours = duration.toHours({ integral: false });
  if (hours >= 1 && hours <= 365 * 24) return;
  fail(path, `${what} must be from an hour to a year, got ${hours} hours; write Duration.days(90)`);
}

/** The PKI engine of a Vault that exists. Nothing is done to it: the roles that it must have stand in the summary, as commands. */
export class ExternalCertificateSigner implements ICertificateSigner {
  readonly url: string;
  readonly authMount: string;
  readonly maxDuration: Duration;
  private readonly mount: string;
  private readonly domains: readonly string[];
  private readonly clients = new Map<string, string>();

  constructor(
    private readonly scope: IConstruct,
    props: ExternalCertificateSignerProps,
    readonly endpoint: IEndpoint,
    readonly serverAuthority: (stage: Stage) => ISecret | undefined,
  ) {
    const { path } = scope.node;
    const { mount, authMount = 'kubernetes', maxDuration = Duration.days(90) } = props;
    checkMount(path, 'mount', mount, ['pki', 'pki/ml']);
    checkMount(path, 'authMount', authMount, ['kubernetes', 'kubernetes/lab']);
    checkSignedDuration(path, `maxDuration of ${props.host}`, maxDuration);
    this.domains = props.domains ?? [platformOf(scope).site.domain];
    for (const domain of this.domains) checkHost(path, `a domain of ${props.host}`, domain);
    this.url = `https://${endpoint.host}:${endpoint.port}`;
    this.authMount = authMount;
    this.maxDuration = maxDuration;
    this.mount = mount;
  }

  addClient(scope: Construct, name: string, { serviceAccount, audience, requests }: SignerClientProps): ISignerClient {
    const other = this.clients.get(name);
    if (other !== undefined)
      fail(
        scope.node.path,
        `role ${show(name)} of ${this.url} was asked for by ${other}; give one of the two another name`,
      );
    this.clients.set(name, scope.node.path);
    const path = `${this.mount}/sign/${name}`;
    const { mount, authMount, domains, maxDuration } = this;
    platformOf(this.scope).addInstruction({
      when: 'before',
      what:
        `ServiceAccount ${serviceAccount.namespace}/${serviceAccount.name} has certificates signed at ${this.url}. ` +
        `Make the role ${name} that signs them, and the one by which it signs in, with its policy`,
      get command() {
        return [
          `vault write ${mount}/roles/${name} - <<'EOF'`,
          JSON.stringify(signerRole({ domains, maxDuration, requests: requests() }), null, 2),
          'EOF',
          `vault policy write ${name} - <<'EOF'`,
          `path "${path}" { capabilities = ["update"] }`,
          'EOF',
          [
            `vault write auth/${authMount}/role/${name}`,
            `bound_service_account_names=${serviceAccount.name}`,
            `bound_service_account_namespaces=${serviceAccount.namespace}`,
            `audience=${audience}`,
            `token_policies=${name}`,
            'token_ttl=15m',
          ].join(' '),
        ].join('\n');
      },
    });
    return { path, role: name, readyAfter: [] };
  }
}
