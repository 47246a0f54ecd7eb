import { type Duration } from 'cdk8s';
import { type IReady, type Stage } from '../stage';
import { type ISecret } from './credentials';

export interface CertificateProps {
  /** Host names it is valid for; a function's are taken at synthesis, so that names may be added until then. */
  readonly dnsNames: readonly string[] | (() => readonly string[]);
  /** IP addresses it is valid for. @default - none */
  readonly ipAddresses?: readonly string[];
  /** How long it is valid. @default - the issuer's choice */
  readonly duration?: Duration;
  /** What it is used for. @default ['server auth'] */
  readonly usages?: readonly ('server auth' | 'client auth')[];
}

/** Issues TLS certificates. */
export interface ICertificateIssuer extends IReady {
  /**
   * Issues a certificate into a Secret of the stage's namespace, with the keys `tls.crt`, `tls.key` and, with a private CA, `ca.crt`, and
   * renews it. Pods that mount the Secret start when it is there. The stage must need the issuer.
   *
   * @param id name of the Secret
   */
  issue(stage: Stage, id: string, props: CertificateProps): ISecret;
  /**
   * The authority that clients verify the certificates by, as the key `ca.crt` of a Secret in the stage's namespace.
   * The same Secret for each stage of a namespace; undefined where the public authorities are enough.
   */
  authority(stage: Stage): ISecret | undefined;
  /**
   * Annotations by which the authority of one of its certificates gets into a webhook's configuration, which then says no `caBundle` itself.
   *
   * @param certificate what `issue` returned
   * @throws where the issuer can't do that
   */
  webhookAnnotations(certificate: ISecret): Readonly<Record<string, string>>;
}
