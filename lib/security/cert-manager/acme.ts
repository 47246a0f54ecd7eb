import { fail, type Platform, show } from '../../core';
import { type Infer, type Json } from '../../crds';
import { type acmeSolver } from './acme-crds';

/** One way of proving that a name is ours, in cert-manager's words. @see https://cert-manager.io/docs/configuration/acme/dns01/ */
export type AcmeSolver = Infer<ReturnType<typeof acmeSolver>>;

/** An ACME server, such as Let's Encrypt or the company's own. */
export interface AcmeProps {
  /** The server's directory: `https://acme-v02.api.letsencrypt.org/directory`. */
  readonly server: string;
  /** Where the server writes to when something is wrong. @default - nowhere */
  readonly email?: string;
  /**
   * How names are proven, at least one way. DNS-01 needs no way in from outside: `{ dns01: { rfc2136: { ... } } }`. Secrets named here
   * are made by the user, in cert-manager's namespace. HTTP-01 needs an ingress controller or a Gateway that the server can reach.
   */
  readonly solvers: readonly AcmeSolver[];
  /** Authorities that the server itself is verified by, PEM. @default - the public ones */
  readonly authority?: string;
}

/** Host suffixes and forms that no ACME server can ever prove. */
const INTERNAL = /(^[^.]*$)|(\.(svc|local|internal|localhost)$)/;

/** Checks the props and returns the ClusterIssuer's `spec.acme`. */
export function acmeSpec(path: string, platform: Platform, namespace: string, props: AcmeProps, accountSecret: string) {
  if (!/^https:\/\/[^/\s]+\//.test(props.server)) {
    fail(
      path,
      `acme.server must be the https URL of a directory, got ${show(props.server)}; Let's Encrypt's is "https://acme-v02.api.letsencrypt.org/directory"`,
    );
  }
  if (props.solvers.length === 0)
    fail(path, 'acme.solvers must name at least one way of proving names, got none; give { dns01: { ... } }');
  const { authority } = props;
  if (authority !== undefined && !authority.includes('-----BEGIN CERTIFICATE-----')) {
    fail(path, 'acme.authority must be certificates in PEM; pass the text of the file');
  }
  for (const name of secretNames(props.solvers)) platform.addExternal({ kind: 'Secret', namespace, name });
  return {
    server: props.server,
    email: props.email,
    privateKeySecretRef: { name: accountSecret },
    solvers: props.solvers,
    ...(authority === undefined ? {} : { caBundle: Buffer.from(authority).toString('base64') }),
  };
}

/** Whether a solver starts pods. */
export function usesHttp01(props: AcmeProps): boolean {
  return props.solvers.some((solver) => solver.http01 !== undefined);
}

/** Refuses names that an ACME server can't prove. */
export function checkPublic(path: string, names: readonly string[]): void {
  const internal = names.find((name) => INTERNAL.test(name));
  if (internal !== undefined) {
    fail(
      path,
      `an ACME server can't issue for ${show(internal)}, which is known in the cluster alone; give this platform a private CA by leaving acme out`,
    );
  }
}

/** The Secrets that solvers refer to. */
function secretNames(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value as Record<string, Json>).flatMap(([key, field]) => {
    const name =
      key.endsWith('SecretRef') && typeof field === 'object' && field !== null && 'name' in field
        ? field.name
        : undefined;
    return typeof name === 'string' ? [name] : secretNames(field);
  });
}
