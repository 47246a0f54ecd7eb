import { Duration, Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  checkChoice,
  checkCpu,
  checkInteger,
  checkLabel,
  checkSamePlatform,
  checkSchedule,
  checkSize,
  ConfigFiles,
  fail,
  type ICertificateIssuer,
  type ICertificateSigner,
  type IGateway,
  type IIdentityProvider,
  type IReady,
  type ISecret,
  type ISecretStore,
  type IStoreRole,
  quantity,
  type ServiceEndpoint,
  show,
  type Stage,
  type StoreRoleProps,
  System,
} from '../../core';
import { Access } from './access';
import { auditSender, SEND_AUDIT, SEND_SCRIPT } from './audit';
import { Authority, type VaultAuthorityProps } from './authority';
import { type ServerAccess } from './client';
import { configuration } from './configuration';
import { addConfiguration, callback, CONFIGURE_JOB, type PeopleProps } from './configure';
import { VaultDatabase, type VaultDatabaseProps } from './database';
import { images } from './images';
import { runbook } from './instructions';
import { addMetrics } from './metrics';
import { AUDIENCE, AUTH_MOUNT, KV_MOUNT } from './paths';
import { LOG_LEVELS, type VaultProps } from './props';
import { configureRole, rule, SERVER_SCRIPTS, SIGN_IN, SNAPSHOT } from './scripts';
import { Servers, serviceNames } from './server';
import { addSnapshots, checkSnapshotPath, SNAPSHOT_JOB } from './snapshots';
import { readUnseal } from './unseal';

/** Paths of Vault's own, and of other engines here. */
const TAKEN = ['auth', 'cubbyhole', 'database', 'identity', 'kv', 'secret', 'sys'];

/**
 * Vault's community edition with integrated storage: keeps secrets, and hands them to whom its policies name.
 *
 * Puts into the cluster: the servers, each with a volume for what it keeps and one for its audit log, and a Job that configures them by its
 * Kubernetes identity: audit devices, a KV store, sign-in for service accounts and for people, roles and policies. With `snapshots` a
 * CronJob. People initialize and unseal it; no key of it and no root token is ever in the cluster. Needs certificates; a bucket, a gateway,
 * an identity provider, an audit log and metrics where wanted. Offers roles (`ISecretStore`).
 *
 * @see https://developer.hashicorp.com/vault/docs/v1.21.x
 */
export class Vault extends System implements ISecretStore {
  readonly endpoint: ServiceEndpoint;
  readonly url: string;
  readonly mount = KV_MOUNT;
  readonly authMount = AUTH_MOUNT;
  /** URL from outside, where there is a gateway. */
  readonly externalUrl?: string;
  readonly readyAfter: readonly Stage[];
  private readonly access: Access;
  private readonly certificates: ICertificateIssuer;
  private readonly people?: PeopleProps;
  private readonly servers: Servers;
  private readonly clients: ServerAccess;
  private readonly configure: Stage;
  private readonly engines = new Set<string>();

