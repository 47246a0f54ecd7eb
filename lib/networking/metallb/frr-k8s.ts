import { Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import {
  ConfigFiles,
  type ContainerProps,
  type Environment,
  DaemonSet,
  Deployment,
  type IMetrics,
  LABEL,
  type Mount,
  type Resources,
  type Stage,
  systemOf,
  volume,
} from '../../core';
import * as k8s from '../../core/k8s';
import { images } from './images';
import { frrCleanerRules, frrDaemonRules } from './rbac';
import { ValidatingWebhook } from './webhook';

const WEBHOOK_SERVICE = 'frr-k8s-webhook-service';
/** These two are hard-coded in the status cleaner. */
const WEBHOOK_SECRET = 'frr-k8s-webhook-server-cert';
const WEBHOOK_CONFIGURATION = 'frr-k8s-validating-webhook-configuration';

const HEALTH_PORT = 7572;
const METRICS_PORT = 9140;
const FRR_METRICS_PORT = 9141;
const WEBHOOK_PORT = 19443;

/** FRR's own user and group in its image. */
const FRR_USER = 100;
const FRR_GROUP = 101;

/** What FRR is started with. Each daemon listens on the node itself only; BGP sessions are opened, never accepted (`-p 0`). */
const STARTUP = {
  daemons: `bgpd=yes
bfdd=yes
vtysh_enable=yes
zebra_options="-A 127.0.0.1 -K 120 -s 90000000 --limit-fds 100000"
bgpd_options="-A 127.0.0.1 -p 0 --limit-fds 100000"
staticd_options="-A 127.0.0.1 --limit-fds 100000"
bfdd_options="-A 127.0.0.1 --limit-fds 100000"
`,
  'vtysh.conf': 'service integrated-vtysh-config\n',
  'frr.conf': 'frr defaults traditional\nlog stdout informational\n',
};

export interface FrrK8sProps {
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** Of FRR itself; the programs beside it are small. */
  readonly resources: Resources;
  /** Of all programs; FRR's own follows from the daemon's. */
  readonly logLevel: string;
  readonly metrics?: IMetrics;
}

/**
 * FRR on each node, told what to announce by FRRConfiguration resources, which the speakers write; and one pod that
 * validates those and clears away the states of nodes that are gone.
 *
 * @see https://metallb.io/concepts/bgp/#frr-k8s-mode
 */
export class FrrK8s extends Construct {
  readonly daemon: DaemonSet;

  constructor(stage: Stage, id: string, props: FrrK8sProps) {
    super(stage, id);
    const system = systemOf(stage);
    const startup = new ConfigFiles(stage, 'frr-startup', STARTUP);
    const { own, cluster } = frrDaemonRules();
    this.daemon = new DaemonSet(stage, 'frr-k8s', {
      hostNetwork: true,
      user: 0,
      // FRR's files keep the group that FRR gives them.
      podSecurityContext: { runAsNonRoot: false, fsGroup: undefined, fsGroupChangePolicy: undefined },
      rules: own,
      clusterRules: cluster,
      priorityClassName: 'system-node-critical',
      nodeSelector: { 'kubernetes.io/os': 'linux', ...props.nodeSelector },
      tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }],
      terminationGracePeriod: Duration.seconds(10),
      restartOn: [startup],
      // The daemon signals the reloader's process.
      podSpec: { shareProcessNamespace: true },
      initContainers: [
        copy('cp-frr-files', images.frr, 'cp -rLf /tmp/frr/* /etc/frr/', [
          { path: '/tmp/frr', volume: volume.config('frr-startup', startup) },
          { path: '/etc/frr', volume: volume.scratch('frr-conf') },
        ]),
        copy('cp-reloader', images.frrK8s, 'cp -f /frr-reloader.sh /etc/frr_reloader/', [mounts.reloader]),
        copy('cp-metrics', images.frrK8s, 'cp -f /frr-metrics /etc/frr_metrics/', [mounts.metrics]),
        copy('cp-frr-status', images.frrK8s, 'cp -f /frr-status /etc/frr_status/', [mounts.status]),
      ],
      containers: [daemon(props), frr(props), reloader(), frrMetrics(), frrStatus(props)],
    });
    if (system.platform.distribution.podSecurity === 'scc')
      this.daemon.bindClusterRole('system:openshift:scc:privileged', system.namespace);
    this.addStatusCleaner(stage, props);
    if (props.metrics) this.addMetrics(stage, props.metrics);
  }

  private addStatusCleaner(stage: Stage, { logLevel }: FrrK8sProps): void {
    const { own, cluster } = frrCleanerRules(WEBHOOK_SECRET, WEBHOOK_CONFIGURATION);
    const cleaner = new Deployment(stage, 'frr-k8s-status-cleaner', {
      strategy: 'Recreate',
      rules: own,
      clusterRules: cluster,
      priorityClassName: 'system-cluster-critical',
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' }],
      terminationGracePeriod: Duration.seconds(10),
      containers: [
        {
          name: 'status-cleaner',
          image: images.frrK8s,
          command: ['/statuscleaner'],
          args: [
            '--namespace=$(NAMESPACE)',
            `--log-level=${logLevel}`,
            `--webhook-port=${WEBHOOK_PORT}`,
            `--cert-service-name=${WEBHOOK_SERVICE}`,
            // Started anew it has the certificate at once; kubelet mounts a Secret's new content within two minutes only.
            '--restart-on-rotator-secret-refresh',
            `--frrk8s-selector=${LABEL.component}=${this.daemon.podLabels[LABEL.component]}`,
          ],
          env: { NAMESPACE: { fieldRef: { fieldPath: 'metadata.namespace' } } },
          ports: { webhook: WEBHOOK_PORT },
          resources: { cpu: 0.01, memory: Size.mebibytes(128) },
          mounts: [
            {
              path: '/tmp/k8s-webhook-server/serving-certs',
              volume: volume.secret('certificate', { name: WEBHOOK_SECRET }),
            },
          ],
          livenessProbe: { tcpSocket: { port: k8s.IntOrString.fromString('webhook') }, periodSeconds: 20 },
          readinessProbe: webhookProbe({ periodSeconds: 10 }),
          startupProbe: webhookProbe({ periodSeconds: 1, failureThreshold: 300 }),
        },
      ],
    });
    cleaner.addService({ name: WEBHOOK_SERVICE, ports: { webhook: { port: 443, target: WEBHOOK_PORT } } });
    cleaner.allowFrom('anywhere', WEBHOOK_PORT);
    new ValidatingWebhook(stage, 'frr-webhook', {
      name: WEBHOOK_CONFIGURATION,
      service: WEBHOOK_SERVICE,
      secret: WEBHOOK_SECRET,
      reviewed: [
        { group: 'frrk8s.metallb.io', version: 'v1beta1', resource: 'frrconfigurations', kind: 'frrconfiguration' },
      ],
    });
    stage.addGate({
      type: 'admission',
      of: "frr-k8s' webhook",
      object: {
        apiVersion: 'frrk8s.metallb.io/v1beta1',
        kind: 'FRRConfiguration',
        metadata: { name: 'admission-gate', namespace: cleaner.namespace },
        spec: {},
      },
    });
  }

  private addMetrics(stage: Stage, metrics: IMetrics): void {
    const endpoints = this.daemon.addService({
      name: 'frr-k8s-metrics',
      ports: { daemon: METRICS_PORT, frr: FRR_METRICS_PORT },
      headless: true,
    });
    metrics.scrape(stage, 'metallb-frr-k8s', { endpoint: endpoints.daemon, scheme: 'https', token: true });
    metrics.scrape(stage, 'metallb-frr', { endpoint: endpoints.frr, scheme: 'https', token: true });
  }
}

