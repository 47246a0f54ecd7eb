import { type Cluster, type KubeObject } from '../../cluster';
import { Kept } from '../support/kept';
import { differences as pathsOf } from '../support/objects';
import { manifests } from '../support/platform';

/** Everything that belongs to the platform, by `Kind namespace/name`, without what each installation has of its own. */
export type Picture = Readonly<Record<string, Content>>;
type Content = Readonly<Record<string, unknown>>;

/** What a clean installation looks like. */
export const cleanPicture = new Kept<Picture>('clean-state', '10-apply');

type Found = KubeObject & {
  readonly data?: Readonly<Record<string, string>>;
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
};

/** Kinds that come and go by themselves. */
const PASSING = /^(events|endpoints|endpointslices|leases|pods|replicasets|controllerrevisions|certificaterequests)\b/;

const OWN_METADATA = ['uid', 'resourceVersion', 'creationTimestamp', 'generation', 'managedFields'];
/** Labels and annotations by which controllers mark what is theirs. */
const OWN = /controller-uid$|^volume\.kubernetes\.io\/selected-node$/;
/** Addresses, ports and names that the cluster chooses; authorities that it makes. */
const CHOSEN = ['clusterIP', 'clusterIPs', 'nodePort', 'healthCheckNodePort', 'volumeName', 'caBundle'];

/** Objects with the platform's label that nothing else made, and all Secrets and claims of its namespaces. */
export async function takePicture(cluster: Cluster): Promise<Picture> {
  const names = (await cluster.kubectl('api-resources', '--verbs=list', '-o', 'name')).split('\n').filter(Boolean);
  const kinds = names.filter((name) => !PASSING.test(name)).join(',');
  const platform = manifests().find(({ metadata }) => metadata.labels)!.metadata.labels!['app.kubernetes.io/part-of'];
  const namespaces = manifests().filter(({ kind }) => kind === 'Namespace');
  const found = await Promise.all([
    cluster.list<Found>(kinds, '-A', '-l', `app.kubernetes.io/part-of=${platform}`),
    ...namespaces.map(({ metadata }) => cluster.list<Found>('secrets,persistentvolumeclaims', '-n', metadata.name!)),
  ]);
  const lasting = found.flat().filter(({ metadata }) => metadata.ownerReferences === undefined);
  return Object.fromEntries(lasting.map((object) => [nameOf(object), portrait(object)]));
}

/** What of b is not as in a, in words. */
export function differences(a: Picture, b: Picture): readonly string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort().flatMap((name) => {
    const [one, other] = [a[name], b[name]];
    if (!one || !other) return [`${name} is ${one ? 'missing' : 'too much'}`];
    const paths = pathsOf(one, other);
    return paths.length === 0 ? [] : [`${name} differs: ${paths.join(', ')}`];
  });
}

function nameOf({ kind, metadata: { namespace, name } }: KubeObject): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

function portrait(object: Found): Content {
  const { metadata, status, data, ...rest } = object;
  const conditions = status?.conditions?.filter(({ status: value }) => value === 'True').map(({ type }) => type);
  return {
    ...(plain(rest) as Content),
    metadata: {
      ...without(metadata, (key) => OWN_METADATA.includes(key)),
      labels: without(metadata.labels ?? {}, (key) => OWN.test(key)),
      annotations: without(metadata.annotations ?? {}, (key) => OWN.test(key)),
    },
    ...(data && { data: object.kind === 'Secret' ? lengths(data) : data }),
    ...(object.kind === 'Job' && { conditions }),
  };
}

/** Certificates and their keys vary in length. */
function lengths(data: Readonly<Record<string, string>>): Content {
  const length = (text: string): number | string => (text.startsWith('-----BEGIN') ? 'PEM' : text.length);
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, length(Buffer.from(value, 'base64').toString('latin1'))]),
  );
}

/** Without what the cluster chose, at any depth. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => !CHOSEN.includes(key) && !OWN.test(key));
  return Object.fromEntries(kept.map(([key, entry]) => [key, plain(entry)]));
}

function without(fields: object, own: (key: string) => boolean): Content {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => !own(key)));
}