  constructor(scope: Construct, id: string, props: VaultProps) {
    super(scope, id, { name: 'vault', version: images.vault.tag }, props);
    const { certificates, gateway, identity, metrics, snapshots } = props;
    const replicas = props.servers ?? (this.platform.site.schedulableNodes >= 3 ? 3 : 1);
    const storage = props.storage ?? Size.gibibytes(10);
    this.check(props, replicas);
    const seal = readUnseal(this.node.path, this.namespace, props.unseal ?? { by: 'operator' });
    const steps = runbook({ namespace: this.namespace, name: id, replicas, seal });
    this.access = new Access(this.node.path);
    this.certificates = certificates;

    const certificate = this.addStage('certificate', [certificates]);
    const webhook = props.audit?.addWebhook(this, id);
    const install = this.addStage('install', [certificate, metrics, webhook, webhook?.credentials, ...seal.needs]);
    const authority = certificates.authority(install);
    const config = new ConfigFiles(install, 'config', {
      'vault.hcl': configuration({
        clusterName: id === this.platform.name ? id : `${this.platform.name}-${id}`,
        logLevel: props.logLevel ?? 'info',
        servers: this.serverNames(replicas),
        privateAuthority: authority !== undefined,
        metrics: metrics !== undefined,
        seal: seal.block,
      }),
    });
    const scripts = new ConfigFiles(install, 'scripts', {
      ...SERVER_SCRIPTS,
      'configure.json': configureRole(CONFIGURE_JOB, this.namespace),
      ...(snapshots ? { 'sign-in.sh': SIGN_IN, 'snapshot.sh': SNAPSHOT } : {}),
      ...(webhook ? { [SEND_SCRIPT]: SEND_AUDIT } : {}),
    });
    const servers = new Servers(install, id, {
      replicas,
      config,
      scripts,
      certificate: certificates.issue(certificate, 'tls', {
        dnsNames: [...this.serviceHosts(metrics !== undefined), ...this.serverNames(replicas)],
        ipAddresses: ['127.0.0.1'],
      }),
      authority,
      seal,
      resources: { cpu: props.cpu ?? 0.25, memory: props.memory ?? Size.gibibytes(1) },
      storage,
      auditStorage: props.auditStorage ?? Size.gibibytes(10),
      storageClassName: this.storageClass(props.storageClass),
      metrics: metrics !== undefined,
      audit: webhook && auditSender(install, webhook),
      ask: steps.untilReady,
    });
    this.servers = servers;
    this.endpoint = servers.endpoint;
    this.url = `https://${this.endpoint.host}:${this.endpoint.port}`;
    for (const instruction of steps.instructions) this.addInstruction(instruction);
    if (metrics && servers.metrics) {
      const endpoint = servers.metrics;
      addMetrics(install, id, { metrics, endpoint, authority, servers: replicas, snapshots: snapshots !== undefined });
    }
    if (gateway) this.externalUrl = this.route(gateway, servers, props.host);
    if (identity && this.externalUrl !== undefined) this.people = this.letPeopleIn(identity, this.externalUrl, servers);

    const configure = this.addStage('configure', [install, identity, this.people?.client]);
    this.configure = configure;
    this.readyAfter = [configure];
    this.clients = { active: servers.active, authority };
    addConfiguration(configure, {
      servers: this.clients,
      access: this.access,
      people: this.people,
      ask: steps.untilConfigured,
    });
    if (snapshots) {
      this.access.addOwnRole('snapshot', { namespace: this.namespace, name: SNAPSHOT_JOB }, AUDIENCE, [
        rule('sys/storage/raft/snapshot', 'read'),
      ]);
      addSnapshots(this.addStage('snapshots', [configure, snapshots]), {
        servers: this.clients,
        scripts,
        bucket: snapshots,
        path: props.snapshotPath ?? id,
        schedule: props.snapshotSchedule ?? '0 0,6,12,18 * * *',
        kept: props.snapshotsKept ?? 28,
        storage,
      });
    }
  }

  authority(stage: Stage): ISecret | undefined {
    return this.certificates.authority(stage);
  }

  /**
   * Makes a role for a service account, with a policy of its own. It goes, with its policy, when the program no longer has it; what is stored
   * stays.
   */
  addRole(scope: Construct, name: string, props: StoreRoleProps): IStoreRole {
    checkSamePlatform(scope, this);
    this.access.addRole(scope.node.path, name, props);
    return { name, readyAfter: this.readyAfter };
  }

  /**
   * Makes an authority: the PKI engine at a path of its own. It signs for who is made its client: `certManager.addIssuer("vault", { signer })`. Taken
   * out of the program it stays, with its key, and signs for nobody.
   *
   * @param mount where it is, below the API's root
   * @throws when the path is taken, or a prop is out of its bounds
   */
  addAuthority(mount = 'pki', props: VaultAuthorityProps = {}): ICertificateSigner {
    const stage = this.engineStage('authority', mount, []);
    const authority = new Authority(mount, { vault: this, access: this.access, servers: this.clients, stage }, props);
    if (!props.intermediate) {
      this.addInstruction({
        when: 'after',
        what: `Have browsers and clients trust the root of Vault's authority ${mount}, whose certificate is`,
        command: `kubectl -n ${this.namespace} exec ${this.node.id}-0 -c vault -- vault read -field=certificate ${mount}/cert/ca`,
      });
    } else if (props.intermediate.chain === undefined) {
      this.addInstruction({
        when: 'after',
        what: `Have the request of Vault's authority ${mount} signed, and pass the chain up to the root as its intermediate.chain. The request is in what this prints`,
        command: `kubectl -n ${this.namespace} logs -l app.kubernetes.io/component=authority-${mount} --tail=-1`,
      });
    }
    return authority;
  }

  /**
   * Has Vault make users of a database, for people and programs that ask for one when they need it. Taken out of the program what was
   * made stays, and nobody may use it.
   *
   * @param name what the database is called in Vault
   * @throws when the name is taken, nobody may make users of the database, or a prop is out of its bounds
   */
  addDatabase(name: string, props: VaultDatabaseProps): VaultDatabase {
    const { database } = props;
    const administrator = database.userAdministrator();
    const stage = this.engineStage('database', name, [database, administrator]);
    // Vault's own servers make the users, whichever of them is active.
    this.servers.connectTo(database.endpoint);
    const context = { vault: this, access: this.access, servers: this.clients, stage };
    return new VaultDatabase(name, context, props, administrator);
  }

  /** @throws where there is no identity provider, or group and path can't be such */
  allowGroup(group: string, path: string): void {
    this.checkPeople(group);
    this.access.allowGroup(group, path);
  }

  /** @throws where nobody says who is in a group */
  checkPeople(group: string): void {
    if (!this.people) {
      fail(
        this.node.path,
        `group ${show(group)} can't be let in, since nobody says who is in it; pass identity, and a gateway by which people come`,
      );
    }
  }

