import { type Duration } from 'cdk8s';
import { dump } from 'js-yaml';
import { type MintedUser } from './users';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const PORTS = { web: 5556, telemetry: 5558 } as const;
export const TLS_FOLDER = '/etc/dex-tls';

/** A client as the configuration has it. */
export interface ClientEntry {
  readonly id: string;
  readonly title: string;
  /** The variable with its secret; a client without one is for people's own machines. */
  readonly secretVariable?: string;
  readonly redirectUris: readonly string[];
  /** Clients that get tokens for this one. */
  readonly trustedPeers: readonly string[];
}

export interface ConfigurationOptions {
  readonly issuer: string;
  /** What the sign-in page is headed with. */
  readonly title: string;
  readonly tls: boolean;
  readonly storage: object;
  readonly connectors: readonly object[];
  readonly users: readonly MintedUser[];
  readonly clients: readonly ClientEntry[];
  readonly idTokens: Duration;
  readonly session: Duration;
  readonly longestSession: Duration;
  readonly signingKeys: Duration;
  readonly logLevel: LogLevel;
}

/** bcrypt's, the least that Dex takes: each sign-in, and each start for each local user, costs some 60 ms of a core. */
const BCRYPT_COST = 10;

/**
 * The variable that stands for a dollar sign. In connectors and storage Dex takes what follows one for a variable's name, and knows no way to
 * write the sign itself.
 *
 * @see https://github.com/dexidp/dex/blob/v2.45.1/cmd/dex/config.go expandEnvInMap
 */
export const DOLLAR = 'DOLLAR';

/** Text of the user's for a connector, so that Dex reads it as it was written. */
export function literal(text: string): string {
  return text.replaceAll('$', `\${${DOLLAR}}`);
}

/**
 * Dex' configuration. Secrets are variables of the environment; with local users it is a template besides, which turns their passwords into
 * hashes as the pod starts.
 *
 * @see https://dexidp.io/docs/configuration/
 */
export function renderConfiguration(options: ConfigurationOptions): string {
  const { users } = options;
  const text = yaml({
    issuer: options.issuer,
    storage: options.storage,
    web: {
      ...(options.tls
        ? { https: `0.0.0.0:${PORTS.web}`, tlsCert: `${TLS_FOLDER}/tls.crt`, tlsKey: `${TLS_FOLDER}/tls.key` }
        : { http: `0.0.0.0:${PORTS.web}` }),
      headers: {
        'X-Frame-Options': 'DENY',
        'X-Content-Type-Options': 'nosniff',
        'Content-Security-Policy': "frame-ancestors 'none'",
      },
    },
    telemetry: { http: `0.0.0.0:${PORTS.telemetry}` },
    logger: { level: options.logLevel, format: 'text' },
    frontend: { issuer: options.title },
    oauth2: {
      // Neither the implicit flow, which shows tokens in URLs, nor passwords that a client would see.
      grantTypes: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      responseTypes: ['code'],
      // The clients are the platform's own; there is nothing to be asked.
      skipApprovalScreen: true,
    },
    expiry: {
      idTokens: goDuration(options.idTokens),
      authRequests: '1h',
      refreshTokens: {
        validIfNotUsedFor: goDuration(options.session),
        absoluteLifetime: goDuration(options.longestSession),
      },
    },
    signer: { type: 'local', config: { keysRotationPeriod: goDuration(options.signingKeys) } },
    connectors: options.connectors,
    enablePasswordDB: users.length > 0,
    staticClients: options.clients.map(({ id, title, secretVariable, redirectUris, trustedPeers }) => ({
      id,
      name: title,
      ...(secretVariable === undefined ? { public: true } : { secretEnv: secretVariable }),
      redirectURIs: redirectUris,
      ...(trustedPeers.length > 0 && { trustedPeers }),
    })),
  });
  if (users.length === 0) return text;
  // gomplate would take these for its own.
  return `${text.replaceAll('{{', '{{ "{{" }}')}${yaml({ staticPasswords: users.map(staticPassword) })}`;
}

function staticPassword({ user: { name, email, title = name, groups = [] }, variable }: MintedUser): object {
  return {
    email,
    hash: `{{ crypto.Bcrypt ${BCRYPT_COST} (getenv "${variable}") }}`,
    username: title,
    preferredUsername: name,
    userID: name,
    groups,
  };
}

function yaml(value: object): string {
  return dump(value, { lineWidth: -1, noRefs: true });
}

function goDuration(duration: Duration): string {
  return `${duration.toSeconds()}s`;
}
