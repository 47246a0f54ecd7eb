import { type Bundle } from './bundle';
import { type Entry } from './entry';
import { arr, field, isObj, obj, str, type Obj } from './json';
import { isBuiltInGroup } from './kinds';
import { type Container, type Pod } from './pods';

/** A string that configures something. */
export interface Text {
  readonly entry: Entry;
  /** The pod and container that it is an argument or variable of. */
  readonly pod?: Pod;
  readonly container?: Container;
  /** What kind of string: environment variable, argument, file of a ConfigMap or Secret, field of a custom resource. */
  readonly kind: 'env' | 'arg' | 'file' | 'custom';
  /** A ConfigMap's entry that is a variable by the form of its key: `POSTGRESQL_HOST`. */
  readonly variable?: boolean;
  /** Name of the variable, key of the file, name of the custom resource's field. */
  readonly name: string;
  readonly value: string;
  /** The value with the variables filled in that are known. */
  readonly expanded: string;
  /** Its path in the object. */
  path(): string;
}

/** Every such string of the bundle, in the order of the objects. */
export function collectTexts(bundle: Bundle): Text[] {
  const texts: Text[] = [];
  for (const entry of bundle.entries) {
    for (const pod of bundle.podsOf(entry))
      for (const container of pod.containers) containerTexts(pod, container, texts);
    if (entry.type === 'ConfigMap') files(entry, 'data', texts);
    else if (entry.type === 'Secret') files(entry, 'stringData', texts);
    else if (!isBuiltInGroup(entry.group)) customTexts(entry, entry.object.spec, 'spec', 'spec', 0, texts);
  }
  return texts;
}

function containerTexts(pod: Pod, container: Container, texts: Text[]): void {
  const { spec } = container;
  const known = new Map<string, string>();
  const { entry } = pod;
  const env = arr(spec.env);
  for (let i = 0; i < env.length; i++) {
    const { name, value, valueFrom } = obj(env[i]);
    if (typeof name !== 'string') continue;
    if (typeof value === 'string') {
      const expanded = expand(value, known);
      known.set(name, expanded);
      if (value !== '') {
        const path = (): string => `${container.path}.env[${i}].value`;
        texts.push({ entry, pod, container, kind: 'env', name, value, expanded, path });
      }
    } else if (isObj(valueFrom) && obj(valueFrom.fieldRef).fieldPath === 'metadata.namespace') {
      known.set(name, pod.namespace);
    }
  }
  for (const list of ['command', 'args']) {
    const items = arr(spec[list]);
    for (let i = 0; i < items.length; i++) {
      const value = str(items[i]);
      if (value === undefined) continue;
      const flag = i > 0 ? str(items[i - 1]) : undefined;
      const name = flagName(value) ?? (flag?.startsWith('-') ? flag.replace(/^-+/, '') : '');
      const path = (): string => `${container.path}.${list}[${i}]`;
      texts.push({ entry, pod, container, kind: 'arg', name, value, expanded: expand(value, known), path });
    }
  }
  hookTexts(pod, container, known, texts);
}

/** Commands that probes and lifecycle hooks run. */
function hookTexts(pod: Pod, container: Container, known: ReadonlyMap<string, string>, texts: Text[]): void {
  for (const hook of HOOKS) {
    let owner: unknown = container.spec;
    for (const key of hook) owner = obj(owner)[key];
    if (owner === undefined) continue;
    arr(obj(obj(owner).exec).command).forEach((item, i) => {
      const value = str(item);
      if (value === undefined) return;
      const path = (): string => `${field(container.path, ...hook)}.exec.command[${i}]`;
      const expanded = expand(value, known);
      texts.push({ entry: pod.entry, pod, container, kind: 'arg', name: '', value, expanded, path });
    });
  }
}

const HOOKS = [
  ['livenessProbe'],
  ['readinessProbe'],
  ['startupProbe'],
  ['lifecycle', 'postStart'],
  ['lifecycle', 'preStop'],
];

function flagName(value: string): string | undefined {
  return /^-{1,2}([A-Za-z][\w.-]*)=/.exec(value)?.[1];
}

const VARIABLE_NAME = /^[A-Z][A-Z0-9_]+$/;

function files(entry: Entry, part: string, texts: Text[]): void {
  const data: Obj = obj(entry.object[part]);
  for (const name in data) {
    const value = data[name];
    if (typeof value !== 'string' || value === '') continue;
    const variable = VARIABLE_NAME.test(name);
    texts.push({ entry, kind: 'file', variable, name, value, expanded: value, path: () => field(part, name) });
  }
}

function customTexts(entry: Entry, value: unknown, at: string, name: string, depth: number, texts: Text[]): void {
  if (typeof value === 'string') {
    if (value !== '') texts.push({ entry, kind: 'custom', name, value, expanded: value, path: () => at });
  } else if (depth > 16) {
    return;
  } else if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) customTexts(entry, value[i], `${at}[${i}]`, name, depth + 1, texts);
  } else if (isObj(value)) {
    if (Array.isArray(value.containers) && value.containers.length > 0) return;
    for (const key in value) customTexts(entry, value[key], field(at, key), key, depth + 1, texts);
  }
}

const VARIABLE = /\$\((\w+)\)|\$\{(\w+)\}|\$(\w+)/g;

/** Fills in `$(NAME)` as Kubernetes does, and `${NAME}` and `$NAME` as a shell does. */
function expand(value: string, known: ReadonlyMap<string, string>): string {
  if (!value.includes('$')) return value;
  return value.replace(VARIABLE, (whole, a?: string, b?: string, c?: string) => known.get(a ?? b ?? c ?? '') ?? whole);
}

/** A container's command, arguments and literal environment. */
export function stringsOf({ spec }: Container): string[] {
  const env = arr(spec.env).flatMap((item) => str(obj(item).value) ?? []);
  return [...arr(spec.command), ...arr(spec.args), ...env].filter((s): s is string => typeof s === 'string');
}
