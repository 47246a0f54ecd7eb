import { type Duration } from 'cdk8s';
import { dump } from 'js-yaml';

export const PORTS = { http: 4180, metrics: 44180 } as const;
export const FOLDERS = {
  config: '/etc/oauth2-proxy',
  client: '/etc/oauth2-proxy-client',
  issuer: '/etc/oauth2-proxy-issuer',
  upstream: '/etc/oauth2-proxy-upstream',
} as const;
/** The variable with the secret that requests carry. */
export const PROOF = 'SIGN_IN_PROOF';

export interface ConfigurationOptions {
  readonly id: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly usernameClaim: string;
  readonly groupsClaim: string;
  /** Whether the issuer's authority is a private one. */
  readonly privateAuthority: boolean;
  readonly groups?: readonly string[];
  /** URL of what is behind. */
  readonly upstream: string;
  /** Whether requests carry a secret besides. */
  readonly proof: boolean;
}

/** What stands behind the headers that requests carry; what a client sends in them is taken away, on open paths too. */
const PERSON = {
  'X-Forwarded-Email': 'email',
  'X-Forwarded-User': 'user',
  'X-Forwarded-Preferred-Username': 'preferred_username',
  'X-Forwarded-Groups': 'groups',
} as const;

/**
 * The structured part of the configuration. Upstream calls it alpha; the flags that it stands for can't add a secret to requests, and would
 * take away the `Authorization` that programs send on open paths.
 *
 * @see https://oauth2-proxy.github.io/oauth2-proxy/configuration/alpha-config
 */
export function alphaConfiguration(options: ConfigurationOptions): string {
  return dump(
    {
      server: { bindAddress: `0.0.0.0:${PORTS.http}` },
      metricsServer: { bindAddress: `0.0.0.0:${PORTS.metrics}` },
      providers: [
        {
          id: 'platform',
          provider: 'oidc',
          clientID: options.clientId,
          clientSecretFile: `${FOLDERS.client}/client-secret`,
          scope: options.scopes.join(' '),
          code_challenge_method: 'S256',
          ...(options.groups && { allowedGroups: options.groups }),
          ...(options.privateAuthority && { caFiles: [`${FOLDERS.issuer}/ca.crt`] }),
          oidcConfig: {
            issuerURL: options.issuer,
            emailClaim: options.usernameClaim,
            groupsClaim: options.groupsClaim,
            audienceClaims: ['aud'],
            insecureSkipNonce: false,
          },
        },
      ],
      upstreamConfig: {
        upstreams: [
          // Who waits too long is told so by the gateway, whose route knows how long that is.
          { id: options.id, path: '/', uri: options.upstream, timeout: '1h', flushInterval: '200ms' },
        ],
      },
      injectRequestHeaders: [
        ...Object.entries(PERSON).map(([name, claim]) => ({ name, values: [{ claimSource: { claim } }] })),
        ...(options.proof ? [{ name: 'X-Sign-In-Proof', values: [{ secretSource: { fromEnv: PROOF } }] }] : []),
      ],
    },
    { lineWidth: -1, noRefs: true },
  );
}

export interface FlagOptions {
  readonly host: string;
  readonly session: Duration;
  readonly open: readonly string[];
}

/** What is said by flags. @see https://oauth2-proxy.github.io/oauth2-proxy/configuration/overview */
export function flags({ host, session, open }: FlagOptions): string[] {
  return [
    `--alpha-config=${FOLDERS.config}/alpha.yaml`,
    `--redirect-url=https://${host}/oauth2/callback`,
    // Who may come in is said by groups.
    '--email-domain=*',
    '--skip-provider-button=true',
    // The browser sends such a cookie to this very host alone, by https.
    '--cookie-name=__Host-sign-in',
    '--cookie-secure=true',
    '--cookie-httponly=true',
    '--cookie-samesite=lax',
    `--cookie-expire=${session.toSeconds()}s`,
    // Two tabs may sign in at a time.
    '--cookie-csrf-per-request=true',
    '--cookie-csrf-per-request-limit=5',
    // The tokens aren't needed once the person is known, and would make the cookie too large.
    '--session-cookie-minimal=true',
    // Only the gateway's pods get here, and what they say of the client holds.
    '--reverse-proxy=true',
    '--real-client-ip-header=X-Forwarded-For',
    // The gateway logs requests; here it is who signed in.
    '--request-logging=false',
    '--silence-ping-logging=true',
    ...open.map((prefix) => `--skip-auth-route=^${prefix.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`),
  ];
}
