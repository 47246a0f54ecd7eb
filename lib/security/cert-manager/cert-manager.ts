import { Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import {
  type CertificateProps,
  checkHost,
  checkInteger,
  fail,
  type ICertificateIssuer,
  type ICredentials,
  type IMetrics,
  type ISecret,
  lazy,
  type ProgramResources,
  programResources,
  SecretReference,
  show,
  type Stage,
  System,
  type SystemProps,
} from '../../core';
import * as k8s from '../../core/k8s';
import { CustomResource } from '../../crds';
import { type AcmeProps, acmeSpec, checkPublic, usesHttp01 } from './acme';
import { addCainjector, addController } from './controllers';
import { certificate, definitions, clusterIssuer, issuer } from './crds';
import { images, VERSION } from './images';
import { userRules } from './rbac';
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
const SELF_SIGNED = 'self-signed';
const ROOT = 'root-ca';
const CA_KEYS = ['tls.crt', 'tls.key', 'ca.crt'];

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
  private readonly acme?: AcmeProps;
  private readonly configure: Stage;
  private readonly authorities = new Map<string, ISecret>();
  private readonly issued = new Map<string, string>();
  private readonly solverNamespaces = new Set<string>();

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
    this.acme = acme;

    this.addCrds(definitions);
    const install = this.addStage('install', [metrics]);
    const solverImage = acme && usesHttp01(acme) ? this.image(images.acmesolver) : undefined;
    const common = { namespace: this.namespace, replicas, logLevel, metrics };
    addController(install, {
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
    new CustomResource(this.configure, 'issuer', clusterIssuer, {
      metadata: { name: this.issuerName },
      spec: acme
        ? { acme: acmeSpec(this.node.path, this.platform, this.namespace, acme, 'acme-account') }
        : { ca: { secretName: authority ? this.givenAuthority(authority) : ROOT } },
    });
  }

  issue(stage: Stage, id: string, props: CertificateProps): ISecret {
    const path = `${stage.node.path}/${id}`;
    const namespace = this.namespaceOf(path, stage);
    const { dnsNames, ipAddresses = [], duration, usages = ['server auth'] } = props;
    const lifetime = duration?.toSeconds({ integral: false });
    if (lifetime !== undefined && lifetime < 3600) {
      fail(
        path,
        `duration must be at least an hour, got ${lifetime} seconds; a certificate is renewed after two thirds of it`,
      );
    }
    const other = this.issued.get(`${namespace}/${id}`);
    if (other !== undefined) {
      fail(
        path,
        `the Secret ${show(id)} of namespace ${show(namespace)} is the certificate of ${other} already; give this one another id`,
      );
    }
    this.issued.set(`${namespace}/${id}`, stage.node.path);
    if (this.acme && usesHttp01(this.acme)) this.letSolversIn(namespace);
    this.certificate(new Construct(stage, `certificate-${id}`), namespace, id, {
      dnsNames:
        typeof dnsNames === 'function'
          ? lazy(() => this.checkedNames(path, dnsNames(), ipAddresses))
          : this.checkedNames(path, dnsNames, ipAddresses),
      ...(ipAddresses.length > 0 && { ipAddresses }),
      // An ACME server decides by itself, and cert-manager refuses to ask.
      ...(lifetime !== undefined && !this.acme && { duration: `${lifetime}s` }),
      usages: ['digital signature', 'key encipherment', ...usages],
    });
    return new SecretReference(namespace, id, this.acme ? ['tls.crt', 'tls.key'] : CA_KEYS, [stage]);
  }

  authority(stage: Stage): ISecret | undefined {
    if (this.acme) return undefined;
    const namespace = this.namespaceOf(`${stage.node.path}/authority`, stage);
    const known = this.authorities.get(namespace);
    if (known) return known;
    // cert-manager writes ca.crt next to each certificate it issues, so a certificate that is good for nothing else brings it here.
    const name = `${this.issuerName}-authority`;
    this.certificate(new Construct(this.configure, `authority-${namespace}`), namespace, name, {
      dnsNames: ['authority.invalid'],
      usages: ['digital signature', 'client auth'],
    });
    const secret = new SecretReference(namespace, name, CA_KEYS, this.readyAfter);
    this.authorities.set(namespace, secret);
    return secret;
  }

  webhookAnnotations({ namespace, name }: ISecret): Readonly<Record<string, string>> {
    if (!this.issued.has(`${namespace}/${name}`)) {
      fail(
        this.node.path,
        `the Secret ${show(name)} of namespace ${show(namespace)} is no certificate that was issued here; pass what issue returned`,
      );
    }
    // A public authority signs for no name within the cluster, so there is none to be trusted by the API server.
    if (this.acme) {
      fail(this.node.path, 'an ACME server issues no certificates for webhooks; give them a private authority');
    }
    return { 'cert-manager.io/inject-ca-from': `${namespace}/${name}` };
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

  private certificate(
    scope: Construct,
    namespace: string,
    name: string,
    spec: Pick<
      NonNullable<NonNullable<(typeof certificate)['body']>['spec']>,
      'dnsNames' | 'ipAddresses' | 'duration' | 'usages'
    >,
  ): void {
    new CustomResource(scope, 'certificate', certificate, {
      metadata: { name, namespace },
      spec: {
        secretName: name,
        issuerRef: { group: 'cert-manager.io', kind: 'ClusterIssuer', name: this.issuerName },
        privateKey: { algorithm: 'ECDSA', size: 256, encoding: 'PKCS8', rotationPolicy: 'Always' },
        ...spec,
      },
    });
  }

  /** The namespace that a stage's certificates go to. @throws where the stage can't have any */
  private namespaceOf(path: string, stage: Stage): string {
    if (stage.platform !== this.platform) {
      fail(
        path,
        `is of platform "${stage.platform.name}", but ${this.node.path} issues for "${this.platform.name}"; use the issuer of its own platform`,
      );
    }
    if (!stage.comesAfter(this.configure)) {
      fail(path, `may be applied before ${this.node.path} issues certificates; give the issuer to the stage as a need`);
    }
    return (
      stage.namespace ?? fail(path, 'a certificate needs a namespace; use a stage that a system made with addStage')
    );
  }

  private checkedNames(path: string, dnsNames: readonly string[], ipAddresses: readonly string[]): string[] {
    const names = [...new Set(dnsNames)];
    if (names.length + ipAddresses.length === 0) {
      fail(path, 'a certificate needs at least one name or address, got none; give dnsNames');
    }
    for (const name of names) checkHost(path, 'a name of a certificate', name, true);
    if (this.acme) {
      checkPublic(path, names);
      if (ipAddresses.length > 0) {
        fail(path, `an ACME server doesn't issue for addresses, got ${ipAddresses.join(', ')}; use names`);
      }
    }
    return names;
  }

  /** HTTP-01 proofs are answered by pods next to the Certificate, which the namespace's policy would cut off. */
  private letSolversIn(namespace: string): void {
    if (this.solverNamespaces.has(namespace)) return;
    this.solverNamespaces.add(namespace);
    new k8s.KubeNetworkPolicy(new Construct(this.configure, `solvers-${namespace}`), 'network-policy', {
      metadata: { name: 'acme-http01-solver', namespace },
      spec: {
        podSelector: { matchLabels: { 'acme.cert-manager.io/http01-solver': 'true' } },
        policyTypes: ['Ingress'],
        ingress: [{ ports: [{ port: k8s.IntOrString.fromNumber(8089), protocol: 'TCP' }] }],
      },
    });
  }
}
