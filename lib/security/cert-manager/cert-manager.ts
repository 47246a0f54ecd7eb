import { Duration, Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  type CertificateProps,
  checkInteger,
  checkLabel,
  type Deployment,
  fail,
  type ICertificateIssuer,
  type ICertificateSigner,
  type ICredentials,
  type IMetrics,
  type ISecret,
  type ProgramResources,
  programResources,
  show,
  type Stage,
  System,
  type SystemProps,
} from '../../core';
import * as k8s from '../../core/k8s';
import { CustomResource } from '../../crds';
import { type AcmeProps, acmeSpec, usesHttp01 } from './acme';
import { addCainjector, addController } from './controllers';
import { certificate, definitions, clusterIssuer, issuer } from './crds';
import { images, VERSION } from './images';
import { type CertificateRegister, Issuer } from './issuer';
import { userRules } from './rbac';
import { addSignerIssuer } from './signer';
import { Webhook } from './webhook';

export interface CertManagerProps extends SystemProps {
  /**
   * An authority of your own that signs: a Secret in cert-manager's namespace with the keys `tls.crt` (the chain, up to the root) and
   * `tls.key`. `External.credentials(lab, { name: 'company-ca' }, ['tls.crt', 'tls.key'])` names one.
   * @default - a private root of ten years, made in the cluster
   */
  readonly authority?: ICredentials;
  /** Has an ACME server sign. It can't be given together with `authority`. @default - a private authority signs */
  readonly acme?: AcmeProps;
  /** Name of the private root, as browsers and `openssl` show it. At most 64 characters. @default - platform's name and "root CA" */
  readonly commonName?: string;
  /** Pods of each of the three parts, 1 to 5; the webhook answers from all of them. @default - 2, or 1 where the site has a single node */
  readonly replicas?: number;
  /**
   * Cores and memory of each pod of the parts. Memory grows with the Secrets and Certificates of the cluster, which the controller and the
   * injector keep in it.
   * @default - controller 0.05 cores and 256 MiB, cainjector 0.02 and 256 MiB, webhook 0.02 and 128 MiB
   */
  readonly resources?: {
    readonly controller?: ProgramResources;
    readonly cainjector?: ProgramResources;
    readonly webhook?: ProgramResources;
  };
  /**
   * How much the three parts log, from 0, errors alone, to 6, everything that happens: 1 adds warnings, 2 what is done, 4 and more are for
   * finding faults. A change restarts the pods, one by one.
   * @default 2
   * @see https://github.com/cert-manager/cert-manager/blob/v1.21.1/pkg/logs/logs.go
   */
  readonly logLevel?: number;
  /** Who scrapes the three parts. @default - nobody */
  readonly metrics?: IMetrics;
}

const RESOURCES = {
  controller: { cpu: 0.05, memory: Size.mebibytes(256) },
  cainjector: { cpu: 0.02, memory: Size.mebibytes(256) },
  webhook: { cpu: 0.02, memory: Size.mebibytes(128) },
};
/** Props of a further issuer. */
export interface IssuerProps {
  /** Who signs: `vault.addAuthority("pki")`. */
  readonly signer: ICertificateSigner;
}

const SELF_SIGNED = 'self-signed';
const ROOT = 'root-ca';

/**
 * cert-manager: issues TLS certificates into Secrets and renews them.
 *
 * Puts into the cluster the controller, the admission webhook, the CA injector, six CRDs, and one ClusterIssuer: a private authority of
 * the platform unless told otherwise. Needs nothing. Offers certificates to all other systems.
 *
 * @see https://cert-manager.io/docs/
 */
export class CertManager extends System implements ICertificateIssuer {
  /** Name of the ClusterIssuer that signs for the platform. */
  readonly issuerName: string;
  readonly readyAfter: readonly Stage[];
  private readonly configure: Stage;
  private readonly controller: Deployment;
  private readonly register: CertificateRegister = new Map();
  private readonly issuer: Issuer;
  private readonly issuers: Set<string>;

