import { Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import {
  type ConfigFiles,
  type ContainerProps,
  intOrString,
  type ISecret,
  type k8s,
  type Mount,
  type Stage,
  StatefulSet,
  systemOf,
  volume,
  VolumeClaim,
} from '../../core';
import { PORTS } from './configuration';
import { images, VALKEY_USER } from './images';

const CLAIM = 'data';

export interface ServersProps {
  readonly replicas: number;
  /** Name of the headless Service that gives each server its host name. */
  readonly serviceName: string;
  /** Host names of the servers, in the order of the pods. */
  readonly hosts: readonly string[];
  readonly memory: Size;
  readonly cpu: number;
  readonly storage: Size;
  readonly grownFrom?: Size;
  readonly storageClassName?: string;
  readonly config: ConfigFiles;
  readonly scripts: ConfigFiles;
  /** The passwords of all users, as files of their names. */
  readonly passwords: k8s.Volume;
  /** Those of the system's own users. */
  readonly system: ISecret;
  readonly certificate?: ISecret;
  readonly authority?: ISecret;
  readonly metrics: boolean;
}

/** The servers, a sentinel beside each where there are several, and their volumes. */
export class Servers extends StatefulSet {
  constructor(stage: Stage, id: string, props: ServersProps) {
    const { replicas } = props;
    super(stage, id, {
      replicas,
      serviceName: props.serviceName,
      user: VALKEY_USER,
      // After an outage of all of them, none could come up if each waited for the one before: the master may be any.
      parallel: true,
      restartOn: [props.config, props.scripts],
      terminationGracePeriod: Duration.seconds(120),
      // Sentinels and proxies have learned that the last one is back before the next one stops.
      minReady: replicas > 1 ? Duration.seconds(10) : undefined,
      claims: [{ name: CLAIM, size: props.grownFrom ?? props.storage, storageClassName: props.storageClassName }],
      containers: [
        server(id, props),
        ...(replicas > 1 ? [sentinel(id, props)] : []),
        ...(props.metrics ? [exporter(props)] : []),
      ],
      podSpec: replicas > 1 ? { topologySpreadConstraints: [evenly(systemOf(stage).labels, id)] } : undefined,
    });
    // By name, as the StatefulSet would make them: those that it makes can't be grown by an apply.
    const claims = new Construct(this, 'claims');
    for (let i = 0; i < replicas; i++) {
      new VolumeClaim(claims, `${CLAIM}-${id}-${i}`, {
        size: props.storage,
        storageClassName: props.storageClassName,
        labels: this.podLabels,
      });
    }
  }
}

function server(id: string, props: ServersProps): ContainerProps {
  return {
    ...base(id, props),
    name: 'redis',
    command: ['/bin/sh', '/scripts/server.sh'],
    ports: { redis: PORTS.redis },
    resources: { cpu: props.cpu, memory: props.memory },
    mounts: mounts(props, 'redis'),
    // It waits for more than half of the sentinels. A large log takes its time to be read; meanwhile it answers that it does.
    startupProbe: probe('alive.sh', PORTS.redis, { periodSeconds: 2, failureThreshold: 300 }),
    livenessProbe: probe('alive.sh', PORTS.redis, { periodSeconds: 15, failureThreshold: 4 }),
    readinessProbe: probe('ready.sh', undefined, { periodSeconds: 10, failureThreshold: 2 }),
    lifecycle: props.replicas > 1 ? { preStop: { exec: { command: ['/bin/sh', '/scripts/stop.sh'] } } } : undefined,
  };
}

function sentinel(id: string, props: ServersProps): ContainerProps {
  return {
    ...base(id, props),
    name: 'sentinel',
    command: ['/bin/sh', '/scripts/sentinel.sh'],
    ports: { sentinel: PORTS.sentinel },
    resources: { cpu: 0.05, memory: Size.mebibytes(64) },
    mounts: mounts(props, 'sentinel'),
    livenessProbe: probe('alive.sh', PORTS.sentinel, {
      periodSeconds: 15,
      failureThreshold: 4,
      initialDelaySeconds: 30,
    }),
    readinessProbe: probe('alive.sh', PORTS.sentinel, { periodSeconds: 10, failureThreshold: 2 }),
  };
}

/** Asks the server of its own pod. */
function exporter({ system, certificate }: ServersProps): ContainerProps {
  return {
    name: 'metrics',
    image: images.exporter,
    env: {
      REDIS_ADDR: `${certificate ? 'rediss' : 'redis'}://localhost:${PORTS.redis}`,
      REDIS_USER: 'metrics',
      REDIS_PASSWORD: system.env('metrics'),
      REDIS_EXPORTER_SKIP_TLS_VERIFICATION: certificate ? 'true' : undefined,
    },
    ports: { metrics: PORTS.metrics },
    resources: { cpu: 0.05, memory: Size.mebibytes(64), scratch: Size.mebibytes(64) },
    // Not /metrics, which would ask the server: restarting the exporter would not mend that one.
    livenessProbe: { httpGet: { path: '/health', port: intOrString('metrics') }, periodSeconds: 30, timeoutSeconds: 5 },
    readinessProbe: {
      httpGet: { path: '/health', port: intOrString('metrics') },
      periodSeconds: 10,
      timeoutSeconds: 5,
    },
  };
}

/** What the server and its sentinel have in common. */
function base(id: string, props: ServersProps): Pick<ContainerProps, 'image' | 'env'> {
  return {
    image: images.valkey,
    env: {
      HOSTS: props.hosts.join(' '),
      PRIMARY: props.replicas > 1 ? id : undefined,
      QUORUM: props.replicas > 1 ? String(Math.floor(props.replicas / 2) + 1) : undefined,
      TLS: props.certificate ? 'yes' : undefined,
    },
  };
}

function mounts(props: ServersProps, of: 'redis' | 'sentinel'): Mount[] {
  return [
    { path: '/data', volume: volume.template(CLAIM) },
    { path: '/scripts', volume: volume.config('scripts', props.scripts) },
    { path: '/config', volume: volume.config('config', props.config) },
    { path: '/passwords', volume: props.passwords },
    // Configuration and ACL, with passwords: in memory. The server writes its configuration anew when a sentinel tells it to.
    { path: `/run/${of}`, volume: volume.scratch(`run-${of}`, { memory: true, limit: Size.mebibytes(1) }) },
    ...(of === 'sentinel'
      ? [{ path: '/tmp', volume: volume.scratch('tmp', { memory: true, limit: Size.mebibytes(1) }) }]
      : []),
    ...(props.certificate ? [{ path: '/tls', volume: volume.secret('tls', props.certificate) }] : []),
    ...(props.authority
      ? [{ path: '/authority', volume: volume.secret('authority', props.authority, { 'ca.crt': 'ca.crt' }) }]
      : []),
  ];
}

/** Each starts programs in the pod; a failover doesn't wait for one: clients ask the sentinels. */
function probe(script: string, port: number | undefined, timing: Omit<k8s.Probe, 'exec'>): k8s.Probe {
  const command = ['/bin/sh', `/scripts/${script}`, ...(port === undefined ? [] : [String(port)])];
  return { exec: { command }, timeoutSeconds: 10, ...timing };
}

/** One server a node where there are as many nodes, and evenly over fewer; nodes whose taints keep the servers off aren't counted. */
function evenly(systemLabels: Readonly<Record<string, string>>, component: string): k8s.TopologySpreadConstraint {
  return {
    maxSkew: 1,
    topologyKey: 'kubernetes.io/hostname',
    whenUnsatisfiable: 'DoNotSchedule',
    nodeTaintsPolicy: 'Honor',
    labelSelector: { matchLabels: { ...systemLabels, 'app.kubernetes.io/component': component } },
  };
}
