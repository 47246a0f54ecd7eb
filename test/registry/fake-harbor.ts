import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';

type Json = Record<string, unknown>;

interface Project {
  readonly id: number;
  readonly name: string;
  readonly registry?: number;
  metadata: Record<string, string>;
  quota: number;
  readonly members: { id: number; name: string; role: number }[];
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

/** What the tests look at. */
export interface State {
  readonly configuration: Json;
  readonly projects: Project[];
  readonly robots: { id: number; name: string; permissions: unknown; secret?: string }[];
  readonly registries: { id: number; name: string; url: string; credential?: Json }[];
  readonly retentions: Record<string, Json>;
  readonly replications: Json[];
  collection?: Json;
  /** Secrets at the API server. */
  readonly secrets: Record<string, Json>;
}

/**
 * The parts of Harbor's API that the configuring Job uses, as they answer in Harbor 2.15.1: what is named twice is a conflict, queries are decoded
 * twice, a project's number is asked for by its name, and registries that don't answer are refused. And of the API server what
 * stores Secrets.
 *
 * @see https://github.com/goharbor/harbor/tree/v2.15.1/src/server/v2.0/handler
 */
export class FakeHarbor {
  readonly state: State = {
    configuration: {},
    projects: [],
    robots: [],
    registries: [],
    retentions: {},
    replications: [],
    secrets: {},
  };
  /** URLs of registries that don't answer. */
  readonly away = new Set<string>();
  /** A call that is refused: `PATCH robots`. */
  refuse?: string;
  private readonly server: Server;
  private next = 1;

  constructor(private readonly password: string) {
    this.server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        const { status, body } = legal(text) ? this.answer(request, text) : { status: 422, body: undefined };
        response.writeHead(status, { 'Content-Type': 'application/json' });
        response.end(body === undefined ? '' : JSON.stringify(body));
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    await new Promise((done) => this.server.close(done));
  }

  private answer(request: IncomingMessage, text: string): Answer {
    const url = new URL(request.url!, 'http://harbor');
    const body = text === '' ? {} : (JSON.parse(text) as Json);
    const secret = /^\/api\/v1\/namespaces\/([^/]+)\/secrets(?:\/(.+))?$/.exec(url.pathname);
    if (secret) return this.store(request, secret[1]!, body);
    const expected = `Basic ${Buffer.from(`admin:${this.password}`).toString('base64')}`;
    if (request.headers.authorization !== expected) return { status: 401 };
    const path = url.pathname.replace('/api/v2.0/', '').split('/').map(decodeURIComponent);
    const call = `${request.method} ${path[0]}`;
    if (call === this.refuse) return { status: 400, body: { errors: [{ message: 'refused' }] } };
    const query = Object.fromEntries(
      decodeURIComponent(url.searchParams.get('q') ?? '')
        .split(',')
        .map((part) => part.split('=') as [string, string]),
    );
    switch (call) {
      case 'PUT configurations':
        Object.assign(this.state.configuration, body);
        // Written first, and looked at then.
        if (this.away.has(String(body.audit_log_forward_endpoint)))
          return { status: 400, body: { errors: [{ message: 'could not connect to the audit endpoint' }] } };
        return { status: 200 };
      case 'PUT system':
        this.state.collection = body;
        return { status: 200 };
      case 'GET quotas': {
        const id = Number(url.searchParams.get('reference_id'));
        return { status: 200, body: [{ hard: { storage: -1 }, id: id + 100, ref: { id, name: 'x' } }] };
      }
      case 'PUT quotas':
        this.state.projects.find(({ id }) => id + 100 === Number(path[1]))!.quota = (
          body.hard as { storage: number }
        ).storage;
        return { status: 200 };
    }
    if (path[0] === 'projects') return this.projects(request, url, path, body);
    if (path[0] === 'robots') return this.robots(request, path, query, body);
    if (path[0] === 'registries') return this.registries(request, path, query, body);
    if (path[0] === 'retentions') return this.retentions(request, path, body);
    if (path[0] === 'replication') return this.replication(request, path, query, body);
    return { status: 404 };
  }

