import { ApiObject, Duration } from 'cdk8s';
import { DaemonSet, type IMetrics, type Resources, type Stage, systemOf, volume } from '../../core';
import * as k8s from '../../core/k8s';
import { withLaterField } from '../../core/later-field';
import { CLUSTER_ID, type ControlPlane, rootVolume, tokenVolume } from './control-plane';
import { images } from './images';
import { cniClusterRules } from './rbac';

/** Where the pods of a namespace, or a pod, say whether they are in the mesh. */
export const MODE = 'istio.io/dataplane-mode';
/** The agent's plugin knows its own DaemonSet by this name. */
const CNI = 'istio-cni-node';
export const ZTUNNEL = 'ztunnel';
const METRICS = { cni: 15014, ztunnel: 15020 } as const;
const HEALTH = { cni: 8000, ztunnel: 15021 } as const;

/** On every node that may run a pod of the mesh. */
const TOLERATIONS: k8s.Toleration[] = [
  { operator: 'Exists', effect: 'NoSchedule' },
  { operator: 'Exists', effect: 'NoExecute' },
  { key: 'CriticalAddonsOnly', operator: 'Exists' },
];

/** A pod is in the mesh by its own label, or by its namespace's unless its own says otherwise. */
const ENABLEMENT = [
  { podSelector: { matchLabels: { [MODE]: 'ambient' } } },
  {
    podSelector: { matchExpressions: [{ key: MODE, operator: 'NotIn', values: ['none'] }] },
    namespaceSelector: { matchLabels: { [MODE]: 'ambient' } },
  },
];

export interface NodeProps {
  readonly controlPlane: ControlPlane;
  readonly resources: { readonly cni: Resources; readonly ztunnel: Resources };
  readonly logLevel: string;
  readonly metrics?: IMetrics;
}

/**
 * Puts pods into the mesh: as a CNI plugin behind the network plugin it leads what a pod sends and receives to ztunnel, and as an agent it
 * does so with pods that run already.
 *
 * @see https://github.com/istio/istio/tree/1.30.3/manifests/charts/istio-cni
 */
export class CniAgent extends DaemonSet {
  constructor(stage: Stage, { resources, logLevel, metrics }: NodeProps) {
    const { cni } = systemOf(stage).platform.distribution;
    super(stage, CNI, {
      user: 0,
      podSecurityContext: { runAsNonRoot: false },
      clusterRules: cniClusterRules(CNI),
      priorityClassName: 'system-node-critical',
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: TOLERATIONS,
      terminationGracePeriod: Duration.seconds(30),
      containers: [
        {
          name: 'install-cni',
          image: images.cni,
          command: ['install-cni'],
          args: [`--log_output_level=default:${logLevel}`],
          env: {
            CURRENT_AGENT_VERSION: images.cni.tag,
            AMBIENT_ENABLED: 'true',
            AMBIENT_ENABLEMENT_SELECTOR: JSON.stringify(ENABLEMENT),
            // Names are the cluster's own: pods go on asking its DNS.
            AMBIENT_DNS_CAPTURE: 'false',
            AMBIENT_IPV6: 'true',
            AMBIENT_RECONCILE_POD_RULES_ON_STARTUP: 'true',
            ENABLE_AMBIENT_DETECTION_RETRY: 'false',
            ALLOW_SWITCH_TO_HOST_NS: 'true',
            CHAINED_CNI_PLUGIN: 'true',
            ISTIO_OWNED_CNI_CONFIG: 'false',
            EXCLUDE_NAMESPACES: 'kube-system',
            // For sidecars, of which there are none.
            REPAIR_ENABLED: 'false',
            NATIVE_NFTABLES: 'false',
            NODE_NAME: { fieldRef: { fieldPath: 'spec.nodeName' } },
            POD_NAME: { fieldRef: { fieldPath: 'metadata.name' } },
            POD_NAMESPACE: { fieldRef: { fieldPath: 'metadata.namespace' } },
            GOMEMLIMIT: limit('limits.memory'),
            GOMAXPROCS: limit('limits.cpu'),
          },
          ports: { metrics: METRICS.cni, health: HEALTH.cni },
          resources: resources.cni,
          mounts: [
            { path: '/host/opt/cni/bin', volume: host('cni-bin-dir', cni.binDir) },
            { path: '/host/etc/cni/net.d', volume: host('cni-net-dir', cni.confDir) },
            { path: '/host/proc', volume: host('cni-host-procfs', '/proc', 'Directory'), readOnly: true },
            {
              path: '/host/var/run/netns',
              volume: host('cni-netns-dir', '/var/run/netns', 'DirectoryOrCreate'),
              propagation: 'HostToContainer',
            },
            { path: '/var/run/istio-cni', volume: host('cni-socket-dir', '/var/run/istio-cni', 'DirectoryOrCreate') },
            { path: '/var/run/ztunnel', volume: host('cni-ztunnel-sock-dir', '/var/run/ztunnel', 'DirectoryOrCreate') },
          ],
          readinessProbe: { httpGet: { path: '/readyz', port: k8s.IntOrString.fromString('health') } },
          securityContext: {
            runAsUser: 0,
            runAsGroup: 0,
            runAsNonRoot: false,
            privileged: false,
            allowPrivilegeEscalation: true,
            // iptables keeps a lock below /run.
            readOnlyRootFilesystem: false,
            capabilities: {
              drop: ['ALL'],
              add: ['NET_ADMIN', 'NET_RAW', 'SYS_PTRACE', 'SYS_ADMIN', 'DAC_OVERRIDE'],
            },
          },
        },
      ],
    });
    // Since 1.30; the annotation before it is deprecated.
    const profile = '/spec/template/spec/containers/0/securityContext/appArmorProfile';
    const [daemonSet] = this.node
      .findAll()
      .filter(ApiObject.isApiObject)
      .filter(({ kind }) => kind === 'DaemonSet');
    withLaterField(daemonSet!, profile, { type: 'Unconfined' });
    if (metrics) {
      const { metrics: endpoint } = this.addService({
        name: `${CNI}-metrics`,
        ports: { metrics: METRICS.cni },
        headless: true,
      });
      metrics.scrape(stage, CNI, { endpoint });
    }
  }
}

