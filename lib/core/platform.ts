import { Construct, type IConstruct } from 'constructs';
import { type NodePool, type Site } from '../site';
import { type ICredentialSource, type IOwnCredentialSource } from './contracts/credentials';
import { CredentialSources } from './credentials/sources';
import { distribution, type Distribution, type DistributionName } from './distribution';
import { didYouMean, fail, show } from './errors';
import { type Image, image, reference } from './image';
import * as k8s from './k8s';
import { ISOLATED, LABEL } from './labels';
import { checkLabel } from './names';
import { formatFinding } from './link';
import { linked } from './output/linked';
import { PLATFORM, platformOf } from './scope';
import { Stage } from './stage';
import { type SummaryInstruction } from './system';

const MIRROR = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?(\/[a-z0-9]+([._/-][a-z0-9]+)*)?$/;

export interface PlatformProps {
  /** What is in the racks. */
  readonly site: Site;
  /** The Kubernetes that runs there. @default 'kubeadm' */
  readonly distribution?: DistributionName;
  /**
   * Its version, `1.35` or `1.35.6`. Systems refuse one that theirs isn't made for.
   * @default - the distribution's: 1.35, Tanzu's 1.33
   */
  readonly kubernetesVersion?: string;
  /**
   * Registry that holds all images, with a port and a path where it has them: `registry.lab.example:5000/mirror`. It replaces the
   * registry in every reference, those in custom resources and ConfigMaps too.
   * @default - images come from their own registries
   */
  readonly registryMirror?: string;
  /**
   * Other builds of images, by the repository they stand in for: `{ 'quay.io/minio/minio': 'registry.lab.example/minio:2026.1' }`. Taken as
   * they are; the mirror doesn't apply to them.
   * @default - the systems' own
   */
  readonly images?: Readonly<Record<string, string>>;
}

/** An object that the output refers to and that is in the cluster already. Name `*` stands for any. */
export interface ExternalObject {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  /** Keys of a Secret or ConfigMap. @default - not known, any may be used */
  readonly keys?: readonly string[];
}

/** The Pod Security Standard that a namespace enforces. @see https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
export type PodSecurityLevel = 'restricted' | 'baseline' | 'privileged';

/**
 * The root of everything: a site, a Kubernetes distribution and the choices that all systems share. Its id is the name of its folder
 * in the output. Puts into the cluster: the systems' namespaces, and one Job that mints the systems' credentials.
 */
export class Platform extends Construct {
  /** The platform that a construct belongs to. @throws when there is none */
  static of(construct: IConstruct): Platform {
    return platformOf(construct);
  }

  readonly name: string;
  readonly site: Site;
  readonly distribution: Distribution;
  /** Major and minor of Kubernetes: `1.35`. */
  readonly kubernetesVersion: string;
  /** Wave 0: namespaces and what else all others stand on. */
  readonly foundation: Stage;
  private readonly sources: CredentialSources;
  private readonly platformInstructions: SummaryInstruction[] = [];
  private readonly mirror?: string;
  private readonly replacements: ReadonlyMap<string, Image>;
  private readonly asked = new Set<string>();
  private readonly registered: Stage[] = [];
  private readonly namespaces = new Map<string, IConstruct>();
  private readonly usedImages = new Map<string, Image>();
  private readonly externalObjects: ExternalObject[] = [];
  private readonly addedResources: {
    readonly pool: NodePool;
    readonly perNode: () => Readonly<Record<string, number>>;
  }[] = [];

  constructor(scope: Construct, id: string, props: PlatformProps) {
    super(scope, id);
    Object.defineProperty(this, PLATFORM, { value: true });
    checkLabel(this.node.path, 'the name of a platform', id, 40);
    if (!props.site) fail(this.node.path, 'needs a site; pass site: Site.fromFile("site.yaml")');
    if (typeof (props.site as Partial<Site>).networksIn !== 'function') {
      fail(this.node.path, `site must be a Site, got ${show(props.site)}; pass site: Site.fromFile("site.yaml")`);
    }
    if (props.registryMirror !== undefined && !MIRROR.test(props.registryMirror)) {
      fail(
        this.node.path,
        `registryMirror must be host[:port][/path] without a scheme, got ${show(props.registryMirror)}; write it as "registry.lab.example:5000"`,
      );
    }
    this.name = id;
    this.sources = new CredentialSources(this);
    this.site = props.site;
    this.distribution = distribution(props.distribution ?? 'kubeadm');
    this.kubernetesVersion = this.version(props.kubernetesVersion ?? this.distribution.kubernetesVersion);
    this.checkRanges();
    this.mirror = props.registryMirror;
    this.replacements = new Map(Object.entries(props.images ?? {}).map(([name, build]) => [name, image(build)]));
    this.foundation = new Stage(this, 'foundation', {
      platform: this,
      file: 'foundation',
      needs: [],
      foundation: true,
      labels: { [LABEL.partOf]: this.name, [LABEL.managedBy]: 'cdk8s-onprem-ml' },
    });
    this.node.addValidation({
      validate: () => [...this.uselessReplacements(), ...linked(this).findings.map(formatFinding)],
    });
    this.addExternal({ kind: 'Namespace', name: this.distribution.dns.namespace });
    for (const { name } of props.site.storageClasses) this.addExternal({ kind: 'StorageClass', name });
  }