  /** The stage of an engine. After the Job that configures Vault, which gives the engine's Job its role. */
  private engineStage(kind: string, name: string, needs: readonly IReady[]): Stage {
    const path = this.node.path;
    checkLabel(path, `the name of ${kind === 'authority' ? 'an' : 'a'} ${kind}`, name, 20);
    if (kind === 'authority' && TAKEN.includes(name))
      fail(path, `an authority can't be called ${show(name)}, where Vault has another engine; choose another name`);
    const id = `${kind}-${name}`;
    if (this.engines.has(id)) fail(path, `${kind} ${show(name)} was added before; use what was returned then`);
    this.engines.add(id);
    return this.addStage(id, [this.configure, ...needs]);
  }

  private route(gateway: IGateway, servers: Servers, host = this.platform.site.host(this.node.id)): string {
    const { url } = gateway.addRoute(this, {
      host,
      to: servers.endpoint,
      scheme: 'https',
      healthPath: servers.healthPath,
      timeout: Duration.minutes(5),
    });
    this.addEndpoint('Vault', `${url}/ui/`);
    return url;
  }

  private letPeopleIn(identity: IIdentityProvider, url: string, servers: Servers): PeopleProps {
    const client = identity.addClient(this, this.node.id, { title: 'Vault', redirectUris: [callback(url)] });
    // The servers ask the provider themselves, for its keys and for whom a code stands.
    servers.connectTo(identity.endpoint);
    return { identity, client, url };
  }

  private inCluster(name: string): string {
    return `${name}.${this.namespace}.svc.${this.platform.distribution.clusterDomain}`;
  }

  private serverNames(replicas: number): string[] {
    const domain = this.inCluster(serviceNames(this.node.id).internal);
    return Array.from({ length: replicas }, (_, i) => `${this.node.id}-${i}.${domain}`);
  }

  /** All names by which the Services are reached. */
  private serviceHosts(withMetrics: boolean): string[] {
    const { all, internal, active, metrics } = serviceNames(this.node.id);
    return [all, active, internal, ...(withMetrics ? [metrics] : [])].flatMap((name) => [
      this.inCluster(name),
      `${name}.${this.namespace}.svc`,
      `${name}.${this.namespace}`,
    ]);
  }

  private storageClass(asked: string | undefined): string | undefined {
    const { site } = this.platform;
    if (asked !== undefined) return site.storageClass(asked).name;
    return site.hasTier('hot') ? site.storageClass('hot').name : site.defaultStorageClass?.name;
  }

  private check(props: VaultProps, replicas: number): void {
    const path = this.node.path;
    const { schedulableNodes } = this.platform.site;
    if (![1, 3, 5].includes(replicas)) {
      fail(
        path,
        `servers must be 1, 3 or 5, got ${show(replicas)}; with an even number as many may fail as with one less`,
      );
    }
    if (replicas > 1 && schedulableNodes < replicas) {
      fail(
        path,
        `servers must each have a node, got ${replicas} for ${schedulableNodes} nodes that take workloads; lower it`,
      );
    }
    for (const [what, size, least] of [
      ['storage', props.storage, Size.gibibytes(1)],
      ['auditStorage', props.auditStorage, Size.gibibytes(1)],
      ['memory', props.memory, Size.mebibytes(256)],
    ] as const) {
      checkSize(path, what, size);
      if (size && size.toKibibytes() < least.toKibibytes()) {
        fail(path, `${what} must be at least ${quantity(least)}, got ${quantity(size)}; give more`);
      }
    }
    if (props.cpu !== undefined) checkCpu(path, 'cpu', props.cpu);
    if (props.logLevel !== undefined) checkChoice(path, 'logLevel', props.logLevel, LOG_LEVELS);
    if (props.host !== undefined && !props.gateway) {
      fail(path, `host needs a gateway, got ${show(props.host)}; pass gateway, or leave host out`);
    }
    if (props.identity && !props.gateway) {
      fail(
        path,
        'identity needs a gateway, by which people and the identity provider come back to Vault; pass gateway',
      );
    }
    this.checkSnapshots(props);
  }

  private checkSnapshots(props: VaultProps): void {
    const path = this.node.path;
    const { snapshots, snapshotPath, snapshotSchedule, snapshotsKept } = props;
    if (!snapshots) {
      const useless = (['snapshotPath', 'snapshotSchedule', 'snapshotsKept'] as const).find(
        (prop) => props[prop] !== undefined,
      );
      if (useless)
        fail(path, `${useless} is of no use without snapshots; pass snapshots: objects.addBucket("vault-snapshots")`);
    }
    if (snapshotPath !== undefined) checkSnapshotPath(path, snapshotPath);
    if (snapshotSchedule !== undefined) checkSchedule(path, snapshotSchedule);
    if (snapshotsKept !== undefined)
      checkInteger(path, 'snapshotsKept', snapshotsKept, 1, 1000, 'keep at least the last');
  }
}
