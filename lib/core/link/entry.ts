import { obj, str, type Obj } from './json';
import { BUILT_IN, groupOf, isClusterWide, typeOf } from './kinds';
import { type KubeObject, type LinkObject } from './types';

/** An object of the bundle, with what the rules ask of it again and again. */
export interface Entry {
  readonly object: KubeObject;
  readonly source: string;
  readonly wave: number | undefined;
  readonly file: string | undefined;
  /** The files whose objects are ready when it is applied, where that is known beyond its wave. */
  readonly after: ReadonlySet<string> | undefined;
  readonly order: number;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** `Kind.group`, or `Kind` in the core group. */
  readonly type: string;
  readonly name: string;
  /** Empty for what has none. */
  readonly namespace: string;
  readonly labels: Obj;
  readonly annotations: Obj;
  readonly spec: Obj;
}

/**
 * @param namespaced whether a custom kind is, where its CRD says so
 * @param defaultNamespace of namespaced objects that name none
 */
export function makeEntry(
  { object, source, wave, file, after }: LinkObject,
  order: number,
  namespaced: (type: string) => boolean | undefined,
  defaultNamespace: string,
): Entry {
  const apiVersion = str(object.apiVersion) ?? '';
  const group = groupOf(apiVersion);
  const kind = str(object.kind) ?? '';
  const type = typeOf(kind, group);
  const metadata = obj(object.metadata);
  const given = str(metadata.namespace);
  const scoped = BUILT_IN.get(type)?.namespaced ?? namespaced(type) ?? (given !== undefined || !isClusterWide(type));
  return {
    object,
    source,
    wave,
    file,
    after,
    order,
    group,
    version: group === '' ? apiVersion : apiVersion.slice(group.length + 1),
    kind,
    type,
    name: str(metadata.name) ?? '',
    namespace: scoped ? (given ?? defaultNamespace) : '',
    labels: obj(metadata.labels),
    annotations: obj(metadata.annotations),
    spec: obj(object.spec),
  };
}
