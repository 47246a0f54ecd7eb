import { readFileSync, readlinkSync } from 'node:fs';
import { type ClientRequest } from 'node:http';
import { Agent, request } from 'node:https';
import { CONTROL_PLANE_ADDRESS, SCHEDULER_PORT } from './machine/constants';
import { type NewObject } from './cluster';
import { type ClusterState } from './state';

/** Longest, in milliseconds, until an answer. */
const PATIENCE = 30_000;

/** A kind of object, as the API server tells of it. */
interface Resource {
  readonly resource: string;
  readonly singularResource?: string;
  readonly shortNames?: readonly string[];
  readonly scope: 'Namespaced' | 'Cluster';
  readonly responseKind: { readonly kind: string };
}

interface Discovery {
  readonly items: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions: readonly { readonly version: string; readonly resources?: readonly Resource[] }[];
  }[];
}

interface Kind {
  readonly path: string;
  readonly apiVersion: string;
  readonly resource: Resource;
}

/** What `kubectl get` is asked for, as far as it is understood here. */
interface Question {
  readonly resource: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly query: Readonly<Record<string, string>>;
}

interface Options {
  readonly method?: string;
  readonly body?: object;
  readonly accept?: string;
}

interface Config {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority': string } },
  ];
  readonly users: readonly [
    { readonly user: { readonly 'client-certificate': string; readonly 'client-key': string } },
  ];
}

/**
 * The API server, asked without kubectl, for what suites ask time and again while they wait: starting kubectl takes twenty times the processor
 * time of the question. Only in the clients' network, where the suites run; elsewhere there is none.
 */
export class Api {
  private readonly server: string;
  private readonly agent: Agent;
  private kinds: ReadonlyMap<string, Kind> | undefined;

  private constructor({ kubeconfig }: ClusterState) {
    const { clusters, users } = JSON.parse(readFileSync(kubeconfig, 'utf8')) as Config;
    const [{ cluster }] = clusters;
    const [{ user }] = users;
    this.server = cluster.server;
    this.agent = new Agent({
      keepAlive: true,
      ca: readFileSync(cluster['certificate-authority']),
      cert: readFileSync(user['client-certificate']),
      key: readFileSync(user['client-key']),
    });
  }

  /** Undefined where this process can't reach it. */
  static of(state: ClusterState): Api | undefined {
    const network = (pid: number | 'self') => readlinkSync(`/proc/${pid}/ns/net`);
    return network('self') === network(state.holder) ? new Api(state) : undefined;
  }

  /** What `kubectl get ARGUMENT... -o json` prints; undefined where these arguments are more than is understood here. @throws as it fails */
  async get(args: readonly string[]): Promise<unknown> {
    const question = understood(args);
    const kind = question && ((await this.kindOf(question.resource)) ?? (await this.kindOf(question.resource, true)));
    if (!question || !kind) return undefined;
    const isLocal = question.namespace !== undefined || question.name !== undefined;
    const collection = collectionOf(kind, isLocal ? (question.namespace ?? 'default') : undefined);
    const path = question.name === undefined ? collection : `${collection}/${question.name}`;
    const answer = await this.ask(`${path}?${new URLSearchParams(question.query).toString()}`);
    return question.name === undefined ? listed(answer as List, kind) : bare(answer as Item, kind);
  }

  /** Makes an object. @throws where the API server refuses it, or knows no such kind */
  async create(object: NewObject): Promise<void> {
    const kind = await this.kindOf(object.kind);
    if (!kind) throw new Error(`the API server has no ${object.kind}`);
    await this.ask(collectionOf(kind, object.metadata.namespace), { method: 'POST', body: object });
  }

  /** What the API server answers to a request by its path. @throws where it refuses */
  async raw(method: 'GET' | 'DELETE', path: string): Promise<unknown> {
    return this.ask(path, { method });
  }

  /** What the scheduler tells Prometheus. */
  async schedulerMetrics(): Promise<string> {
    const { status, text } = await this.send(`https://${CONTROL_PLANE_ADDRESS}:${SCHEDULER_PORT}/metrics`, {
      accept: 'text/plain',
    });
    if (status !== 200) throw new Error(`the scheduler's metrics: ${status} ${text.slice(0, 500)}`);
    return text;
  }

  private async kindOf(name: string, again = false): Promise<Kind | undefined> {
    if (!this.kinds || again) this.kinds = await this.discover();
    return this.kinds.get(name.toLowerCase());
  }

