import { type Duration } from 'cdk8s';
import { Construct } from 'constructs';
import {
  type CertificateProps,
  checkHost,
  fail,
  type ICertificateIssuer,
  type ISecret,
  lazy,
  SecretReference,
  show,
  type SignerRequests,
  type Stage,
} from '../../core';
import * as k8s from '../../core/k8s';
import { CustomResource } from '../../crds';
import { type AcmeProps, checkPublic, usesHttp01 } from './acme';
import { certificate } from './crds';

/** The certificates of all issuers, by namespace and name of their Secrets, and who asked for each. */
export type CertificateRegister = Map<string, { readonly owner: string; readonly issuer: Issuer }>;

export interface IssuerSettings {
  /** Name of the ClusterIssuer. */
  readonly name: string;
  /** Where the ClusterIssuer is made. */
  readonly stage: Stage;
  /** The ACME server that signs, where one does. */
  readonly acme?: AcmeProps;
  /** Where somebody else signs: longest that he signs for. */
  readonly maxDuration?: Duration;
  readonly register: CertificateRegister;
}

const CA_KEYS = ['tls.crt', 'tls.key', 'ca.crt'];
/** What cert-manager asks for where no duration is given. @see https://cert-manager.io/docs/usage/certificate/ */
const DEFAULT_SECONDS = 90 * 24 * 3600;
/** Name that the certificates are for which are there to bring an authority into a namespace. */
const AUTHORITY_NAME = 'authority.invalid';

type Spec = NonNullable<NonNullable<(typeof certificate)['body']>['spec']>;
type Asked = Pick<Spec, 'dnsNames' | 'ipAddresses' | 'duration' | 'usages'>;

/** Issues certificates by one ClusterIssuer. */
export class Issuer implements ICertificateIssuer {
  readonly readyAfter: readonly Stage[];
  private readonly authorities = new Map<string, ISecret>();
  private readonly solverNamespaces = new Set<string>();
  private readonly asked: CertificateProps[] = [];

  /** @param path of cert-manager, for errors */
  constructor(
    private readonly path: string,
    private readonly settings: IssuerSettings,
  ) {
    this.readyAfter = [settings.stage];
  }

  /** What was asked for. */
  get requests(): SignerRequests {
    const names = this.asked.flatMap(({ dnsNames }) => (typeof dnsNames === 'function' ? dnsNames() : dnsNames));
    return {
      dnsNames: [...new Set([...names, ...(this.authorities.size > 0 ? [AUTHORITY_NAME] : [])])].sort(),
      ipAddresses: this.asked.some(({ ipAddresses = [] }) => ipAddresses.length > 0),
      clients: this.asked.some(({ usages = [] }) => usages.includes('client auth')),
    };
  }

  issue(stage: Stage, id: string, props: CertificateProps): ISecret {
    const { acme, register } = this.settings;
    const path = `${stage.node.path}/${id}`;
    const namespace = this.namespaceOf(path, stage);
    const { dnsNames, ipAddresses = [], usages = ['server auth'] } = props;
    const duration = this.duration(path, props.duration);
    const other = register.get(`${namespace}/${id}`);
    if (other !== undefined) {
      fail(
        path,
        `the Secret ${show(id)} of namespace ${show(namespace)} is the certificate of ${other.owner} already; give this one another id`,
      );
    }
    register.set(`${namespace}/${id}`, { owner: stage.node.path, issuer: this });
    this.asked.push(props);
    if (acme && usesHttp01(acme)) this.letSolversIn(namespace);
    this.certificate(new Construct(stage, `certificate-${id}`), namespace, id, {
      dnsNames:
        typeof dnsNames === 'function'
          ? lazy(() => this.checkedNames(path, dnsNames(), ipAddresses))
          : this.checkedNames(path, dnsNames, ipAddresses),
      ...(ipAddresses.length > 0 && { ipAddresses }),
      ...(duration !== undefined && { duration }),
      usages: ['digital signature', 'key encipherment', ...usages],
    });
    return new SecretReference(namespace, id, acme ? ['tls.crt', 'tls.key'] : CA_KEYS, [stage]);
  }

