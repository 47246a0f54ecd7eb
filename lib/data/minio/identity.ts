import { type EnvValue, fail, type IIdentityProvider, type IOidcClient, type ISecret } from '../../core';
import { type Construct } from 'constructs';

/**
 * The servers' client at the identity provider. The browser interface of this release knows no sign-in, so that people's own programs ask for
 * tokens and exchange them; the address that a sign-in leads back to is the one that it would be.
 */
export function oidcClient(
  scope: Construct,
  identity: IIdentityProvider,
  hosts: { readonly console: string } | undefined,
): IOidcClient {
  if (!hosts) fail(scope.node.path, 'identity needs a gateway, by which people come to the S3 API; pass gateway');
  return identity.addClient(scope, scope.node.id, {
    title: 'MinIO',
    redirectUris: [`https://${hosts.console}/oauth_callback`],
    personal: true,
  });
}

/** The groups of a token are the names of policies. */
export function identityEnv(identity: IIdentityProvider, clientId: string, secret: ISecret): Record<string, EnvValue> {
  return {
    MINIO_IDENTITY_OPENID_CONFIG_URL: `${identity.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    MINIO_IDENTITY_OPENID_CLIENT_ID: clientId,
    MINIO_IDENTITY_OPENID_CLIENT_SECRET: secret.env('client-secret'),
    MINIO_IDENTITY_OPENID_CLAIM_NAME: identity.groupsClaim,
    MINIO_IDENTITY_OPENID_SCOPES: identity.scopes.join(','),
  };
}