const mounts = {
  sockets: { path: '/var/run/frr', volume: volume.scratch('frr-sockets') },
  configuration: { path: '/etc/frr', volume: volume.scratch('frr-conf') },
  reloader: { path: '/etc/frr_reloader', volume: volume.scratch('reloader') },
  metrics: { path: '/etc/frr_metrics', volume: volume.scratch('metrics') },
  status: { path: '/etc/frr_status', volume: volume.scratch('frr-status') },
} satisfies Record<string, Mount>;

const WHERE: Environment = {
  NODE_NAME: { fieldRef: { fieldPath: 'spec.nodeName' } },
  NAMESPACE: { fieldRef: { fieldPath: 'metadata.namespace' } },
  POD_NAME: { fieldRef: { fieldPath: 'metadata.name' } },
};

/** Puts a file of an image where the other containers find it; FRR's must be its own. */
function copy(name: string, image: ContainerProps['image'], script: string, to: readonly Mount[]): ContainerProps {
  return {
    name,
    image,
    command: ['/bin/sh', '-c', script],
    resources: { cpu: 0.01, memory: Size.mebibytes(32) },
    mounts: to,
    securityContext: image === images.frr ? { runAsUser: FRR_USER, runAsGroup: FRR_GROUP } : undefined,
  };
}