  constructor(scope: Construct, id: string, props: CertManagerProps = {}) {
    super(scope, id, { name: 'cert-manager', version: VERSION }, props);
    const { metrics, acme, authority } = props;
    const replicas = props.replicas ?? Math.min(2, Math.max(1, this.platform.site.schedulableNodes));
    checkInteger(this.node.path, 'replicas', replicas, 1, 5, 'one pod works, the others stand by');
    const logLevel = props.logLevel ?? 2;
    checkInteger(this.node.path, 'logLevel', logLevel, 0, 6, '2 says what is done, 4 is for finding faults');
    const resources = programResources(this.node.path, props.resources, RESOURCES);
    if (acme && authority) fail(this.node.path, 'either acme or authority signs, got both; leave one of them out');
    if (props.commonName !== undefined && (acme || authority)) {
      fail(
        this.node.path,
        `commonName ${show(props.commonName)} is the private root's, but another authority signs; leave it out`,
      );
    }
    this.addCrds(definitions);
    const install = this.addStage('install', [metrics]);
    const solverImage = acme && usesHttp01(acme) ? this.image(images.acmesolver) : undefined;
    const common = { namespace: this.namespace, replicas, logLevel, metrics };
    this.controller = addController(install, {
      ...common,
      resources: resources.controller,
      acme: acme !== undefined,
      solverImage,
    });
    addCainjector(install, { ...common, resources: resources.cainjector });
    new Webhook(install, 'webhook', { ...common, resources: resources.webhook });
    Webhook.addGates(install, this.namespace);
    this.userRoles(install);

    const root = acme || authority ? undefined : this.addStage('root', [install]);
    this.configure = this.addStage('configure', [root ?? install, authority]);
    this.readyAfter = [this.configure];
    this.issuerName = acme ? 'acme' : 'private-ca';
    if (root) this.privateRoot(root, props.commonName);
    this.issuers = new Set([this.issuerName]);
    this.issuer = new Issuer(this.node.path, {
      name: this.issuerName,
      stage: this.configure,
      acme,
      register: this.register,
    });
    new CustomResource(this.configure, 'issuer', clusterIssuer, {
      metadata: { name: this.issuerName },
      spec: acme
        ? { acme: acmeSpec(this.node.path, this.platform, this.namespace, acme, 'acme-account') }
        : { ca: { secretName: authority ? this.givenAuthority(authority) : ROOT } },
    });
  }

  issue(stage: Stage, id: string, props: CertificateProps): ISecret {
    return this.issuer.issue(stage, id, props);
  }

  authority(stage: Stage): ISecret | undefined {
    return this.issuer.authority(stage);
  }

  webhookAnnotations(certificate: ISecret): Readonly<Record<string, string>> {
    return this.issuer.webhookAnnotations(certificate);
  }

  /**
   * Makes another issuer, which has certificates signed elsewhere than this one: by Vault. What stands on the signer can't have a certificate of
   * it.
   *
   * @param name name of its ClusterIssuer
   * @throws when the name is taken
   */
  addIssuer(name: string, { signer }: IssuerProps): ICertificateIssuer {
    const { path } = this.node;
    checkLabel(path, 'the name of an issuer', name, 30);
    if (this.issuers.has(name)) fail(path, `issuer ${show(name)} is there already; choose another name`);
    const issuer = addSignerIssuer(this, name, signer, {
      addStage: (id, needs) => this.addStage(id, [this.configure, ...needs]),
      controller: this.controller,
      register: this.register,
    });
    this.issuers.add(name);
    return issuer;
  }

  private userRoles(stage: Stage): void {
    const aggregate = (...roles: string[]) =>
      Object.fromEntries(roles.map((role) => [`rbac.authorization.k8s.io/aggregate-to-${role}`, 'true']));
    new k8s.KubeClusterRole(stage, 'cert-manager-view', {
      metadata: { labels: aggregate('view', 'edit', 'admin') },
      rules: userRules.view,
    });
    new k8s.KubeClusterRole(stage, 'cert-manager-edit', {
      metadata: { labels: aggregate('edit', 'admin') },
      rules: userRules.edit,
    });
  }

  private givenAuthority(authority: ICredentials): string {
    const missing = ['tls.crt', 'tls.key'].find((key) => !authority.keys.includes(key));
    if (missing)
      fail(
        this.node.path,
        `authority must be a Secret with the keys "tls.crt" and "tls.key", got ${authority.keys.map(show).join(', ')}; add ${show(missing)}`,
      );
    return authority.in(this.namespace).name;
  }

  /** The root keeps its key when it is renewed, so that what was signed before stays valid. */
  private privateRoot(stage: Stage, commonName = `${this.platform.name} root CA`): void {
    if (commonName.length === 0 || commonName.length > 64) {
      fail(
        this.node.path,
        `commonName must have 1 to 64 characters, got ${commonName.length} in ${show(commonName)}; X.509 allows no more`,
      );
    }
    new CustomResource(stage, SELF_SIGNED, issuer, {
      metadata: { name: SELF_SIGNED },
      spec: { selfSigned: {} },
    });
    new CustomResource(stage, ROOT, certificate, {
      metadata: { name: ROOT },
      spec: {
        secretName: ROOT,
        issuerRef: { group: 'cert-manager.io', kind: 'Issuer', name: SELF_SIGNED },
        commonName,
        isCA: true,
        duration: `${Duration.days(3650).toHours()}h`,
        renewBefore: `${Duration.days(365).toHours()}h`,
        usages: ['cert sign', 'crl sign', 'digital signature'],
        privateKey: { algorithm: 'ECDSA', size: 256, encoding: 'PKCS8', rotationPolicy: 'Never' },
      },
    });
    this.addInstruction({
      when: 'after',
      what: 'Have browsers and clients trust the private authority, whose certificate is',
      command: `kubectl -n ${this.namespace} get secret ${ROOT} -o jsonpath='{.data.ca\\.crt}' | base64 -d`,
    });
  }
}