  /**
   * Where the systems' passwords and keys come from: minted in the cluster, each installation its own, unless another source is used
   * (`useCredentials`).
   */
  get credentials(): ICredentialSource {
    return this.sources;
  }

  /**
   * Has the systems that are made from now on take their credentials from another source than the minted ones. Those that are there already,
   * on which the source may stand, keep what they have.
   *
   * @throws when a source was chosen before, or it is another platform's
   */
  useCredentials(source: IOwnCredentialSource): void {
    this.sources.use(source);
  }

  /** All stages, in the order they were made. */
  get stages(): readonly Stage[] {
    return this.registered;
  }

  /** Every image that the platform's pods, or controllers on their behalf, run. */
  get images(): ReadonlyMap<string, Image> {
    return this.usedImages;
  }

  /** What the output may refer to without containing it. */
  get externals(): readonly ExternalObject[] {
    return this.externalObjects;
  }

  /** The reference to run an image by, from the mirror where there is one; puts it on the platform's list. */
  image(wanted: Image): string {
    const name = `${wanted.registry}/${wanted.repository}`;
    const replacement = this.replacements.get(name);
    const used = replacement ? reference(replacement) : reference(wanted, this.mirror);
    this.asked.add(name);
    this.usedImages.set(used, replacement ?? wanted);
    return used;
  }

  /** Declares something that the output refers to and that exists already. */
  addExternal(object: ExternalObject): void {
    this.externalObjects.push(object);
  }

  /** What an operator does by hand for things outside the platform, for the summary. */
  get instructions(): readonly SummaryInstruction[] {
    return this.platformInstructions;
  }

  /** Says in the summary what an operator does by hand for something outside the platform; a system says it of itself. */
  addInstruction(instruction: SummaryInstruction): void {
    this.platformInstructions.push(instruction);
  }

  /**
   * Says what a pool's nodes offer to pods once a system drives their devices: parts of GPUs, RDMA devices. It counts instead of what the site
   * says of that resource, so that 0 takes one away.
   *
   * @param perNode what each node offers, by resource; asked when everything is said
   */
  addNodeResources(pool: NodePool, perNode: () => Readonly<Record<string, number>>): void {
    this.addedResources.push({ pool, perNode });
  }

  /** What systems have said of a pool's nodes. */
  nodeResources(pool: NodePool): Readonly<Record<string, number>> {
    const said = this.addedResources.filter((added) => added.pool.name === pool.name);
    return Object.assign({}, ...said.map(({ perNode }) => perNode())) as Record<string, number>;
  }

  /**
   * Adds a namespace, in which nothing may talk to anything unless a policy allows it.
   *
   * @param labels further ones, by which webhooks and policies select it
   * @throws when a namespace of that name was added before
   */
  addNamespace(
    owner: IConstruct,
    name: string,
    podSecurity: PodSecurityLevel,
    labels: Readonly<Record<string, string>> = {},
  ): void {
    checkLabel(owner.node.path, 'namespace', name);
    if (name === 'default' || name.startsWith('kube-')) {
      fail(
        owner.node.path,
        `namespace ${show(name)} is the cluster's own, and would be closed to all traffic; choose another`,
      );
    }
    const other = this.namespaces.get(name);
    if (other) {
      fail(
        owner.node.path,
        `namespace ${show(name)} is taken by ${other.node.path}; give one of the two another id, or pass namespace`,
      );
    }
    this.namespaces.set(name, owner);
    const scope = new Construct(this.foundation, name);
    new k8s.KubeNamespace(scope, 'namespace', {
      metadata: {
        name,
        labels: {
          ...labels,
          [ISOLATED]: 'true',
          'pod-security.kubernetes.io/enforce': podSecurity,
          'pod-security.kubernetes.io/warn': podSecurity,
        },
      },
    });
    new k8s.KubeNetworkPolicy(scope, 'default-deny', {
      metadata: { namespace: name, name: 'default-deny' },
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    });
  }

  private version(text: string): string {
    const minor = /^v?(1\.\d{1,2})(\.\d+)?([-+].*)?$/.exec(text)?.[1];
    return (
      minor ??
      fail(this.node.path, `kubernetesVersion must be a release of Kubernetes, got ${show(text)}; write it as "1.35"`)
    );
  }

  private uselessReplacements(): string[] {
    return [...this.replacements.keys()]
      .filter((name) => !this.asked.has(name))
      .map((name) => `${this.node.path}: images: no system runs ${show(name)}${didYouMean(name, this.asked)}`);
  }

  /** A network of the site that overlaps the cluster's own addresses is out of the pods' reach. */
  private checkRanges(): void {
    const { serviceCidr, podCidr, title } = this.distribution;
    for (const [what, cidr] of [
      ['Services', serviceCidr],
      ['pods', podCidr],
    ] as const) {
      const [network] = cidr === undefined ? [] : this.site.networksIn(cidr);
      if (network) {
        fail(
          this.node.path,
          `network ${show(network.name)} of the site, ${network.cidr}, overlaps ${cidr}, which ${title} gives to ${what}; renumber one of the two`,
        );
      }
    }
  }

  /** Called by each Stage. @internal */
  register(stage: Stage): void {
    this.registered.push(stage);
  }
}
