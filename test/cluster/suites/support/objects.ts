import { type Cluster, type KubeObject } from '../../cluster';

/** An object in the cluster, whole. */
export type Content = KubeObject & Readonly<Record<string, unknown>>;

/** The objects that a folder's manifests name, as they are now, by `Kind namespace/name`. */
export async function objectsOf(cluster: Cluster, folder: string): Promise<ReadonlyMap<string, Content>> {
  const all = await cluster.list<Content>('-f', folder, '--show-managed-fields');
  return new Map(
    all.map((object) => [`${object.kind} ${object.metadata.namespace ?? '-'}/${object.metadata.name}`, object]),
  );
}

/** Where two JSON values differ, as paths. */
export function differences(a: unknown, b: unknown, path = ''): readonly string[] {
  if (Object.is(a, b)) return [];
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return [path];
  const [one, other] = [a as Record<string, unknown>, b as Record<string, unknown>];
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].flatMap((key) =>
    differences(one[key], other[key], `${path}.${key}`),
  );
}

/** What has come of some objects between two looks at them. */
export interface Changes {
  /** New, gone or changed, and where. */
  readonly changed: readonly string[];
  /** Only the status has changed: it is the controller's, who looks again. */
  readonly settling: readonly string[];
  /** Only the time of somebody's last apply has changed, and the object's version with it. */
  readonly touched: readonly string[];
}

export function changes(before: ReadonlyMap<string, Content>, after: ReadonlyMap<string, Content>): Changes {
  const changed: string[] = [];
  const settling: string[] = [];
  const touched: string[] = [];
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [one, other] = [before.get(name), after.get(name)];
    if (!one || !other) {
      changed.push(`${name} is ${one ? 'gone' : 'new'}`);
    } else if (one.metadata.resourceVersion !== other.metadata.resourceVersion) {
      const paths = differences(lasting(one), lasting(other));
      if (paths.length > 0) changed.push(`${name}: ${paths.join(', ')}`);
      else (differences(one.status, other.status).length > 0 ? settling : touched).push(name);
    }
  }
  return { changed, settling, touched };
}

interface ManagedField {
  readonly manager: string;
  readonly operation: string;
  readonly subresource?: string;
  readonly fieldsV1?: unknown;
}

/** What is in an object's file, and whose it is: without status, version and times. */
function lasting(object: Content): unknown {
  const { managedFields = [] } = object.metadata as { readonly managedFields?: readonly ManagedField[] };
  const owners = managedFields
    .filter(({ subresource }) => subresource !== 'status')
    .map(({ manager, operation, fieldsV1 }): [string, unknown] => [`${manager} ${operation}`, fieldsV1]);
  const metadata = { ...object.metadata, resourceVersion: '', managedFields: Object.fromEntries(owners) };
  return { ...object, status: undefined, metadata };
}