  private async discover(): Promise<ReadonlyMap<string, Kind>> {
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    const found = new Map<string, Kind>();
    for (const root of ['/api', '/apis']) {
      const { items } = (await this.ask(root, { accept })) as Discovery;
      for (const { metadata, versions } of items) {
        const group = metadata?.name ?? '';
        const [{ version, resources = [] } = { version: '' }] = versions;
        const apiVersion = group === '' ? version : `${group}/${version}`;
        for (const resource of resources) {
          const names = [resource.resource, resource.singularResource, ...(resource.shortNames ?? [])];
          const kind = { path: `${root}/${apiVersion}`, apiVersion, resource };
          for (const name of names.filter((name) => name !== undefined && name !== '')) {
            for (const key of [name!, ...(group === '' ? [] : [`${name}.${group}`])]) {
              if (!found.has(key)) found.set(key, kind);
            }
          }
        }
      }
    }
    return found;
  }

  /** @throws with what kubectl would say */
  private async ask(path: string, options: Options = {}): Promise<unknown> {
    const { status, text } = await this.send(`${this.server}${path}`, options);
    let said: { readonly reason?: string; readonly message?: string };
    try {
      said = JSON.parse(text) as typeof said;
    } catch {
      throw new Error(`Error from server (${status}): ${text.slice(0, 500)}`);
    }
    if (status >= 300) throw new Error(`Error from server (${said.reason ?? status}): ${said.message ?? text}`);
    return said;
  }

  private async send(url: string, options: Options, again = true): Promise<Answer> {
    const { method = 'GET', body, accept = 'application/json' } = options;
    const headers = { accept, ...(body && { 'content-type': 'application/json' }) };
    let asked: ClientRequest | undefined;
    try {
      return await new Promise((resolve, reject) => {
        asked = request(url, { agent: this.agent, method, headers, timeout: PATIENCE }, (answer) => {
          let text = '';
          answer.setEncoding('utf8');
          answer.on('data', (part: string) => (text += part));
          answer.on('error', reject);
          answer.on('end', () => resolve({ status: answer.statusCode!, text }));
        });
        asked.on('timeout', () => asked!.destroy(new Error(`no answer in ${PATIENCE / 1000} s`)));
        asked.on('error', reject);
        asked.end(body && JSON.stringify(body));
      });
    } catch (error) {
      // The server may end a connection while it is taken up again.
      const mayAsk = again && method === 'GET' && asked?.reusedSocket && 'code' in (error as object);
      if (mayAsk) return this.send(url, options, false);
      throw error;
    }
  }
}

/** Where objects of a kind are, those of a namespace where one is given. */
function collectionOf({ path, resource }: Kind, namespace: string | undefined): string {
  const place = resource.scope === 'Namespaced' && namespace !== undefined ? `/namespaces/${namespace}` : '';
  return `${path}${place}/${resource.resource}`;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

interface Item {
  apiVersion?: string;
  kind?: string;
  metadata: { managedFields?: unknown };
}
interface List {
  readonly items: readonly Item[];
}

/** As kubectl prints them: with their kind, and without who set which field. */
function bare(item: Item, { apiVersion, resource }: Kind): Item {
  delete item.metadata.managedFields;
  return { apiVersion, kind: resource.responseKind.kind, ...item };
}

function listed({ items }: List, kind: Kind): { readonly items: readonly Item[] } {
  return { items: items.map((item) => bare(item, kind)) };
}

function understood(args: readonly string[]): Question | undefined {
  const named: string[] = [];
  const query: Record<string, string> = {};
  let namespace: string | undefined;
  let everywhere = false;
  for (let i = 0; i < args.length; i += 1) {
    const word = args[i]!;
    const [option, inline] = word.startsWith('--') ? (word.split(/=(.*)/s, 2) as [string, string?]) : [word];
    const value = () => inline ?? args[(i += 1)];
    if (word === '-A' || word === '--all-namespaces') everywhere = true;
    else if (option === '-n' || option === '--namespace') namespace = value();
    else if (option === '-l' || option === '--selector') query.labelSelector = value() ?? '';
    else if (option === '--field-selector') query.fieldSelector = value() ?? '';
    else if (word.startsWith('-')) return undefined;
    else named.push(word);
  }
  const [resource, name, ...more] = named;
  if (resource === undefined || more.length > 0 || /[/,]/.test(`${resource}${name ?? ''}`)) return undefined;
  if (name === undefined && namespace === undefined && !everywhere) namespace = 'default';
  return { resource, name, namespace, query };
}
