import { type ChildProcess, spawn } from 'node:child_process';
import { Api } from './api';
import { attempt, type Result, run, type RunOptions } from './shell';
import { LESS_COLLECTION } from './machine/constants';
import { KUBECTL_CACHE, SCRATCH } from './paths';
import { type ClusterState, type NodeState, readState } from './state';

/** The part of an API object that tests look at. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string; readonly uid: string }[];
  };
}

/** An object that isn't in a cluster yet. */
export type NewObject = Pick<KubeObject, 'apiVersion' | 'kind'> & {
  readonly metadata: Omit<KubeObject['metadata'], 'uid' | 'resourceVersion'>;
  readonly [field: string]: unknown;
};

/** A command in the cluster's process namespace ends with the cluster, and by this with the program that started it. */
const DIES_TOO = ['setpriv', '--pdeathsig', 'KILL', '--'];

/** The cluster that is up, as a client and as the person at the nodes' consoles see it. */
export class Cluster {
  readonly state: ClusterState;
  private readonly api: Api | undefined;

  /** @throws where no cluster is up */
  constructor() {
    this.state = readState();
    this.api = Api.of(this.state);
  }

  /** A command at the clients' place: on the network of the nodes' addresses and outside of them, with kubectl on the PATH. */
  async run(command: readonly string[], options: RunOptions = {}): Promise<string> {
    return run(this.inside(command), this.options(options));
  }

  /** As `run`, but a failure is a result. */
  async attempt(command: readonly string[], options: RunOptions = {}): Promise<Result> {
    return attempt(this.inside(command), this.options(options));
  }

  /** A command at the clients' place that goes on until it is killed; what it prints comes by its `stdout`. */
  start(command: readonly string[]): ChildProcess {
    const [program, ...args] = this.inside(command);
    const { env } = this.options({});
    return spawn(program!, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'ignore'] });
  }

  async kubectl(...args: string[]): Promise<string> {
    return this.run(['kubectl', ...args]);
  }

  /** One object, by kubectl's arguments after `get`. */
  async get<T extends KubeObject>(...args: string[]): Promise<T> {
    return (await this.ask(args)) as T;
  }

  /** Objects, by kubectl's arguments after `get`. */
  async list<T extends KubeObject>(...args: string[]): Promise<readonly T[]> {
    return ((await this.ask(args)) as { items: readonly T[] }).items;
  }

  /** The API server and the scheduler, asked without kubectl. @throws outside of the clients' network */
  get direct(): Api {
    if (!this.api) throw new Error("asked outside of the clients' network");
    return this.api;
  }

  /** The value of a key of a Secret. */
  async secret(namespace: string, name: string, key: string): Promise<string> {
    const { data } = await this.get<KubeObject & { data: Record<string, string> }>('secret', '-n', namespace, name);
    const value = data[key];
    if (value === undefined) throw new Error(`Secret ${namespace}/${name} has no key ${key}`);
    return Buffer.from(value, 'base64').toString();
  }

  node(name: string): NodeState {
    const found = this.state.nodes.find((node) => node.name === name);
    if (!found) throw new Error(`the bench has no node ${name}`);
    return found;
  }

  /** A command on a node: its network and its processes. */
  async onNode(name: string, command: readonly string[], options: RunOptions = {}): Promise<string> {
    const { pid } = this.node(name);
    return run(['nsenter', '-t', String(pid), '-n', '-m', '-p', '--', ...DIES_TOO, ...command], this.options(options));
  }

  private async ask(args: readonly string[]): Promise<unknown> {
    return (await this.api?.get(args)) ?? (JSON.parse(await this.kubectl('get', ...args, '-o', 'json')) as unknown);
  }

  private inside(command: readonly string[]): string[] {
    return ['nsenter', '-t', String(this.state.holder), '-n', '-p', '--', ...DIES_TOO, ...command];
  }

  private options(options: RunOptions): RunOptions {
    const { kubeconfig, path } = this.state;
    const env = {
      ...LESS_COLLECTION,
      KUBECONFIG: kubeconfig,
      KUBECACHEDIR: KUBECTL_CACHE,
      PATH: `${path}:${process.env.PATH}`,
      TMPDIR: SCRATCH,
    };
    return { ...options, env: { ...env, ...options.env } };
  }
}