/**
 * Speaks for the pods of its node: encrypts what they send to others of the mesh, shows who they are by a certificate for each service account, and
 * lets in whom the policies let in.
 *
 * @see https://github.com/istio/istio/tree/1.30.3/manifests/charts/ztunnel
 */
export class Ztunnel extends DaemonSet {
  constructor(stage: Stage, { controlPlane, resources, logLevel, metrics }: NodeProps) {
    const grace = 30;
    super(stage, ZTUNNEL, {
      user: 0,
      group: 1337,
      podSecurityContext: { runAsNonRoot: false },
      priorityClassName: 'system-node-critical',
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: TOLERATIONS,
      terminationGracePeriod: Duration.seconds(grace),
      // The new one takes over the pods before the old one drains.
      maxSurge: 1,
      containers: [
        {
          name: 'istio-proxy',
          image: images.ztunnel,
          args: ['proxy', 'ztunnel'],
          env: {
            CA_ADDRESS: controlPlane.address,
            XDS_ADDRESS: controlPlane.address,
            RUST_LOG: { none: 'off' }[logLevel] ?? logLevel,
            ISTIO_META_CLUSTER_ID: CLUSTER_ID,
            CLUSTER_DOMAIN: systemOf(stage).platform.distribution.clusterDomain,
            INPOD_ENABLED: 'true',
            TERMINATION_GRACE_PERIOD_SECONDS: String(grace),
            POD_NAME: { fieldRef: { fieldPath: 'metadata.name' } },
            POD_NAMESPACE: { fieldRef: { fieldPath: 'metadata.namespace' } },
            NODE_NAME: { fieldRef: { fieldPath: 'spec.nodeName' } },
            INSTANCE_IP: { fieldRef: { fieldPath: 'status.podIP' } },
            SERVICE_ACCOUNT: { fieldRef: { fieldPath: 'spec.serviceAccountName' } },
            ZTUNNEL_CPU_LIMIT: limit('limits.cpu'),
          },
          ports: { metrics: METRICS.ztunnel, health: HEALTH.ztunnel },
          resources: resources.ztunnel,
          mounts: [
            { path: '/var/run/secrets/istio', volume: rootVolume() },
            { path: '/var/run/secrets/tokens', volume: tokenVolume(), readOnly: true },
            { path: '/var/run/ztunnel', volume: host('cni-ztunnel-sock-dir', '/var/run/ztunnel', 'DirectoryOrCreate') },
            { path: '/tmp', volume: volume.scratch('tmp') },
          ],
          readinessProbe: { httpGet: { path: '/healthz/ready', port: k8s.IntOrString.fromString('health') } },
          securityContext: {
            runAsUser: 0,
            runAsGroup: 1337,
            runAsNonRoot: false,
            privileged: false,
            allowPrivilegeEscalation: true,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'], add: ['NET_ADMIN', 'SYS_ADMIN', 'NET_RAW'] },
          },
        },
      ],
    });
    this.connectTo(controlPlane.endpoint);
    if (metrics) {
      const { metrics: endpoint } = this.addService({
        name: `${ZTUNNEL}-metrics`,
        ports: { metrics: METRICS.ztunnel },
        headless: true,
      });
      metrics.scrape(stage, ZTUNNEL, { endpoint });
    }
  }
}

function host(name: string, path: string, type?: string): k8s.Volume {
  return { name, hostPath: { path, type } };
}

function limit(resource: string): k8s.EnvVarSource {
  return { resourceFieldRef: { resource, divisor: k8s.Quantity.fromString('1') } };
}
