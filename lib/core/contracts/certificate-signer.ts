import { type Duration } from 'cdk8s';
import { type Construct } from 'constructs';
import { type IEndpoint } from '../network';
import { type IReady, type Stage } from '../stage';
import { type ISecret } from './credentials';
import { type ServiceAccountReference } from './secret-store';

/** What certificates are asked for, as far as the one who signs decides by it. */
export interface SignerRequests {
  /** Each name that is asked for: `minio.minio.svc.cluster.local`, `*.lab.example`. */
  readonly dnsNames: readonly string[];
  /** Whether any of them is for an IP address. */
  readonly ipAddresses: boolean;
  /** Whether any of them is for a client. */
  readonly clients: boolean;
}

export interface SignerClientProps {
  /** Who signs in, with a token of its own. */
  readonly serviceAccount: ServiceAccountReference;
  /** Audience that its tokens are made for. */
  readonly audience: string;
  /** What it asks for besides names of the signer's own domains. Asked for when everything is said. */
  readonly requests: () => SignerRequests;
}

/** How certificates are asked for: by a path of Vault's API, signed in to by a role. */
export interface ISignerClient extends IReady {
  /** Path that signs requests: `pki/sign/platform-lab`. */
  readonly path: string;
  /** Role by which the service account signs in. */
  readonly role: string;
}

/** Signs requests for certificates with a key that never leaves it: Vault's PKI engine. */
export interface ICertificateSigner {
  readonly endpoint: IEndpoint;
  /** `https://vault.vault.svc.cluster.local:8200`. */
  readonly url: string;
  /** Where Kubernetes' tokens are accepted: `kubernetes`, that is `auth/kubernetes`. */
  readonly authMount: string;
  /** Longest that a certificate of it is valid. */
  readonly maxDuration: Duration;
  /** The authority of its own server's certificate, as the key `ca.crt` of a Secret in the stage's namespace. */
  serverAuthority(stage: Stage): ISecret | undefined;
  /**
   * Lets a service account have requests signed.
   * @throws when the name was asked for before, or the signer has no certificate of its own yet
   */
  addClient(scope: Construct, name: string, props: SignerClientProps): ISignerClient;
}
