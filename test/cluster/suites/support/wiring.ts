import { Bundle } from '../../../../lib/core/link/bundle';
import { PolicyIndex, type Socket } from '../../../../lib/core/link/policies';
import { type Pod as LinkPod } from '../../../../lib/core/link/pods';
import { covers } from '../../../../lib/core/link/selectors';
import { ServiceIndex, targetNumbers } from '../../../../lib/core/link/services';
import { type KubeObject as Manifest } from '../../../../lib/core/link';
import { type KubeObject } from '../../cluster';
import { type Target } from './network';

export interface LivePod extends KubeObject {
  readonly spec: { readonly nodeName?: string; readonly hostNetwork?: boolean };
  readonly status: { readonly podIP?: string; readonly phase: string };
}

export interface LiveService extends KubeObject {
  readonly spec: { readonly clusterIP: string };
}

/** What can be connected to. */
export interface Door extends Target {
  readonly name: string;
  /** The pod that is behind it; undefined where none is. */
  readonly pod?: LinkPod;
  /** The port that it is at its other end. */
  readonly socket: Socket;
}

/** From where a connection is made. */
export interface Place {
  readonly name: string;
  /** An address of its network namespace. */
  readonly address: string;
  /** undefined for a place outside of the cluster. */
  readonly pod?: LinkPod;
}

/** What the NetworkPolicies of some manifests say, by the linker's own reading, of the pods that run. */
export class Wiring {
  readonly pods: readonly LinkPod[];
  private readonly policies: PolicyIndex;
  private readonly services: ServiceIndex;

  constructor(manifests: readonly Manifest[]) {
    const bundle = new Bundle(
      manifests.map((object) => ({ object, source: `${object.kind} ${object.metadata.name}` })),
      {},
    );
    this.pods = bundle.pods;
    this.policies = new PolicyIndex(bundle);
    this.services = new ServiceIndex(bundle);
  }

  /** Whether a pod, or somebody outside of the cluster, may pass. */
  allows(from: LinkPod | undefined, { pod, socket }: Pick<Door, 'pod' | 'socket'>): boolean {
    if (!pod) return from !== undefined && this.policies.allowsOutside('egress', from, socket);
    if (!from) return this.policies.allowsOutside('ingress', pod, socket);
    return this.policies.allows('egress', from, pod, socket) && this.policies.allows('ingress', pod, from, socket);
  }

  /** Whether the pod behind a door lets another one in, be that one allowed to knock or not. */
  admits(from: LinkPod, { pod, socket }: Pick<Door, 'pod' | 'socket'>): boolean {
    return pod !== undefined && this.policies.allows('ingress', pod, from, socket);
  }

  /** The running pods of a workload. */
  running(pod: LinkPod, live: readonly LivePod[]): readonly LivePod[] {
    const labels = Object.fromEntries(Object.entries(pod.labels).filter(([key]) => !key.endsWith('job-name')));
    return live.filter(
      ({ metadata, status }) =>
        metadata.namespace === pod.namespace && status.phase === 'Running' && covers(labels, metadata.labels ?? {}),
    );
  }

  /** Each port of each running pod. */
  podDoors(live: readonly LivePod[]): readonly Door[] {
    return this.pods.flatMap((pod) =>
      this.running(pod, live).flatMap(({ metadata, status }) =>
        pod.ports
          .filter(({ protocol }) => protocol === 'TCP' || metadata.namespace === 'kube-system')
          .map(({ number, protocol }) => ({
            name: `${metadata.namespace}/${metadata.name}:${number}${protocol === 'UDP' ? '/UDP' : ''}`,
            host: status.podIP!,
            port: number,
            protocol,
            pod,
            socket: { port: number, protocol },
          })),
      ),
    );
  }

  /** Each port of each Service that has an address in the cluster. */
  serviceDoors(live: readonly LiveService[]): readonly Door[] {
    return this.services.all.flatMap((service) => {
      const found = live.find(
        ({ metadata }) => metadata.name === service.name && metadata.namespace === service.namespace,
      );
      const [pod] = service.pods;
      if (!found || !pod || found.spec.clusterIP === 'None') return [];
      return service.ports.flatMap((port) =>
        targetNumbers(port, pod).map((number) => ({
          name: `service ${service.namespace}/${service.name}:${port.port}${port.protocol === 'UDP' ? '/UDP' : ''}`,
          host: found.spec.clusterIP,
          port: port.port,
          protocol: port.protocol,
          pod,
          socket: { port: number, protocol: port.protocol },
        })),
      );
    });
  }

  /** Every way that is open from one workload of a namespace to another: `mlflow/server -> minio/pool-0:9000`. */
  edges(namespaces: ReadonlySet<string>): readonly string[] {
    const own = this.pods.filter(({ namespace }) => namespaces.has(namespace));
    return own
      .flatMap((from) =>
        own.flatMap((pod) =>
          pod.ports
            .filter(
              ({ number, protocol }) =>
                from.spec.hostNetwork !== true && this.allows(from, { pod, socket: { port: number, protocol } }),
            )
            .map(({ number }) => `${titleOf(from)} -> ${titleOf(pod)}:${number}`),
        ),
      )
      .sort();
  }
}

/** `namespace/component` of a workload. */
export function titleOf({ namespace, labels, entry }: LinkPod): string {
  return `${namespace}/${String(labels['app.kubernetes.io/component'] ?? entry.name)}`;
}
