import { Duration } from 'cdk8s';
import {
  ConfigFiles,
  DaemonSet,
  type ICredentials,
  type IMetrics,
  LABEL,
  type Resources,
  type Stage,
  systemOf,
  volume,
} from '../../core';
import * as k8s from '../../core/k8s';
import { HEALTH_PORT, METRICS_PORT } from './controller';
import { images } from './images';
import { speakerRules } from './rbac';

const MEMBERLIST_PORT = 7946;

/** Interfaces of the node that lead nowhere: containers, tunnels, virtual machines. As upstream's list at v0.16.1. */
const VIRTUAL_INTERFACES = [
  'docker.*',
  'cbr.*',
  'dummy.*',
  'virbr.*',
  'lxcbr.*',
  'veth.*',
  'lo$',
  'cali.*',
  'tunl.*',
  'flannel.*',
  'kube-ipvs.*',
  'cni.*',
  'nodelocaldns.*',
  'lxc.*',
];

export interface SpeakerProps {
  readonly withFrr: boolean;
  /** Encrypts what the speakers say to each other; key `secretkey`. */
  readonly memberlist: ICredentials;
  /** Announce from control-plane nodes too, which kubeadm labels to be left out. */
  readonly onControlPlane: boolean;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly resources: Resources;
  readonly logLevel: string;
  readonly metrics?: IMetrics;
}

/** Announces the addresses from each node: by ARP and NDP itself, by BGP through FRR. */
export class Speaker extends DaemonSet {
  constructor(stage: Stage, props: SpeakerProps) {
    const system = systemOf(stage);
    const { distribution } = system.platform;
    const { own, cluster } = speakerRules(props.withFrr);
    const exclusions = new ConfigFiles(stage, 'speaker-exclusions', {
      'excludel2.yaml': `announcedInterfacesToExclude:\n${VIRTUAL_INTERFACES.map((name) => `- ^${name}\n`).join('')}`,
    });
    const podLabels = { ...system.labels, [LABEL.component]: 'speaker' };
    super(stage, 'speaker', {
      hostNetwork: true,
      user: 0,
      podSecurityContext: { runAsNonRoot: false },
      rules: own,
      clusterRules: cluster,
      priorityClassName: 'system-node-critical',
      nodeSelector: { 'kubernetes.io/os': 'linux', ...props.nodeSelector },
      // A node with GPUs announces its pods' addresses as any other does.
      tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }],
      terminationGracePeriod: Duration.seconds(2),
      restartOn: [exclusions],
      containers: [
        {
          name: 'speaker',
          image: images.speaker,
          args: [
            `--port=${METRICS_PORT}`,
            `--log-level=${props.logLevel}`,
            ...(props.onControlPlane ? ['--ignore-exclude-lb'] : []),
          ],
          env: {
            METALLB_NODE_NAME: { fieldRef: { fieldPath: 'spec.nodeName' } },
            METALLB_POD_NAME: { fieldRef: { fieldPath: 'metadata.name' } },
            METALLB_ML_BIND_ADDR: { fieldRef: { fieldPath: 'status.podIP' } },
            METALLB_ML_BIND_PORT: String(MEMBERLIST_PORT),
            METALLB_ML_LABELS: Object.entries(podLabels)
              .map(([name, value]) => `${name}=${value}`)
              .join(','),
            METALLB_ML_SECRET_KEY_PATH: '/etc/ml_secret_key',
            METALLB_BGP_TYPE: props.withFrr ? 'frr-k8s' : undefined,
          },
          ports: {
            metrics: METRICS_PORT,
            'memberlist-tcp': MEMBERLIST_PORT,
            'memberlist-udp': { port: MEMBERLIST_PORT, protocol: 'UDP' },
          },
          resources: props.resources,
          mounts: [
            { path: '/etc/ml_secret_key', volume: volume.secret('memberlist', props.memberlist.in(system.namespace)) },
            { path: '/etc/metallb', volume: volume.config('exclusions', exclusions) },
          ],
          livenessProbe: probe('/healthz'),
          readinessProbe: probe('/readyz'),
          securityContext: { capabilities: { drop: ['ALL'], add: ['NET_RAW'] } },
        },
      ],
    });
    if (distribution.podSecurity === 'scc') this.bindClusterRole('system:openshift:scc:privileged', this.namespace);
    if (props.metrics) {
      const { metrics } = this.addService({
        name: 'speaker-metrics',
        ports: { metrics: METRICS_PORT },
        headless: true,
      });
      props.metrics.scrape(stage, 'metallb-speaker', { endpoint: metrics, scheme: 'https', token: true });
    }
  }
}

/** The health port is open on the node itself only. */
function probe(path: string): k8s.Probe {
  return {
    httpGet: { host: '127.0.0.1', path, port: k8s.IntOrString.fromNumber(HEALTH_PORT) },
    initialDelaySeconds: 10,
    timeoutSeconds: 5,
  };
}