function daemon({ logLevel }: FrrK8sProps): ContainerProps {
  return {
    name: 'frr-k8s',
    image: images.frrK8s,
    command: ['/frr-k8s'],
    args: [
      `--metrics-bind-address=0.0.0.0:${METRICS_PORT}`,
      `--health-probe-bind-address=127.0.0.1:${HEALTH_PORT}`,
      '--node-name=$(NODE_NAME)',
      '--namespace=$(NAMESPACE)',
      `--log-level=${logLevel}`,
    ],
    env: {
      ...WHERE,
      FRR_CONFIG_FILE: '/etc/frr_reloader/frr.conf',
      FRR_RELOADER_PID_FILE: '/etc/frr_reloader/reloader.pid',
    },
    ports: { metrics: METRICS_PORT },
    resources: { cpu: 0.01, memory: Size.mebibytes(128) },
    mounts: [mounts.reloader],
    livenessProbe: daemonProbe('/healthz', 20),
    readinessProbe: daemonProbe('/readyz', 10),
  };
}

function frr({ resources }: FrrK8sProps): ContainerProps {
  return {
    name: 'frr',
    image: images.frr,
    command: ['/bin/sh', '-c', '/sbin/tini -- /usr/lib/frr/docker-start'],
    env: { TINI_SUBREAPER: 'true' },
    resources,
    mounts: [
      mounts.sockets,
      mounts.configuration,
      { path: '/var/lib/frr', volume: volume.scratch('frr-lib') },
      { path: '/var/tmp/frr', volume: volume.scratch('frr-tmp') },
    ],
    livenessProbe: frrProbe({ periodSeconds: 10 }),
    startupProbe: frrProbe({ periodSeconds: 5, failureThreshold: 30 }),
    // Routes are the kernel's, and the daemons change to their own user: beyond the runtime's default capabilities.
    securityContext: { capabilities: { add: ['NET_ADMIN', 'NET_RAW', 'SYS_ADMIN', 'NET_BIND_SERVICE'] } },
  };
}

/** What runs FRR's tools next to it needs the runtime's default capabilities: its sockets belong to FRR's user. */
const BESIDE_FRR: Pick<ContainerProps, 'image' | 'securityContext'> = {
  image: images.frr,
  securityContext: { capabilities: undefined },
};

function reloader(): ContainerProps {
  return {
    ...BESIDE_FRR,
    name: 'reloader',
    command: ['/etc/frr_reloader/frr-reloader.sh'],
    resources: { cpu: 0.01, memory: Size.mebibytes(128) },
    mounts: [
      mounts.sockets,
      mounts.configuration,
      mounts.reloader,
      { path: '/tmp', volume: volume.scratch('reloader-tmp') },
    ],
  };
}

function frrMetrics(): ContainerProps {
  return {
    ...BESIDE_FRR,
    name: 'frr-metrics',
    command: ['/etc/frr_metrics/frr-metrics'],
    args: [`--metrics-port=${FRR_METRICS_PORT}`, '--metrics-bind-address=0.0.0.0'],
    ports: { 'frr-metrics': FRR_METRICS_PORT },
    resources: { cpu: 0.01, memory: Size.mebibytes(128) },
    mounts: [mounts.sockets, mounts.configuration, mounts.metrics],
  };
}

function frrStatus({ logLevel }: FrrK8sProps): ContainerProps {
  return {
    ...BESIDE_FRR,
    name: 'frr-status',
    command: ['/etc/frr_status/frr-status'],
    args: ['--node-name=$(NODE_NAME)', '--namespace=$(NAMESPACE)', '--pod-name=$(POD_NAME)', `--log-level=${logLevel}`],
    env: WHERE,
    resources: { cpu: 0.01, memory: Size.mebibytes(128) },
    mounts: [mounts.sockets, mounts.configuration, mounts.status],
  };
}

function daemonProbe(path: string, periodSeconds: number): k8s.Probe {
  const port = k8s.IntOrString.fromNumber(HEALTH_PORT);
  return { httpGet: { host: '127.0.0.1', path, port }, initialDelaySeconds: 5, periodSeconds, timeoutSeconds: 5 };
}

/** The exporter asks FRR itself by vtysh, which may take seconds on a busy node. */
function frrProbe(timing: Pick<k8s.Probe, 'periodSeconds' | 'failureThreshold'>): k8s.Probe {
  const port = k8s.IntOrString.fromNumber(FRR_METRICS_PORT);
  return { httpGet: { host: '127.0.0.1', path: '/livez', port, scheme: 'HTTPS' }, timeoutSeconds: 5, ...timing };
}

function webhookProbe(timing: Pick<k8s.Probe, 'periodSeconds' | 'failureThreshold'>): k8s.Probe {
  return {
    httpGet: { path: '/healthz', port: k8s.IntOrString.fromString('webhook'), scheme: 'HTTPS' },
    timeoutSeconds: 5,
    ...timing,
  };
}
