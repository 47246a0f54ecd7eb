import { Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import {
  type ConfigFiles,
  type ContainerProps,
  type EnvValue,
  type ISecret,
  k8s,
  type Mount,
  type Resources,
  type ServiceEndpoint,
  type ServicePort,
  type Stage,
  StatefulSet,
  systemOf,
  volume,
  VolumeClaim,
} from '../../core';
import { type AuditSender, senderContainer } from './audit';
import { images } from './images';
import { PATHS, PORTS } from './paths';
import { type Seal } from './unseal';

/** Names of the Services, from the system's id. */
export const serviceNames = (id: string) => ({
  all: id,
  internal: `${id}-internal`,
  active: `${id}-active`,
  metrics: `${id}-metrics`,
});

/**
 * Size of a volume in the StatefulSet's templates, which can't be changed. The claims are written out, with the size that is wanted, and are
 * there before the servers; the template stands only for a server that somebody adds by hand.
 */
const TEMPLATE_SIZE = Size.gibibytes(10);
/** Files of the audit log that are kept besides the one that is written to; together they take four fifths of the volume. */
const AUDIT_FILES = 9;
/** How long a server that stops is still asked, until Services have learned that it goes. */
const LINGER_SECONDS = 5;

/** @see https://developer.hashicorp.com/vault/api-docs/system/health */
const HEALTH = '/v1/sys/health';

/**
 * A server that was unsealed says it stands by before it knows for whom, and then answers 500 to all that it would hand on. It looks for the active one every
 * 2.5 s, so it is asked a second time.
 *
 * @see https://github.com/hashicorp/vault/blob/v1.21.0/http/sys_health.go (getSysHealth)
 * @see https://github.com/hashicorp/vault/blob/v1.21.0/vault/ha.go (leaderCheckInterval)
 */
const READINESS = { periodSeconds: 3, successThreshold: 2, failureThreshold: 3 };

export interface ServersProps {
  readonly replicas: number;
  readonly config: ConfigFiles;
  readonly scripts: ConfigFiles;
  readonly certificate: ISecret;
  readonly authority?: ISecret;
  readonly seal: Seal;
  readonly resources: Required<Pick<Resources, 'cpu' | 'memory'>>;
  readonly storage: Size;
  readonly auditStorage: Size;
  readonly storageClassName?: string;
  readonly metrics: boolean;
  /** Where the audit log is sent to. @default - nowhere */
  readonly audit?: AuditSender;
  /** What a person must do until they are ready. */
  readonly ask: string;
}

/** The servers: a StatefulSet, its volumes and Services. */
export class Servers extends StatefulSet {
  /** Any unsealed server; those that stand by hand on what they can't answer. */
  readonly endpoint: ServiceEndpoint;
  /** The active server. */
  readonly active: ServiceEndpoint;
  readonly metrics?: ServiceEndpoint;
  /** Where a server says that it can answer: itself or, where there are several, by handing on. */
  readonly healthPath: string;

  constructor(stage: Stage, id: string, props: ServersProps) {
    const names = serviceNames(id);
    const { namespace, labels, platform } = systemOf(stage);
    const domain = `${names.internal}.${namespace}.svc.${platform.distribution.clusterDomain}`;
    const claim = { size: TEMPLATE_SIZE, storageClassName: props.storageClassName };
    const healthPath = props.replicas > 1 ? `${HEALTH}?standbyok=true` : HEALTH;
    super(stage, id, {
      replicas: props.replicas,
      serviceName: names.internal,
      // A server is ready once it is unsealed, and one that joins can be unsealed only when another is: none may wait for the one before.
      parallel: true,
      claims: [
        { name: 'data', ...claim },
        { name: 'audit', ...claim },
      ],
      ask: props.ask,
      // It labels its own pod with its state; and it asks the API server whose a service account's token is.
      // @see https://github.com/hashicorp/vault/blob/v1.21.0/serviceregistration/kubernetes/client/client.go
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'patch'] }],
      clusterRules: [{ apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] }],
      restartOn: [props.config],
      terminationGracePeriod: Duration.seconds(60),
      affinity: props.replicas > 1 ? apart(labels, id) : undefined,
      // The certificate's and the audit log's keeper sends Vault a signal.
      podSpec: { shareProcessNamespace: true },
      containers: [
        server({ domain, namespace, healthPath }, props),
        keeper(props),
        ...(props.audit ? [senderContainer(props.audit, { scripts: props.scripts, files: AUDIT_FILES })] : []),
      ],
    });
    this.healthPath = healthPath;
    const self = { namespace: this.namespace, podLabels: this.podLabels };
    if (props.replicas > 1) {
      this.allowTo(self, PORTS.https, PORTS.cluster);
      this.allowFrom(self, PORTS.https, PORTS.cluster);
    }
    this.connectTo(props.audit?.webhook.endpoint);
    if (props.seal.way) this.allowTo(props.seal.way.peer, props.seal.way.port);

    const https = { port: PORTS.https, appProtocol: 'https' };
    this.endpoint = this.addService({ name: names.all, ports: { https } }).https;
    this.active = this.addService({
      name: names.active,
      ports: { https },
      spec: { selector: { ...this.podLabels, 'vault-active': 'true' } },
    }).https;
    const peers: Record<string, ServicePort> =
      props.replicas > 1 ? { https, cluster: { port: PORTS.cluster } } : { https };
    this.addService({ name: names.internal, headless: true, publishNotReadyAddresses: true, ports: peers });
    if (props.metrics) {
      // Of sealed servers too, which aren't ready: that they are sealed is what has to be seen.
      this.metrics = this.addService({
        name: names.metrics,
        publishNotReadyAddresses: true,
        ports: { metrics: PORTS.metrics },
      }).metrics;
    }
    this.addClaims(props);
  }

  private addClaims({ replicas, storage, auditStorage, storageClassName }: ServersProps): void {
    const scope = new Construct(this, 'claims');
    const labels = { ...this.podLabels };
    for (let server = 0; server < replicas; server++) {
      new VolumeClaim(scope, `data-${this.name}-${server}`, { size: storage, storageClassName, labels });
      new VolumeClaim(scope, `audit-${this.name}-${server}`, { size: auditStorage, storageClassName, labels });
    }
  }
}

