import { Duration, Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  checkChoice,
  checkCredential,
  checkInteger,
  checkLabel,
  checkSamePlatform,
  credentialSpecs,
  type CredentialValue,
  type Deployment,
  digest,
  enclosingSystem,
  fail,
  type ICertificateIssuer,
  type ICredentials,
  type IMetrics,
  type IOwnCredentialSource,
  type ISecretStore,
  type ProgramResources,
  programResources,
  show,
  type Stage,
  System,
  type SystemProps,
} from '../../core';
import { addController, type PartProps } from './controller';
import { definitions } from './crds';
import { type SecretContent, StoredCredentials } from './credential';
import { VERSION } from './images';
import { AUDIENCE, ServedNamespace, STORE } from './namespace';
import { Seed, SEED } from './seed';
import { Webhook, webhookNames } from './webhook';

export interface ExternalSecretsProps extends SystemProps {
  /** Where the secrets are: Vault, the platform's own or `External.secretStore`. */
  readonly store: ISecretStore;
  /** Issues the webhook's certificate; one that can't be put into a webhook's configuration is an error. */
  readonly certificates: ICertificateIssuer;
  /**
   * Below which path of the store's mount the platform's credentials are. Platforms that share a store must not share it.
   * @default - the platform's name
   */
  readonly path?: string;
  /**
   * How often each Secret is compared with the store: what is changed there is in the cluster after this time, as is a Secret that somebody
   * deleted. In whole seconds, at least one minute.
   * @default 15 minutes
   */
  readonly refreshInterval?: Duration;
  /**
   * Namespaces in which people make SecretStores and ExternalSecrets of their own. There the controller may change and delete any Secret;
   * elsewhere only those that the platform has it keep.
   * @default - none
   */
  readonly namespaces?: readonly string[];
  /** Pods of the webhook, 1 to 5. @default - 2, or 1 where the site has a single node */
  readonly replicas?: number;
  /** Cores and memory of each namespace's controller and of each pod of the webhook. @default - 0.01 cores and 128 MiB each */
  readonly resources?: { readonly controller?: ProgramResources; readonly webhook?: ProgramResources };
  /** The least important messages that are logged. @default 'info' */
  readonly logLevel?: ExternalSecretsLogLevel;
  /** Who scrapes the controllers and the webhook. @default - nobody */
  readonly metrics?: IMetrics;
}

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type ExternalSecretsLogLevel = (typeof LOG_LEVELS)[number];

export interface StoredSecretProps {
  /** Path below the store's mount: `ml/registry`. The platform reads it, and never writes there. */
  readonly path: string;
  /** Keys of the Secret, by which the values stand at the path too; or where each stands there, by its key in the Secret. */
  readonly keys: readonly string[] | Readonly<Record<string, string>>;
  /** Type of the Secret, such as `kubernetes.io/dockerconfigjson`. @default 'Opaque' */
  readonly type?: string;
}

const OWN = { cpu: 0.01, memory: Size.mebibytes(128) };
const RESOURCES = { controller: OWN, webhook: OWN };
const PATH = /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/;
const KEY = /^[-._a-zA-Z0-9]{1,253}$/;
/** Names of a Deployment's pods must stay labels. */
const MAX_NAME = 52;

/**
 * External Secrets: keeps Secrets as a store of secrets has them, and is a source of credentials whose values are in the store.
 *
 * Puts into the cluster the admission webhook, three CRDs, one Job that brings credentials into the store and, for each namespace that uses
 * one, a controller with rights in that namespace alone, a SecretStore with a role of its own and the ExternalSecrets. Needs a store and an issuer
 * of certificates. Offers credentials (`platform.useCredentials`) and what else is in the store (`secret`).
 *
 * @see https://external-secrets.io
 */
export class ExternalSecrets extends System implements IOwnCredentialSource {
  /** The operator answers, so that ExternalSecrets of others can be applied. */
  readonly readyAfter: readonly Stage[];
  private readonly store: ISecretStore;
  private readonly storePath: string;
  private readonly refreshInterval: Duration;
  private readonly install: Stage;
  private readonly seeding: Stage;
  private readonly stores: Stage;
  private readonly secrets: Stage;
  private readonly generated = new Map<string, StoredCredentials>();
  private readonly served = new Map<string, ServedNamespace>();
  private readonly controllers = new Map<string, Deployment>();
  private readonly program: PartProps;
  private seed?: Seed;