  private projects({ method, headers }: IncomingMessage, url: URL, path: string[], body: Json): Answer {
    const { projects } = this.state;
    if (path.length === 1) {
      const name = body.project_name as string;
      if (projects.some((one) => one.name === name)) return { status: 409 };
      const registry = body.registry_id as number | undefined;
      if (registry !== undefined && !this.state.registries.some(({ id }) => id === registry)) return { status: 400 };
      projects.push({
        id: this.next++,
        name,
        registry,
        metadata: body.metadata as Record<string, string>,
        quota: -1,
        members: [],
      });
      return { status: 201 };
    }
    if (headers['x-is-resource-name'] !== 'true') return { status: 400 };
    const project = projects.find(({ name }) => name === path[1]);
    if (!project) return { status: 404 };
    if (path[2] === 'members') {
      if (method === 'POST') {
        const { group_name: name, group_type: type } = body.member_group as { group_name: string; group_type: number };
        if (type !== 3 || this.state.configuration.auth_mode !== 'oidc_auth') return { status: 400 };
        if (project.members.some((one) => one.name === name)) return { status: 409 };
        project.members.push({ id: this.next++, name, role: body.role_id as number });
        return { status: 201 };
      }
      if (method === 'PUT') {
        project.members.find(({ id }) => id === Number(path[3]))!.role = body.role_id as number;
        return { status: 200 };
      }
      const asked = url.searchParams.get('entityname')!;
      const found = project.members.filter(({ name }) => name.includes(asked));
      const groups = found.map(({ id, name, role }) => ({
        entity_id: 7,
        entity_name: name,
        entity_type: 'g',
        id,
        project_id: project.id,
        role_id: role,
      }));
      return {
        status: 200,
        body: [{ entity_id: 1, entity_name: 'admin', entity_type: 'u', id: 9999, role_id: 1 }, ...groups],
      };
    }
    if (method === 'PUT') {
      Object.assign(project.metadata, body.metadata);
      return { status: 200 };
    }
    return {
      status: 200,
      body: { metadata: project.metadata, name: project.name, owner_id: 1, project_id: project.id },
    };
  }

  private robots({ method }: IncomingMessage, path: string[], query: Json, body: Json): Answer {
    const { robots, projects } = this.state;
    if (method === 'GET') {
      const known = projects.some(({ id }) => String(id) === query.ProjectID);
      if (query.Level !== 'project' || !known) return { status: 400 };
      const found = robots.filter(({ name }) => name === query.name);
      return {
        status: 200,
        body: found.map(({ id, name }) => ({ creator_ref: 1, id, level: 'project', name: `robot$${name}` })),
      };
    }
    if (method === 'POST') {
      const [{ namespace }] = body.permissions as [{ namespace: string }];
      const robot = { id: this.next++, name: `${namespace}+${String(body.name)}`, permissions: body.permissions };
      robots.push(robot);
      return { status: 201, body: { expires_at: -1, id: robot.id, name: robot.name, secret: 'chosen by Harbor' } };
    }
    const robot = robots.find(({ id }) => id === Number(path[1]))!;
    if (method === 'PUT') {
      if (body.name !== `robot$${robot.name}`) return { status: 400 };
      robot.permissions = body.permissions;
      return { status: 200 };
    }
    const secret = body.secret as string;
    if (!/^(?=.*[A-Z])(?=.*[a-z])(?=.*\d).{8,128}$/.test(secret)) return { status: 400 };
    robot.secret = secret;
    return { status: 200, body: {} };
  }

  private registries({ method }: IncomingMessage, path: string[], query: Json, body: Json): Answer {
    const { registries } = this.state;
    if (method === 'GET')
      return {
        status: 200,
        body: registries.filter(({ name }) => name === query.name).map(({ id, name }) => ({ id, name })),
      };
    if (this.away.has(body.url as string))
      return { status: 400, body: { errors: [{ message: 'the registry is unhealthy' }] } };
    if (method === 'POST') {
      registries.push({
        id: this.next++,
        name: body.name as string,
        url: body.url as string,
        credential: body.credential as Json,
      });
      return { status: 201 };
    }
    Object.assign(
      registries.find(({ id }) => id === Number(path[1]))!,
      { url: body.url },
    );
    return { status: 200 };
  }

  private retentions({ method }: IncomingMessage, path: string[], body: Json): Answer {
    const { retentions } = this.state;
    const project = this.state.projects.find(({ id }) => id === (body.scope as { ref: number }).ref);
    if (!project) return { status: 400 };
    if (method === 'POST') {
      if (project.metadata.retention_id !== undefined) return { status: 400 };
      project.metadata.retention_id = String(this.next++);
      retentions[project.metadata.retention_id] = body;
      return { status: 201 };
    }
    if (!retentions[path[1]!]) return { status: 404 };
    retentions[path[1]!] = body;
    return { status: 200 };
  }

  private replication({ method }: IncomingMessage, path: string[], query: Json, body: Json): Answer {
    const { replications } = this.state;
    if (method === 'GET') {
      const found = replications.filter(({ name }) => name === query.name);
      return {
        status: 200,
        body: found.map((one) => ({
          dest_registry: { id: 4711, name: 'x' },
          enabled: true,
          id: one.id,
          name: one.name,
        })),
      };
    }
    if (method === 'POST') {
      replications.push({ ...body, id: this.next++ });
      return { status: 201 };
    }
    Object.assign(
      replications.find(({ id }) => id === Number(path[2]))!,
      body,
    );
    return { status: 200 };
  }

  private store({ method, headers }: IncomingMessage, namespace: string, body: Json): Answer {
    if (headers.authorization !== 'Bearer account') return { status: 401 };
    const key = `${namespace}/${(body.metadata as { name: string }).name}`;
    if (method === 'POST' && this.state.secrets[key]) return { status: 409 };
    this.state.secrets[key] = body;
    return { status: method === 'POST' ? 201 : 200 };
  }
}

function legal(text: string): boolean {
  try {
    return text === '' || typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}
