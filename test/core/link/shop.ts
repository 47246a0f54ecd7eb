import { formatFinding, link, type KubeObject, type LinkOptions } from '../../../lib/core/link';

/** A bundle that links: a shop's web server, its database, the Job that makes their password, and the policies between them. */
export function shop(): Bundle {
  return new Bundle([
    object('v1', 'Namespace', 'shop', undefined, { metadata: { labels: { 'onprem-ml.io/isolated': 'true' } } }),
    object('v1', 'ServiceAccount', 'web', 'shop', { automountServiceAccountToken: false }),
    object('v1', 'ConfigMap', 'web', 'shop', {
      data: { 'web.conf': 'listen 8080\nupstream db-0.db.shop.svc.cluster.local:5432\n', LEVEL: 'info' },
    }),
    object('apps/v1', 'Deployment', 'web', 'shop', {
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: {
            serviceAccountName: 'web',
            containers: [
              {
                name: 'web',
                image: 'registry.example/web:1.2',
                args: ['--config=/etc/web/web.conf', '--db=postgresql://db.shop.svc:5432/shop'],
                env: [
                  { name: 'LEVEL', valueFrom: { configMapKeyRef: { name: 'web', key: 'LEVEL' } } },
                  { name: 'PGPASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } },
                  { name: 'PGHOST', value: 'db' },
                  { name: 'PGPORT', value: '5432' },
                ],
                ports: [{ name: 'http', containerPort: 8080 }],
                readinessProbe: { httpGet: { path: '/', port: 'http' } },
                volumeMounts: [{ name: 'config', mountPath: '/etc/web' }],
              },
            ],
            volumes: [{ name: 'config', configMap: { name: 'web' } }],
          },
        },
      },
    }),
    object('v1', 'Service', 'web', 'shop', {
      metadata: { labels: { app: 'web' } },
      spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
    }),
    object('apps/v1', 'StatefulSet', 'db', 'shop', {
      spec: {
        serviceName: 'db',
        replicas: 2,
        selector: { matchLabels: { app: 'db' } },
        template: {
          metadata: { labels: { app: 'db' } },
          spec: {
            containers: [
              {
                name: 'db',
                image: 'registry.example/db:17',
                ports: [{ name: 'sql', containerPort: 5432 }],
                envFrom: [{ secretRef: { name: 'db' } }],
                volumeMounts: [{ name: 'data', mountPath: '/data' }],
              },
            ],
          },
        },
        volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { storageClassName: 'fast' } }],
      },
    }),
    object('v1', 'Service', 'db', 'shop', {
      spec: { clusterIP: 'None', selector: { app: 'db' }, ports: [{ name: 'sql', port: 5432, targetPort: 'sql' }] },
    }),
    object('batch/v1', 'Job', 'secrets', 'shop', {
      metadata: {
        annotations: {
          'onprem-ml.io/creates': JSON.stringify([
            { kind: 'Secret', namespace: 'shop', name: 'db', keys: ['username', 'password'] },
          ]),
        },
      },
      spec: {
        template: {
          metadata: { labels: { app: 'secrets' } },
          spec: { containers: [{ name: 'make', image: 'registry.example/make:1' }] },
        },
      },
    }),
    policy('default-deny', {}, [], []),
    policy('web', { app: 'web' }, [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }], ports: [tcp('http')] }], [toDb, dns]),
    policy(
      'db',
      { app: 'db' },
      [{ from: [pods({ app: 'web' }), pods({ app: 'db' })], ports: [tcp('sql')] }],
      [toDb, dns],
    ),
    policy('secrets', { app: 'secrets' }, [], [{ to: [{ ipBlock: { cidr: '10.0.0.1/32' } }], ports: [tcp(6443)] }]),
  ]);
}

export const tcp = (port: number | string) => ({ protocol: 'TCP', port });
export const pods = (matchLabels: Record<string, string>) => ({ podSelector: { matchLabels } });
const toDb = { to: [pods({ app: 'db' })], ports: [tcp(5432)] };
const dns = {
  to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } }],
  ports: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
};

