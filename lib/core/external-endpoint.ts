import { type IConstruct } from 'constructs';
import { checkHost, checkPort } from './names';
import { type IEndpoint, type NetworkEdge, type Peer } from './network';
import { type Stage } from './stage';

export interface ExternalEndpointProps {
  /** Host name or address. */
  readonly host: string;
  readonly port: number;
  /** Address range of its hosts, which alone the NetworkPolicies open: `10.20.0.15/32`. @default - any address, at that port */
  readonly cidr?: string;
}

/** A server that isn't the platform's: it is there before, and lets in whom it likes. */
export class ExternalEndpoint implements IEndpoint {
  readonly host: string;
  readonly port: number;
  readonly readyAfter: readonly Stage[] = [];
  private readonly peer: Peer;

  constructor(scope: IConstruct, { host, port, cidr }: ExternalEndpointProps) {
    checkHost(scope.node.path, 'host of an external endpoint', host);
    checkPort(scope.node.path, `port of ${host}`, port);
    this.host = host;
    this.port = port;
    this.peer = cidr === undefined ? 'anywhere' : { cidr };
  }

  allow(): NetworkEdge {
    return { peer: this.peer, ports: [{ port: this.port }] };
  }
}
