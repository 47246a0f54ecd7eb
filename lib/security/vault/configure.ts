import { Size } from 'cdk8s';
import { ConfigFiles, type IIdentityProvider, type IOidcClient, Job, type Mount, type Stage, volume } from '../../core';
import { type Access } from './access';
import { clientContainer, type ServerAccess } from './client';
import { PATHS } from './paths';
import { CONFIGURE, SERVER_SCRIPTS, SIGN_IN } from './scripts';

/** Name of the Job and of its ServiceAccount. */
export const CONFIGURE_JOB = 'configure';

/** People's way in. */
export interface PeopleProps {
  readonly identity: IIdentityProvider;
  readonly client: IOidcClient;
  /** URL of Vault from outside. */
  readonly url: string;
}

export interface ConfigureProps {
  readonly servers: ServerAccess;
  readonly access: Access;
  readonly people?: PeopleProps;
  /** What a person must do until it is let in. */
  readonly ask: string;
}

/** The Job that makes Vault what the program says, by its own identity: it waits until a person has let it in. */
export function addConfiguration(stage: Stage, { servers, access, people, ask }: ConfigureProps): void {
  if (people) access.oidc = oidc(people);
  const plan = new ConfigFiles(stage, 'plan', {
    'configure.sh': CONFIGURE,
    'configure.hcl': SERVER_SCRIPTS['configure.hcl'],
    'sign-in.sh': SIGN_IN,
    plan: () => access.plan,
  });
  const job = new Job(stage, CONFIGURE_JOB, {
    ask,
    restartOn: [plan],
    containers: [
      clientContainer(servers, {
        name: 'configure',
        script: `${PATHS.plan}/configure.sh`,
        memory: Size.mebibytes(128),
        scratch: Size.mebibytes(64),
        mounts: [
          { path: PATHS.plan, volume: volume.config('plan', plan) },
          ...(people ? peopleMounts(stage, people) : []),
        ],
      }),
    ],
  });
  job.connectTo(servers.active);
}

function peopleMounts(stage: Stage, { identity, client }: PeopleProps): Mount[] {
  const secret = client.credentials.in(stage.namespace!);
  const authority = identity.authority(stage);
  return [
    { path: PATHS.client, volume: volume.secret('oidc-client', secret, { 'client-secret': 'client-secret' }) },
    ...(authority
      ? [{ path: PATHS.providerAuthority, volume: volume.secret('oidc-authority', authority, { 'ca.crt': 'ca.crt' }) }]
      : []),
  ];
}

/** Where the provider leads people back to. */
export function callback(url: string): string {
  return `${url}/ui/vault/auth/oidc/oidc/callback`;
}

/**
 * Whoever can sign in gets Vault's policy `default`, which opens no secret; the groups bring the rest.
 *
 * @see https://developer.hashicorp.com/vault/api-docs/auth/jwt
 */
function oidc({ identity, client, url }: PeopleProps): NonNullable<Access['oidc']> {
  return {
    config: { oidc_discovery_url: identity.issuer, oidc_client_id: client.id, default_role: 'people' },
    role: {
      role_type: 'oidc',
      user_claim: identity.usernameClaim,
      groups_claim: identity.groupsClaim,
      // The auth method asks for `openid` by itself.
      oidc_scopes: identity.scopes.filter((scope) => scope !== 'openid'),
      allowed_redirect_uris: [callback(url)],
      token_ttl: '1h',
      token_max_ttl: '8h',
    },
  };
}
