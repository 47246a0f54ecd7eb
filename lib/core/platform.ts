import { Construct, type IConstruct } from 'constructs';
import { type NodePool, type Site } from '../site';
import { type ICredentialSource, type IOwnCredentialSource } from './contracts/credentials';
import { type IRegistry } from './contracts/registry';
import { CredentialSources } from './credentials/sources';
import { distribution, type Distribution } from './distribution';
import { didYouMean, fail, show } from './errors';
import { type Image, image, reference } from './image';
import { ImageLock, taggedName } from './image-lock';
import * as k8s from './k8s';
import { ISOLATED, LABEL, NODE_FILE } from './labels';
import { checkLabel } from './names';
import { type WiredPods } from './network';
import { formatFinding } from './link';
import { type Reason } from './link/reasons';
import { linked } from './output/linked';
import { checkRanges, minorVersion } from './platform-checks';
import {
  type ExternalObject,
  type ImageUse,
  type NodeFile,
  type PlatformNamespace,
  type PlatformProps,
  type PodSecurityLevel,
  type UsedImage,
} from './platform-props';
import { RegistryMirror } from './registry-mirror';
import { PLATFORM, platformOf, SYSTEM } from './scope';
import { Stage } from './stage';
import { type SummaryInstruction } from './system';

export * from './platform-props';

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
  /** The storage classes that volumes may have, where they must be encrypted. */
  readonly encryptedClasses?: ReadonlySet<string>;
  /** Wave 0: namespaces and what else all others stand on. */
  readonly foundation: Stage;
  private readonly sources: CredentialSources;
  /** Where images come from, where that is not their own registries. */
  readonly mirror?: RegistryMirror;
  private readonly lock?: ImageLock;
  private ownRegistry?: IRegistry;
  private readonly replacements: ReadonlyMap<string, Image>;
  private readonly asked = new Set<string>();
  private readonly registered: Stage[] = [];
  private readonly usedImages = new Map<string, UsedImage>();
  private readonly collided: (readonly [Image, Image, string])[] = [];
  private readonly justified: Reason[] = [];
  private readonly filesOfNodes: NodeFile[] = [];
  private readonly ownInstructions: SummaryInstruction[] = [];
  private readonly madeNamespaces = new Map<string, PlatformNamespace>();
  private readonly wired: WiredPods[] = [];
  private readonly completions: (() => void)[] = [];
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
    this.name = id;
    this.sources = new CredentialSources(this);
    this.site = props.site;
    this.distribution = distribution(props.distribution ?? 'kubeadm');
    this.kubernetesVersion = minorVersion(
      this.node.path,
      props.kubernetesVersion ?? this.distribution.kubernetesVersion,
    );
    checkRanges(this.node.path, props.site, this.distribution);
    this.mirror =
      props.registryMirror === undefined ? undefined : RegistryMirror.from(this.node.path, props.registryMirror);
    this.lock = typeof props.imageLock === 'string' ? ImageLock.fromFile(props.imageLock) : props.imageLock;
    this.replacements = new Map(Object.entries(props.images ?? {}).map(([name, build]) => [name, image(build)]));
    if (props.requireEncryptedVolumes) {
      const encrypted = props.site.storageClasses.filter((storageClass) => storageClass.encrypted);
      this.encryptedClasses = new Set(encrypted.map(({ name }) => name));
    }
    this.foundation = new Stage(this, 'foundation', {
      platform: this,
      file: 'foundation',
      needs: [],
      foundation: true,
      labels: { [LABEL.partOf]: this.name, [LABEL.managedBy]: 'cdk8s-onprem-ml' },
    });
    this.node.addValidation({
      validate: () => [
        ...this.uselessReplacements(),
        ...this.collisions(),
        ...this.unlocked(),
        ...linked(this).findings.map(formatFinding),
      ],
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
  get images(): ReadonlyMap<string, UsedImage> {
    return this.usedImages;
  }

  /** The platform's own registry, where that is the mirror. */
  get mirrorRegistry(): IRegistry | undefined {
    return this.ownRegistry;
  }

  /** What the output may refer to without containing it. */
  get externals(): readonly ExternalObject[] {
    return this.externalObjects;
  }

  /** What the output has for nodes. */
  get nodeFiles(): readonly NodeFile[] {
    return this.filesOfNodes;
  }

  /** What an operator does by hand for the platform as a whole, for the summary. */
  get instructions(): readonly SummaryInstruction[] {
    return this.ownInstructions;
  }

  /** Puts a file for nodes into the output's folder `nodes`. @throws where one of that name is there, or the name is none for it */
  addNodeFile(file: NodeFile): void {
    if (!NODE_FILE.test(file.name))
      fail(
        this.node.path,
        `a file for nodes must be called like "audit-policy.yaml", got ${show(file.name)}; rename it`,
      );
    if (this.filesOfNodes.some(({ name }) => name === file.name))
      fail(this.node.path, `the file ${show(file.name)} for nodes is there already; make one construct of the two`);
    this.filesOfNodes.push(file);
  }

  /** Says in the summary what an operator does by hand. */
  addInstruction(instruction: SummaryInstruction): void {
    this.ownInstructions.push(instruction);
  }

  /** Why objects are what link refuses otherwise, as the summary tells it. */
  get reasons(): readonly Reason[] {
    return this.justified;
  }

  /**
   * Says why an object must have what link refuses: a wildcard in its rights, another end of TLS that isn't verified. Told in the summary.
   *
   * @throws where the reason is none
   */
  justify(reason: Reason): void {
    if (reason.reason.trim().length < 20)
      fail(
        this.node.path,
        `the reason for ${reason.field} of ${reason.kind} ${reason.name} must be a sentence, got ${show(reason.reason)}; say why it must be so`,
      );
    this.justified.push(reason);
  }

  /** The reference to run an image by, from the mirror where there is one; puts it on the platform's list. */
  image(wanted: Image, { owner, composedTag = false }: ImageUse = {}): string {
    const name = `${wanted.registry}/${wanted.repository}`;
    const replacement = this.replacements.get(name);
    const source = replacement ?? wanted;
    const digest = source.digest ?? this.lock?.digestOf(source);
    const replaces = replacement !== undefined;
    const mirrored = this.mirror !== undefined && !replaces && source.registry !== this.mirror.host;
    const shown = composedTag ? source : { ...source, digest };
    const used = reference(shown, mirrored ? this.mirror!.prefix(source.registry) : undefined);
    this.asked.add(name);
    const known = this.usedImages.get(used);
    const image = { ...source, digest };
    if (known && taggedName(known.image) !== taggedName(image)) {
      this.collided.push([known.image, image, used]);
      return used;
    }
    const owners = new Set([...(known?.owners ?? []), ...(owner ? [owner.node.path] : [])]);
    const locked = source.digest === undefined && digest !== undefined;
    this.usedImages.set(used, { image, reference: used, mirrored, replaces, locked, owners });
    return used;
  }

  /**
   * Says that the mirror is a registry of this very platform. What that one needs, itself included, can't be pulled from it at first: `preload.sh` brings it to the
   * nodes.
   *
   * @throws when there is no mirror, or it is another host's
   */
  serveMirrorBy(registry: IRegistry): void {
    if (!this.mirror) {
      fail(this.node.path, `${show(registry.host)} is to serve the mirror, but there is none; give registryMirror`);
    }
    if (registry.host !== this.mirror.host) {
      fail(
        this.node.path,
        `${show(registry.host)} is to serve the mirror, but registryMirror is at ${show(this.mirror.host)}; give both the same host`,
      );
    }
    this.ownRegistry = registry;
  }

  /** Declares the mirror's Secret in a namespace, once. @internal */
  addPullSecret(namespace: string): void {
    const name = this.mirror!.pullSecret!;
    const isIt = (object: ExternalObject) =>
      object.kind === 'Secret' && object.name === name && object.namespace === namespace;
    if (this.externalObjects.some(isIt)) return;
    this.addExternal({ kind: 'Secret', namespace, name, keys: ['.dockerconfigjson'] });
  }

  /** Declares something that the output refers to and that exists already. */
  addExternal(object: ExternalObject): void {
    this.externalObjects.push(object);
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
    const other = this.madeNamespaces.get(name);
    if (other) {
      fail(
        owner.node.path,
        `namespace ${show(name)} is taken by ${other.owner.node.path}; give one of the two another id, or pass namespace`,
      );
    }
    const scope = new Construct(this.foundation, name);
    const namespace = new k8s.KubeNamespace(scope, 'namespace', {
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
    // Pods that name no ServiceAccount, as a team's or a controller's may, have this one.
    if (this.mirror?.pullSecret !== undefined) {
      new k8s.KubeServiceAccount(scope, 'service-account', { metadata: { namespace: name, name: 'default' } });
    }
    new k8s.KubeNetworkPolicy(scope, 'default-deny', {
      metadata: { namespace: name, name: 'default-deny' },
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    });
    this.madeNamespaces.set(name, {
      name,
      owner,
      isSystem: SYSTEM in owner,
      podSecurity,
      addLabel: (label, value) => namespace.metadata.addLabel(label, value),
    });
  }

  /** The namespaces that it makes, in the order they were asked for. */
  get namespaces(): readonly PlatformNamespace[] {
    return [...this.madeNamespaces.values()];
  }

  /** All pods that a NetworkPolicy of the platform speaks of, or that are beyond any in their nodes' network. */
  get pods(): readonly WiredPods[] {
    return this.wired;
  }

  /**
   * Has something done when all is said, right before the output is made: what follows from the wiring of all systems. It may add objects to
   * stages that exist. Done again where constructs were added since, so what it does must do no harm when done again.
   */
  addCompletion(complete: () => void): void {
    this.completions.push(complete);
  }

  /** Does what was to be done when all is said. @internal */
  complete(): void {
    for (const complete of this.completions) complete();
  }

  /** Called by workloads and the like. @internal */
  registerPods(pods: WiredPods): void {
    this.wired.push(pods);
  }

  private uselessReplacements(): string[] {
    return [...this.replacements.keys()]
      .filter((name) => !this.asked.has(name))
      .map((name) => `${this.node.path}: images: no system runs ${show(name)}${didYouMean(name, this.asked)}`);
  }

  /** Of two images with one reference, a node would run whichever was copied last. */
  private collisions(): string[] {
    const all = [...this.usedImages.values()].filter(({ mirrored }) => mirrored);
    const first = new Map<string, Image>();
    const found = this.collided.map(([a, b, used]) => [a, b, used.split('@')[0]!] as const);
    for (const { image, reference: used } of all) {
      const tag = used.split('@')[0]!;
      const other = first.get(tag);
      if (other && reference(other) !== reference(image)) found.push([other, image, tag]);
      else first.set(tag, image);
    }
    const texts = found.map(
      ([a, b, tag]) =>
        `${this.node.path}: registryMirror: ${reference(a)} and ${reference(b)} would both be ${tag}; ` +
        (a.registry === b.registry ? 'give both the same digest' : `use the layout "by-registry"`),
    );
    return [...new Set(texts)];
  }

  private unlocked(): string[] {
    if (!this.lock) return [];
    const missing = [...this.usedImages.values()].filter(({ image }) => image.digest === undefined);
    const images = new Map(missing.map(({ image }) => [taggedName(image), image]));
    if (images.size === 0) return [];
    return [`${this.node.path}: ${this.lock.lacks([...images.keys()].sort().map((name) => images.get(name)!))}`];
  }

  /** Called by each Stage. @internal */
  register(stage: Stage): void {
    this.registered.push(stage);
  }
}
