import { Construct } from 'constructs';
import { type Deployment, type ICertificateSigner, type IReady, type Stage } from '../../core';
import * as k8s from '../../core/k8s';
import { CustomResource } from '../../crds';
import { type CertManager } from './cert-manager';
import { clusterIssuer } from './crds';
import { type CertificateRegister, Issuer } from './issuer';

export interface SignerIssuerProps {
  /** Makes a stage of cert-manager, after its own issuer's. */
  readonly addStage: (id: string, needs: readonly IReady[]) => Stage;
  /** The controller, which asks the signer. */
  readonly controller: Deployment;
  readonly register: CertificateRegister;
}

/**
 * An issuer that has requests signed by Vault. For each, the controller asks the API server for a token of the issuer's own service account, good
 * for ten minutes, and signs in by it.
 *
 * @see https://github.com/cert-manager/cert-manager/blob/v1.21.1/internal/vault/vault.go (requestTokenWithKubernetesAuth)
 */
export function addSignerIssuer(
  certManager: CertManager,
  name: string,
  signer: ICertificateSigner,
  { addStage, controller, register }: SignerIssuerProps,
): Issuer {
  const account = `issuer-${name}`;
  const client = signer.addClient(certManager, account, {
    serviceAccount: { namespace: certManager.namespace, name: account },
    // The tokens have it in any case, and the server's URL besides.
    audience: `vault://${name}`,
    requests: () => issuer.requests,
  });
  const stage = addStage(account, [client]);
  const issuer = new Issuer(certManager.node.path, { name, stage, maxDuration: signer.maxDuration, register });
  const identity = new Construct(stage, 'identity');
  const metadata = { name: account };
  new k8s.KubeServiceAccount(identity, 'service-account', { metadata, automountServiceAccountToken: false });
  // With the controller, whose rights are all there when it starts.
  const rights = new Construct(controller, account);
  new k8s.KubeRole(rights, 'role', {
    metadata,
    rules: [{ apiGroups: [''], resources: ['serviceaccounts/token'], resourceNames: [account], verbs: ['create'] }],
  });
  new k8s.KubeRoleBinding(rights, 'binding', {
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: account },
    subjects: [controller.subject],
  });
  controller.connectTo(signer.endpoint);
  const authority = signer.serverAuthority(stage);
  new CustomResource(stage, 'issuer', clusterIssuer, {
    metadata: { name },
    spec: {
      vault: {
        server: signer.url,
        path: client.path,
        ...(authority && { caBundleSecretRef: { name: authority.name, key: 'ca.crt' } }),
        auth: {
          kubernetes: {
            mountPath: `/v1/auth/${signer.authMount}`,
            role: client.role,
            serviceAccountRef: { name: account },
          },
        },
      },
    },
  });
  return issuer;
}
