import { dump } from 'js-yaml';
import { type IIdentityProvider } from '../../core';

/** Before the names of people and groups in the cluster: a group of the directory's can't be one of Kubernetes' own, such as `system:masters`. */
export const PREFIX = 'oidc:';

/**
 * What the API server must be told so that it knows the identity provider's people and groups.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#using-authentication-configuration
 */
export function authenticationConfiguration(
  identity: IIdentityProvider,
  audience: string,
  kubernetesVersion: string,
): string {
  const minor = Number(kubernetesVersion.split('.')[1]);
  return dump(
    {
      // Known as v1 since 1.34.
      apiVersion: `apiserver.config.k8s.io/${minor >= 34 ? 'v1' : 'v1beta1'}`,
      kind: 'AuthenticationConfiguration',
      jwt: [
        {
          issuer: { url: identity.issuer, audiences: [audience] },
          claimMappings: {
            username: { claim: identity.usernameClaim, prefix: PREFIX },
            groups: { claim: identity.groupsClaim, prefix: PREFIX },
          },
        },
      ],
    },
    { lineWidth: -1, noRefs: true },
  );
}