function policy(name: string, matchLabels: Record<string, string>, ingress: object[], egress: object[]): KubeObject {
  const podSelector = Object.keys(matchLabels).length === 0 ? {} : { matchLabels };
  const spec = { podSelector, policyTypes: ['Ingress', 'Egress'], ingress, egress };
  return object('networking.k8s.io/v1', 'NetworkPolicy', name, 'shop', { spec });
}

/** An API object; `more` may add to its metadata. */
export function object(
  apiVersion: string,
  kind: string,
  name: string,
  namespace?: string,
  more: { readonly metadata?: object; readonly [key: string]: unknown } = {},
): KubeObject {
  const { metadata, ...rest } = more;
  return {
    apiVersion,
    kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), ...metadata },
    ...rest,
  };
}

type Path = readonly (string | number)[];
type Tree = { [key: string]: unknown } | unknown[];

/** Objects to break: each is found by `Kind/name`, which is its source in the findings too. */
export class Bundle {
  private readonly waves = new Map<string, number>();
  private readonly files = new Map<string, string>();

  private readonly objects: (KubeObject & { [key: string]: unknown })[];

  constructor(objects: readonly KubeObject[]) {
    this.objects = objects.map((o) => structuredClone(o));
  }

  add(...objects: KubeObject[]): this {
    this.objects.push(...structuredClone(objects));
    return this;
  }

  remove(id: string): this {
    this.objects.splice(this.objects.indexOf(this.find(id)), 1);
    return this;
  }

  /** Sets a value in the object; undefined takes the field out. */
  set(id: string, path: Path, value: unknown): this {
    let at: Tree = this.find(id);
    for (const key of path.slice(0, -1)) at = read(at, key);
    write(at, path[path.length - 1], value);
    return this;
  }

  /** Puts objects into a wave; those not named are in wave 1. */
  wave(wave: number, ...ids: string[]): this {
    for (const id of ids) this.waves.set(id, wave);
    return this;
  }

  /** Puts objects into a file of wave 1 that waits for the foundation only; so does the one that all others are in. */
  file(file: string, ...ids: string[]): this {
    for (const id of ids) this.files.set(id, file);
    return this.wave(1, ...ids);
  }

  /** What link finds, a line each. External is the storage class that the claims ask for. */
  findings(options: LinkOptions = {}): string[] {
    const objects = this.objects.map((o) => {
      const source = `${o.kind}/${o.metadata.name ?? ''}`;
      const wave = this.waves.size === 0 ? {} : { wave: this.waves.get(source) ?? 1 };
      const file = this.files.size === 0 ? {} : { file: this.files.get(source) ?? '01-shop', after: new Set<string>() };
      return { object: o, source, ...wave, ...file };
    });
    const external = [{ kind: 'StorageClass', name: 'fast' }, ...(options.external ?? [])];
    return link(objects, { strict: true, ...options, external }).map(formatFinding);
  }

  /** The same bundle many times over, each in a namespace of its own. */
  times(n: number): KubeObject[] {
    const text = JSON.stringify(this.objects);
    return Array.from({ length: n }, (_, i): KubeObject[] =>
      JSON.parse(
        text
          .replace(/"shop"/g, `"shop-${i}"`)
          .replace(/\\"shop\\"/g, `\\"shop-${i}\\"`)
          .replace(/\.shop\.svc/g, `.shop-${i}.svc`),
      ),
    ).flat();
  }

  private find(id: string): KubeObject & { [key: string]: unknown } {
    const found = this.objects.find((o) => `${o.kind}/${o.metadata.name ?? ''}` === id);
    if (!found) throw new Error(`the bundle has no ${id}`);
    return found;
  }
}

function read(tree: Tree, key: string | number): Tree {
  const next: unknown = Array.isArray(tree) ? tree[Number(key)] : tree[key];
  if (typeof next !== 'object' || next === null) throw new Error(`there is no ${key}`);
  return next as Tree;
}

function write(tree: Tree, key: string | number, value: unknown): void {
  if (Array.isArray(tree)) {
    if (value === undefined) tree.splice(Number(key), 1);
    else tree[Number(key)] = value;
  } else if (value === undefined) delete tree[key];
  else tree[key] = value;
}

/** The pod template of the web server, and its container. */
export const TEMPLATE: Path = ['spec', 'template', 'spec'];
export const CONTAINER: Path = [...TEMPLATE, 'containers', 0];
