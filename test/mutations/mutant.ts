import { type KubeObject, type LinkObject } from '../../lib/core/link';

/** One break of the bundle. */
export interface Mutant {
  /** What was broken, for the list of those that escape: `06-mlflow:7 Deployment server: spec...: "mlflow" -> "mlflow-x"`. */
  readonly what: string;
  /** The bundle with the break in it. */
  make(): LinkObject[];
}

/** A kind of break, in every place where it applies. */
export interface MutantClass {
  readonly name: string;
  mutants(bundle: readonly LinkObject[]): Mutant[];
}

export type Key = string | number;
export type Tree = { [key: string]: unknown };

/** A value in an object, and where it is. */
export interface Leaf {
  readonly path: readonly Key[];
  readonly value: unknown;
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every value in an object: containers first, then what is in them. */
export function* leaves(value: unknown, path: readonly Key[] = []): Generator<Leaf> {
  yield { path, value };
  if (Array.isArray(value)) for (let i = 0; i < value.length; i++) yield* leaves(value[i], [...path, i]);
  else if (isTree(value)) for (const key of Object.keys(value)) yield* leaves(value[key], [...path, key]);
}

/** The value at a path; undefined where there is none. */
export function valueAt(root: unknown, path: readonly Key[]): unknown {
  let at: unknown = root;
  for (const key of path) at = Array.isArray(at) ? at[Number(key)] : isTree(at) ? at[key] : undefined;
  return at;
}

/** Sets the value at a path; undefined takes it out. */
export function setAt(root: unknown, path: readonly Key[], value: unknown): void {
  const parent = valueAt(root, path.slice(0, -1));
  const key = path[path.length - 1];
  if (Array.isArray(parent)) {
    if (value === undefined) parent.splice(Number(key), 1);
    else parent[Number(key)] = value;
  } else if (isTree(parent)) {
    if (value === undefined) delete parent[key];
    else parent[key] = value;
  }
}

export function show(path: readonly Key[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`))
    .join('')
    .replace(/^\./, '');
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 90 ? `${text.slice(0, 87)}...` : text;
}

export function title({ source, object }: LinkObject): string {
  return `${source} ${object.kind} ${object.metadata.name ?? ''}`;
}

/** The bundle with one value of one object changed. */
export function change(bundle: readonly LinkObject[], index: number, path: readonly Key[], value: unknown): Mutant {
  const old = valueAt(bundle[index].object, path);
  return {
    what: `${title(bundle[index])}: ${show(path)}: ${brief(old)} -> ${brief(value)}`,
    make: () => replace(bundle, index, (object) => setAt(object, path, value)),
  };
}

/** The bundle with one object edited; the others are shared. */
export function replace(
  bundle: readonly LinkObject[],
  index: number,
  edit: (object: KubeObject) => void,
): LinkObject[] {
  const object = structuredClone(bundle[index].object);
  edit(object);
  return bundle.map((entry, i) => (i === index ? { ...entry, object } : entry));
}

/** The bundle without one object. */
export function without(bundle: readonly LinkObject[], index: number): Mutant {
  return { what: `${title(bundle[index])}: taken out`, make: () => bundle.filter((_, i) => i !== index) };
}

/** A class that changes each value that a test picks, to what the test returns; undefined leaves it alone. */
export function changes(
  name: string,
  pick: (leaf: Leaf, object: KubeObject) => readonly unknown[] | undefined,
): MutantClass {
  return {
    name,
    mutants: (bundle) =>
      bundle.flatMap(({ object }, index) =>
        [...leaves(object)].flatMap((leaf) =>
          (pick(leaf, object) ?? []).map((value) =>
            change(bundle, index, leaf.path, value === TAKEN_OUT ? undefined : value),
          ),
        ),
      ),
  };
}

/** In the list of new values: the value is taken out. */
export const TAKEN_OUT = Symbol('taken out');

export const WORKLOADS = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'Pod']);

/** The last keys of a path that are no list indexes, from the end: `name`, `secretKeyRef`, ... */
export function tail(path: readonly Key[]): string[] {
  return path.filter((key): key is string => typeof key === 'string').reverse();
}