  authority(stage: Stage): ISecret | undefined {
    if (this.settings.acme) return undefined;
    const namespace = this.namespaceOf(`${stage.node.path}/authority`, stage);
    const known = this.authorities.get(namespace);
    if (known) return known;
    // cert-manager writes ca.crt next to each certificate it issues, so a certificate that is good for nothing else brings it here.
    const name = `${this.settings.name}-authority`;
    this.certificate(new Construct(this.settings.stage, `authority-${namespace}`), namespace, name, {
      dnsNames: [AUTHORITY_NAME],
      // Who signs by a role gives what the role says, and need not learn to sign for clients by this.
      usages: ['digital signature', this.settings.maxDuration ? 'server auth' : 'client auth'],
      ...(this.settings.maxDuration && { duration: this.duration('', undefined) }),
    });
    const secret = new SecretReference(namespace, name, CA_KEYS, this.readyAfter);
    this.authorities.set(namespace, secret);
    return secret;
  }

  webhookAnnotations({ namespace, name }: ISecret): Readonly<Record<string, string>> {
    if (this.settings.register.get(`${namespace}/${name}`)?.issuer !== this) {
      fail(
        this.path,
        `the Secret ${show(name)} of namespace ${show(namespace)} is no certificate that was issued here; pass what issue returned`,
      );
    }
    // A public authority signs for no name within the cluster, so there is none to be trusted by the API server.
    if (this.settings.acme) {
      fail(this.path, 'an ACME server issues no certificates for webhooks; give them a private authority');
    }
    return { 'cert-manager.io/inject-ca-from': `${namespace}/${name}` };
  }

  private duration(path: string, asked: Duration | undefined): string | undefined {
    const { acme, maxDuration, name } = this.settings;
    const seconds = asked?.toSeconds({ integral: false });
    if (seconds !== undefined && seconds < 3600) {
      fail(
        path,
        `duration must be at least an hour, got ${seconds} seconds; a certificate is renewed after two thirds of it`,
      );
    }
    const most = maxDuration?.toSeconds() ?? Infinity;
    if (seconds !== undefined && seconds > most) {
      fail(
        path,
        `duration must be at most ${most} seconds, the longest that issuer ${show(name)} has signed, got ${seconds}; lower it`,
      );
    }
    // An ACME server decides by itself, and cert-manager refuses to ask.
    if (acme) return undefined;
    if (seconds !== undefined) return `${seconds}s`;
    return most < DEFAULT_SECONDS ? `${most}s` : undefined;
  }

  private certificate(scope: Construct, namespace: string, name: string, spec: Asked): void {
    new CustomResource(scope, 'certificate', certificate, {
      metadata: { name, namespace },
      spec: {
        secretName: name,
        issuerRef: { group: 'cert-manager.io', kind: 'ClusterIssuer', name: this.settings.name },
        privateKey: { algorithm: 'ECDSA', size: 256, encoding: 'PKCS8', rotationPolicy: 'Always' },
        ...spec,
      },
    });
  }

  /** The namespace that a stage's certificates go to. @throws where the stage can't have any */
  private namespaceOf(path: string, stage: Stage): string {
    const own = this.settings.stage;
    if (stage.platform !== own.platform) {
      fail(
        path,
        `is of platform "${stage.platform.name}", but ${this.path} issues for "${own.platform.name}"; use the issuer of its own platform`,
      );
    }
    if (!stage.comesAfter(own)) {
      const way = wayBetween(own, stage);
      if (way) {
        fail(
          path,
          `can't have a certificate of issuer ${show(this.settings.name)}, which stands on it: ${way.map(({ node }) => node.path).join(' needs ')}; ` +
            'have it issued by what is there before, such as the private authority of cert-manager',
        );
      }
      fail(path, `may be applied before ${this.path} issues certificates; give the issuer to the stage as a need`);
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
    if (this.settings.acme) {
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
    new k8s.KubeNetworkPolicy(new Construct(this.settings.stage, `solvers-${namespace}`), 'network-policy', {
      metadata: { name: 'acme-http01-solver', namespace },
      spec: {
        podSelector: { matchLabels: { 'acme.cert-manager.io/http01-solver': 'true' } },
        policyTypes: ['Ingress'],
        ingress: [{ ports: [{ port: k8s.IntOrString.fromNumber(8089), protocol: 'TCP' }] }],
      },
    });
  }
}

/** The stages by which one needs another, from the one to the other; undefined where it doesn't. */
function wayBetween(from: Stage, to: Stage): Stage[] | undefined {
  if (from === to) return [from];
  for (const need of from.needs) {
    if (need !== to && !need.comesAfter(to)) continue;
    return [from, ...wayBetween(need, to)!];
  }
  return undefined;
}