  /** @throws where the issuer's certificates can't be a webhook's, or a prop is out of its bounds */
  constructor(scope: Construct, id: string, props: ExternalSecretsProps) {
    super(scope, id, { name: 'external-secrets', version: VERSION }, props);
    const { path } = this.node;
    const { store, certificates, namespaces = [], logLevel = 'info', metrics } = props;
    const replicas = props.replicas ?? Math.min(2, Math.max(1, this.platform.site.schedulableNodes));
    checkInteger(path, 'replicas', replicas, 1, 5, 'the webhook answers from all of them');
    checkChoice(path, 'logLevel', logLevel, LOG_LEVELS);
    const resources = programResources(path, props.resources, RESOURCES);
    this.store = store;
    this.storePath = checkPath(path, 'path', props.path ?? this.platform.name);
    this.refreshInterval = checkInterval(path, props.refreshInterval ?? Duration.minutes(15));

    this.addCrds(definitions);
    const certificate = this.addStage('certificate', [certificates]);
    const secret = certificates.issue(certificate, 'external-secrets-webhook', {
      dnsNames: webhookNames(this.namespace, this.platform.distribution.clusterDomain),
    });
    this.install = this.addStage('install', [secret, metrics]);
    this.readyAfter = [this.install];
    new Webhook(this.install, 'webhook', {
      namespace: this.namespace,
      replicas,
      certificate: secret,
      annotations: certificates.webhookAnnotations(secret),
      resources: resources.webhook,
      logLevel,
      metrics,
    });
    this.program = { resources: resources.controller, logLevel, metrics };
    for (const namespace of new Set(namespaces)) {
      checkLabel(path, 'a namespace in namespaces', namespace);
      this.addControllerOf(namespace, true);
    }

    this.seeding = this.addStage('seed', [store]);
    // A controller that finds a store that isn't ready says so in a warning, and looks again after a while.
    this.stores = this.addStage('stores', [this.install, store]);
    this.secrets = this.addStage('secrets', [this.install, store, this.seeding, this.stores]);
  }

  generate(scope: Construct, name: string, values: Readonly<Record<string, CredentialValue>>): ICredentials {
    const owner = scope.node.path;
    checkSamePlatform(scope, this);
    checkCredential(owner, name, values);
    const path = this.pathOf(scope, name);
    const other = this.generated.get(path);
    if (other) {
      fail(
        owner,
        `the credential ${show(name)} was asked for by ${other.owner} already; give one of the two another name`,
      );
    }
    const properties = Object.fromEntries(Object.keys(values).map((key) => [key, key]));
    const credentials = this.credentials(owner, name, { path, properties }, values);
    this.generated.set(path, credentials);
    return credentials;
  }

  /**
   * What is in the store already, as a Secret of each namespace that uses it.
   *
   * @param scope who asks: its path stands in errors
   * @param name name of the Secret, the same in each namespace
   * @throws when the path or a key is illegal
   */
  secret(scope: Construct, name: string, props: StoredSecretProps): ICredentials {
    const owner = scope.node.path;
    const { path, keys, type } = props;
    checkSamePlatform(scope, this);
    checkLabel(owner, 'the name of a Secret', name);
    checkPath(owner, `path of the secret ${show(name)}`, path);
    const entries = Array.isArray(keys) ? keys.map((key: string) => [key, key] as const) : Object.entries(keys);
    if (entries.length === 0)
      fail(owner, `the secret ${show(name)} must have at least one key, got none; name those to be read`);
    for (const [key] of entries) {
      if (!KEY.test(key)) {
        fail(
          owner,
          `a key of a Secret must be of letters, digits, "-", "_" and ".", got ${show(key)}; give keys as { legal: ${show(key)} }`,
        );
      }
    }
    return this.credentials(owner, name, { path, properties: Object.fromEntries(entries), type });
  }

