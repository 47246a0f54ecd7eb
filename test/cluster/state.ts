import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { BERTH, STATE } from './paths';
import { type PlatformName } from './platforms';

/** A node with a kubelet of its own. */
export interface NodeState {
  readonly name: string;
  readonly address: string;
  /** Process that holds the node's network namespace, as the machine counts. */
  readonly pid: number;
  readonly podCidr: string;
  readonly containerdSocket: string;
}

/** A program that the bench runs outside of pods: etcd, kubelet and so on. */
export interface ProcessState {
  /** `etcd`, `kube-apiserver`, `kube-scheduler`, `kube-controller-manager`, `kubelet-<node>`, `containerd-<node>`... */
  readonly name: string;
  /** The node in whose place it runs, or `control-plane`; the clients' place where it is absent. */
  readonly node?: string;
  readonly pid: number;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly log: string;
}

/** The registry in which a platform's images are. */
export interface MirrorState {
  /** What references of its images begin with: the host, and a path. */
  readonly base: string;
  /** The authority of its certificate. */
  readonly authority: string;
  /** What the operator has to reach it: a file of hosts, and a folder with a login. */
  readonly hosts: string;
  readonly login: string;
  /** The folder that `mirror.sh --save` would have made. */
  readonly saved: string;
  /** What `onprem-ml images lock` found there. */
  readonly lock: string;
}

/** The cluster that is up. */
export interface ClusterState {
  /** First process of the pid namespace, as the machine counts; it holds the mounts and the switch's network namespace. */
  readonly holder: number;
  /** Clients are at this address, on the switch that the nodes are plugged into. */
  readonly clientAddress: string;
  readonly kubeconfig: string;
  /** Directories for the PATH of commands: kubectl is in the first. */
  readonly path: string;
  /** What is applied to it. */
  readonly platform: PlatformName;
  /** Its manifests: those of dist, or, where its images come from a mirror, the same with the digests that they have there. */
  readonly folder: string;
  /** The registry that its images come from. Absent where nodes have them. */
  readonly mirror?: MirrorState;
  /** The site file that the nodes were made from. */
  readonly site: string;
  /** Where the API server is: a place on the switch, with no kubelet. */
  readonly controlPlane: { readonly address: string; readonly pid: number };
  readonly nodes: readonly NodeState[];
  /** Names of the nodes that have no kubelet and only look as if they had one. */
  readonly simulatedNodes: readonly string[];
  readonly processes: readonly ProcessState[];
  /** False while it is being started. */
  readonly ready: boolean;
}

/** @throws where no cluster is up */
export function readState(): ClusterState {
  if (!existsSync(STATE)) throw new Error('no cluster is up; start one with: npm run cluster:up');
  return JSON.parse(readFileSync(STATE, 'utf8')) as ClusterState;
}

/** Whether any berth has a cluster, which may be using what the cache has. */
export function isAnyUp(): boolean {
  const berths = dirname(BERTH);
  const names = existsSync(berths) ? readdirSync(berths) : [];
  return names.some((name) => existsSync(join(berths, name, relative(BERTH, STATE))));
}

/** Replaces the state; whoever reads it meanwhile sees the old or the new one. */
export function writeState(state: ClusterState): void {
  writeFileSync(`${STATE}.new`, JSON.stringify(state, undefined, 2));
  renameSync(`${STATE}.new`, STATE);
}
