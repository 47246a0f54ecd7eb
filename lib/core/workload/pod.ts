import { type Duration } from 'cdk8s';
import { fail } from '../errors';
import type * as k8s from '../k8s';
import { type System } from '../system';
import { type ContainerProps, renderContainer } from './container';
import { bothPlacements, type Placement } from './placement';

/** A right, with the reason for a wildcard in it: link refuses one without, and the summary tells it. */
export interface GrantedRule extends k8s.PolicyRule {
  /** Why the program needs all that the `*` stands for: a sentence. @default - it has no wildcard */
  readonly because?: string;
}

/** What all kinds of workload say of their pods. */
export interface PodProps extends Placement {
  /** The pod's containers, the main one first. */
  readonly containers: readonly ContainerProps[];
  /** Run before them, one after another. */
  readonly initContainers?: readonly ContainerProps[];
  /** User and group id that the processes run as, and the group that owns their volumes. @default 65532 */
  readonly user?: number;
  /** Group id. @default - same as `user` */
  readonly group?: number;
  /** What its service account may do in its own namespace. Giving this or `clusterRules` mounts a token and opens the way to the API server. */
  readonly rules?: readonly GrantedRule[];
  /** What its service account may do in all namespaces and to cluster-wide objects. */
  readonly clusterRules?: readonly GrantedRule[];
  readonly podAnnotations?: Readonly<Record<string, string>>;
  /** @default - replicas prefer different nodes */
  readonly affinity?: k8s.Affinity;
  readonly priorityClassName?: string;
  /** Time to stop in. @default 30 seconds */
  readonly terminationGracePeriod?: Duration;
  /** In the node's network: NetworkPolicies don't apply, ports are the node's. @default false */
  readonly hostNetwork?: boolean;
  /** Laid over the defaults: not root, the runtime's seccomp profile. */
  readonly podSecurityContext?: k8s.PodSecurityContext;
  /** Anything else of the API's PodSpec. */
  readonly podSpec?: Partial<k8s.PodSpec>;
}

/**
 * The API's pod spec, secure by default.
 *
 * @param placement where the system's pods go, besides what the pod itself says
 */
export function renderPod(
  path: string,
  system: System,
  props: PodProps,
  serviceAccountName: string,
  placement: Placement,
): k8s.PodSpec {
  const user = props.user ?? 65532;
  const group = props.group ?? user;
  const ids = system.platform.distribution.fixedUids ? { runAsUser: user, runAsGroup: group, fsGroup: group } : {};
  const all = [...(props.initContainers ?? []), ...props.containers];
  const duplicate = all.find(({ name }, i) => all.findIndex((other) => other.name === name) !== i);
  if (duplicate) fail(path, `two containers are called "${duplicate.name}"; rename one`);
  return {
    serviceAccountName,
    automountServiceAccountToken: usesApi(props),
    enableServiceLinks: false,
    hostNetwork: props.hostNetwork,
    dnsPolicy: props.hostNetwork ? 'ClusterFirstWithHostNet' : undefined,
    ...bothPlacements(placement, props),
    affinity: props.affinity,
    priorityClassName: props.priorityClassName,
    terminationGracePeriodSeconds: props.terminationGracePeriod?.toSeconds(),
    securityContext: {
      runAsNonRoot: true,
      ...ids,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
      ...props.podSecurityContext,
    },
    initContainers: props.initContainers?.map((container) => renderContainer(path, system, container)),
    containers: props.containers.map((container) => renderContainer(path, system, container)),
    volumes: volumes(path, all),
    ...props.podSpec,
  };
}

/** Whether the pod talks to the API server. */
export function usesApi(props: PodProps): boolean {
  return props.rules !== undefined || props.clusterRules !== undefined;
}

/** The number of one of the pod's ports, given by its number or name; undefined where there is none of that name. */
export function podPort({ containers }: Pick<PodProps, 'containers'>, port: number | string): number | undefined {
  if (typeof port === 'number') return port;
  const found = containers
    .map(({ ports }) => (typeof ports === 'function' ? ports() : ports)?.[port])
    .find((value) => value !== undefined);
  return typeof found === 'object' ? found.port : found;
}

/** The ports that kubelet's probes of the pod ask, in ascending order. */
export function probedPorts(pod: Pick<PodProps, 'containers'>): number[] {
  const probes = pod.containers.flatMap(({ livenessProbe, readinessProbe, startupProbe }) => [
    livenessProbe,
    readinessProbe,
    startupProbe,
  ]);
  const ports = probes.flatMap((probe) => {
    const port = probe?.httpGet?.port.value ?? probe?.tcpSocket?.port.value ?? probe?.grpc?.port;
    const number = port === undefined ? undefined : podPort(pod, port);
    return number === undefined ? [] : [number];
  });
  return [...new Set(ports)].sort((a, b) => a - b);
}

/** Each volume that a container mounts, once. */
function volumes(path: string, containers: readonly ContainerProps[]): k8s.Volume[] | undefined {
  const byName = new Map<string, k8s.Volume>();
  for (const { volume } of containers.flatMap((container) => container.mounts ?? [])) {
    const other = byName.get(volume.name);
    if (other && JSON.stringify(other) !== JSON.stringify(volume)) {
      fail(path, `two different volumes are called "${volume.name}"; rename one`);
    }
    byName.set(volume.name, volume);
  }
  const own = [...byName.values()].filter((volume) => Object.keys(volume).length > 1);
  return own.length > 0 ? own : undefined;
}