  private credentials(
    owner: string,
    name: string,
    content: SecretContent,
    values?: Readonly<Record<string, CredentialValue>>,
  ): StoredCredentials {
    return new StoredCredentials(
      owner,
      name,
      content,
      [this.secrets],
      (credentials, namespace) => this.serve(credentials, namespace),
      values,
    );
  }

  private serve(credentials: StoredCredentials, namespace: string): void {
    const { owner, name, values } = credentials;
    const served = this.served.get(namespace) ?? this.addServed(namespace);
    const other = served.ownerOf(name);
    if (other !== undefined) {
      fail(
        owner,
        `the Secret ${show(name)} in namespace ${show(namespace)} is that of ${other}; give one of the two another name`,
      );
    }
    const first = !this.seededIn(namespace).length;
    served.add(credentials);
    if (!values) return;
    this.seed ??= this.addSeed();
    if (first) this.seed.readSecretsIn(namespace);
  }

  private addServed(namespace: string): ServedNamespace {
    const served = new ServedNamespace(this.addStageBeside(this.secrets, namespace), STORE, {
      stores: this.addStageBeside(this.stores, namespace),
      store: this.store,
      role: `${this.platform.name}-read-${namespace}`,
      refreshInterval: this.refreshInterval,
    });
    this.served.set(namespace, served);
    if (!this.controllers.has(namespace)) this.addControllerOf(namespace, false);
    return served;
  }

  private addControllerOf(namespace: string, open: boolean): void {
    const name = `controller-${namespace}`;
    const controller = addController(this.install, {
      ...this.program,
      name: name.length > MAX_NAME ? `${name.slice(0, MAX_NAME - 9)}-${digest(name)}` : name,
      serves: namespace,
      account: STORE,
      secrets: () => this.served.get(namespace)?.secrets ?? [],
      open,
    });
    controller.connectTo(this.store.endpoint);
    this.controllers.set(namespace, controller);
  }

  private addSeed(): Seed {
    const paths = () => this.seeded.map(({ content }) => content.path);
    const role = this.store.addRole(this.seeding, `${this.platform.name}-seed`, {
      serviceAccount: { namespace: this.namespace, name: SEED },
      audience: AUDIENCE,
      read: paths,
      create: paths,
    });
    return new Seed(this.seeding, 'seeding', {
      store: this.store,
      role,
      audience: AUDIENCE,
      plan: () => this.seeded.map(planLine).join(''),
      secretsIn: (namespace) => this.seededIn(namespace),
    });
  }

  /** What is generated, and used somewhere. */
  private get seeded(): StoredCredentials[] {
    return [...this.generated.values()].filter(({ namespaces }) => namespaces.length > 0);
  }

  private seededIn(namespace: string): string[] {
    return this.seeded.filter(({ namespaces }) => namespaces.includes(namespace)).map(({ name }) => name);
  }

  /** Where a credential is in the store: below its platform and the system that asked for it, in which its name is unique. */
  private pathOf(scope: Construct, name: string): string {
    const asker = enclosingSystem(scope) ?? scope;
    const within = asker.node.path.slice(this.platform.node.path.length + 1);
    const path = [this.storePath, within, name].filter((part) => part !== '').join('/');
    return checkPath(scope.node.path, `the path of credential ${show(name)} in the store`, path);
  }
}

function planLine({ content, name, namespaces, values = {} }: StoredCredentials): string {
  return `${content.path} ${name} ${namespaces.join(',')} ${credentialSpecs(values)}\n`;
}

function checkPath(path: string, what: string, value: string): string {
  if (PATH.test(value)) return value;
  return fail(
    path,
    `${what} must be of letters, digits, "-", "_" and "." between "/", got ${show(value)}; write it as "ml/registry"`,
  );
}

function checkInterval(path: string, interval: Duration): Duration {
  const seconds = interval.toSeconds({ integral: false });
  if (Number.isInteger(seconds) && seconds >= 60) return interval;
  return fail(
    path,
    `refreshInterval must be whole seconds, at least 60, got ${seconds} seconds; each Secret is a request to the store`,
  );
}
