import { Construct } from 'constructs';
import * as k8s from '../k8s';
import { type IEndpoint, type INetworkPeer, intOrString, type NetworkEdge } from '../network';
import { type Stage } from '../stage';
import { checkPort } from '../names';
import { type Workload } from './workload';

/** A port of a Service, and the pods' port behind it. */
export interface ServicePort {
  readonly port: number;
  /** Number of the pods' port. @default - same as `port` */
  readonly target?: number;
  /** What is spoken there, for meshes: `http`, `https`, `tcp`. */
  readonly appProtocol?: string;
  /** @default 'TCP' */
  readonly protocol?: 'TCP' | 'UDP';
}

export interface ServiceProps<P extends string = string> {
  /** @default - the workload's name */
  readonly name?: string;
  readonly ports: Readonly<Record<P, ServicePort | number>>;
  /** @default 'ClusterIP' */
  readonly type?: 'ClusterIP' | 'LoadBalancer';
  /** No address of its own: the name leads to the pods. @default false */
  readonly headless?: boolean;
  /** The name leads to pods before they are ready, which peers that must find each other to become ready need. @default false */
  readonly publishNotReadyAddresses?: boolean;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Leads to the pods of these workloads too, all of which carry `selector`. @default - the workload's own pods */
  readonly across?: { readonly workloads: readonly Workload[]; readonly selector: Readonly<Record<string, string>> };
  /** Anything else of the API's ServiceSpec. */
  readonly spec?: Partial<k8s.ServiceSpec>;
}

/** A port of a Service: where clients connect, and what lets them in. */
export class ServiceEndpoint implements IEndpoint {
  /** Makes the Service and one endpoint for each of its ports. */
  static create<P extends string>(
    workload: Workload,
    clusterDomain: string,
    props: ServiceProps<P>,
  ): Record<P, ServiceEndpoint> & { readonly service: k8s.KubeService } {
    const name = props.name ?? workload.name;
    const ports = (Object.entries(props.ports) as [P, ServicePort | number][]).map(
      ([portName, value]) => [portName, typeof value === 'number' ? { port: value } : value] as const,
    );
    for (const [portName, { port }] of ports) checkPort(workload.node.path, `service ${name}: port ${portName}`, port);
    const service = new k8s.KubeService(new Construct(workload, `service-${name}`), 'service', {
      metadata: { name, labels: { ...workload.podLabels }, annotations: props.annotations && { ...props.annotations } },
      spec: {
        type: props.type ?? 'ClusterIP',
        clusterIp: props.headless ? 'None' : undefined,
        publishNotReadyAddresses: props.publishNotReadyAddresses,
        selector: { ...(props.across?.selector ?? workload.podLabels) },
        ports: ports.map(([portName, { port, target, appProtocol, protocol }]) => ({
          name: portName,
          port,
          targetPort: intOrString(target ?? port),
          protocol: protocol ?? 'TCP',
          appProtocol,
        })),
        ...props.spec,
      },
    });
    const host = `${name}.${workload.namespace}.svc.${clusterDomain}`;
    const endpoints = Object.fromEntries(
      ports.map(([portName, port]) => [
        portName,
        new ServiceEndpoint(workload, name, portName, host, port, props.across),
      ]),
    );
    return { ...(endpoints as Record<P, ServiceEndpoint>), service };
  }

  readonly port: number;
  readonly readyAfter: readonly Stage[];

  private constructor(
    /** The pods behind it. */
    readonly workload: Workload,
    /** The Service's name. */
    readonly service: string,
    /** The name of its port. */
    readonly portName: string,
    readonly host: string,
    private readonly servicePort: ServicePort,
    private readonly across: ServiceProps['across'],
  ) {
    this.port = servicePort.port;
    this.readyAfter = workload.stage.readyAfter;
  }

  /** The pods' port behind it. */
  get targetPort(): number {
    return this.servicePort.target ?? this.servicePort.port;
  }

  allow(client: INetworkPeer): NetworkEdge {
    const ports = [{ port: this.targetPort, protocol: this.servicePort.protocol }];
    for (const workload of [this.workload, ...(this.across?.workloads ?? [])])
      workload.allowFrom(peerOf(client), ...ports);
    const { namespace, podLabels } = this.workload;
    return { peer: { namespace, podLabels: this.across?.selector ?? podLabels }, ports };
  }
}

/** Only what a policy selects by. */
function peerOf({ namespace, podLabels }: INetworkPeer): INetworkPeer {
  return { namespace, podLabels };
}