interface Place {
  readonly domain: string;
  readonly namespace: string;
  readonly healthPath: string;
}

function server({ domain, namespace, healthPath }: Place, props: ServersProps): ContainerProps {
  const { authority, seal } = props;
  const podName: EnvValue = { fieldRef: { fieldPath: 'metadata.name' } };
  return {
    name: 'vault',
    image: images.vault,
    // Not the image's entry script, which changes owners and capabilities of files, as root. So the signal to stop reaches Vault itself.
    command: ['vault', 'server', `-config=${PATHS.config}`],
    env: {
      VAULT_K8S_POD_NAME: podName,
      VAULT_K8S_NAMESPACE: namespace,
      VAULT_RAFT_NODE_ID: podName,
      VAULT_API_ADDR: `https://$(VAULT_K8S_POD_NAME).${domain}:${PORTS.https}`,
      VAULT_CLUSTER_ADDR: `https://$(VAULT_K8S_POD_NAME).${domain}:${PORTS.cluster}`,
      // For the command line, by which people unseal and look.
      VAULT_ADDR: `https://127.0.0.1:${PORTS.https}`,
      VAULT_CACERT: authority && `${PATHS.authority}/ca.crt`,
      HOME: PATHS.home,
      ...seal.env,
    },
    ports: {
      https: PORTS.https,
      cluster: PORTS.cluster,
      ...(props.metrics ? { metrics: PORTS.metrics } : {}),
    },
    resources: { ...props.resources, scratch: Size.kibibytes(props.storage.toKibibytes() + 64 * 1024) },
    mounts: [
      { path: PATHS.data, volume: volume.template('data') },
      { path: PATHS.audit, volume: volume.template('audit') },
      { path: PATHS.config, volume: volume.config('config', props.config) },
      { path: PATHS.scripts, volume: volume.config('scripts', props.scripts) },
      { path: PATHS.tls, volume: volume.secret('tls', props.certificate) },
      ...authorityMount(authority),
      ...seal.mounts,
      { path: PATHS.home, volume: volume.scratch('home', { memory: true, limit: Size.mebibytes(1) }) },
      // A snapshot that is restored is there first.
      // @see https://github.com/hashicorp/raft-snapshot/blob/main/snapshot.go (WriteToTempFileWithSealer)
      { path: '/tmp', volume: volume.scratch('tmp', { limit: props.storage }) },
    ],
    readinessProbe: { ...httpGet(healthPath), timeoutSeconds: 5, ...READINESS },
    // Sealed, not initialized, or out of touch with the active server: no restart mends that; one would only have to be unsealed again.
    livenessProbe: {
      ...httpGet(`${HEALTH}?standbyok=true&sealedcode=204&uninitcode=204&haunhealthycode=204`),
      initialDelaySeconds: 30,
      periodSeconds: 10,
      timeoutSeconds: 10,
      failureThreshold: 12,
    },
    // Then Vault gets SIGTERM: the active server hands its lead to another, and all seal.
    // @see https://github.com/hashicorp/vault/blob/v1.21.0/physical/raft/raft.go (RaftLock.Unlock)
    lifecycle: { preStop: { exec: { command: ['sleep', String(LINGER_SECONDS)] } } },
  };
}

function keeper({ certificate, scripts, auditStorage }: ServersProps): ContainerProps {
  const fileSize = Math.floor((auditStorage.toKibibytes() * 1024 * 0.8) / (AUDIT_FILES + 1));
  return {
    name: 'reload',
    image: images.vault,
    command: ['sh', `${PATHS.scripts}/reload.sh`],
    env: { AUDIT_FILES: String(AUDIT_FILES), AUDIT_FILE_SIZE: String(fileSize) },
    resources: { cpu: 0.01, memory: Size.mebibytes(32), scratch: Size.mebibytes(64) },
    mounts: [
      { path: PATHS.audit, volume: volume.template('audit') },
      { path: PATHS.scripts, volume: volume.config('scripts', scripts) },
      { path: PATHS.tls, volume: volume.secret('tls', certificate) },
    ],
  };
}

/** The authority by which clients verify the servers. */
export function authorityMount(authority: ISecret | undefined): Mount[] {
  if (!authority) return [];
  return [{ path: PATHS.authority, volume: volume.secret('authority', authority, { 'ca.crt': 'ca.crt' }) }];
}

function httpGet(path: string): k8s.Probe {
  return { httpGet: { path, port: k8s.IntOrString.fromString('https'), scheme: 'HTTPS' } };
}

/** No two servers on one node: two that go down together may be the majority. */
function apart(labels: Readonly<Record<string, string>>, component: string): k8s.Affinity {
  return {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        {
          topologyKey: 'kubernetes.io/hostname',
          labelSelector: { matchLabels: { ...labels, 'app.kubernetes.io/component': component } },
        },
      ],
    },
  };
}
