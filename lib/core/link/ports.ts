import { type Bundle } from './bundle';
import { arr, obj, str } from './json';
import { type Pod } from './pods';
import { stringsOf, type Text } from './texts';

/**
 * True where a pod's strings speak of a port that no container declares: arguments, variables, probes, and the ConfigMaps and Secrets it
 * mounts or takes its environment from. Declaring a port is not what opens it.
 */
export function isMentioned(pod: Pod, port: number, bundle: Bundle): boolean {
  const word = new RegExp(`(?<!\\d)${port}(?!\\d)`);
  if (pod.containers.some((container) => stringsOf(container).some((text) => word.test(text)))) return true;
  return sourcesOf(pod).some(({ type, name }) => {
    const object = bundle.find(type, pod.namespace, name)?.entry?.object;
    const speaks = (text: unknown): boolean => typeof text === 'string' && word.test(text);
    const data = Object.values(obj(object?.data));
    if (type === 'ConfigMap') return data.some(speaks);
    const decoded = data.map((text) => (typeof text === 'string' ? Buffer.from(text, 'base64').toString() : ''));
    return [...decoded, ...Object.values(obj(object?.stringData))].some(speaks);
  });
}

/** A ConfigMap or Secret that a pod reads, or one key of it. */
export interface Source {
  readonly type: 'ConfigMap' | 'Secret';
  readonly name: string;
  /** @default - all of it */
  readonly key?: string;
}

/** The ConfigMaps and Secrets that a pod mounts or takes its environment from. */
export function sourcesOf(pod: Pod): Source[] {
  const sources: Source[] = [];
  const add = (type: Source['type'], name: unknown, keys: readonly (string | undefined)[] = [undefined]): void => {
    const text = str(name);
    if (text !== undefined) for (const key of keys) sources.push({ type, name: text, key });
  };
  const volume = (item: unknown): void => {
    const { configMap, secret, projected } = obj(item);
    const keysOf = (source: unknown): readonly (string | undefined)[] => {
      const items = arr(obj(source).items).map((i) => str(obj(i).key));
      return items.length > 0 ? items : [undefined];
    };
    add('ConfigMap', obj(configMap).name, keysOf(configMap));
    add('Secret', obj(secret).secretName ?? obj(secret).name, keysOf(secret));
    arr(obj(projected).sources).forEach(volume);
  };
  arr(pod.spec.volumes).forEach(volume);
  for (const { spec } of pod.containers) {
    for (const item of arr(spec.envFrom)) {
      add('ConfigMap', obj(obj(item).configMapRef).name);
      add('Secret', obj(obj(item).secretRef).name);
    }
    for (const item of arr(spec.env)) {
      const { configMapKeyRef, secretKeyRef } = obj(obj(item).valueFrom);
      add('ConfigMap', obj(configMapKeyRef).name, [str(obj(configMapKeyRef).key)]);
      add('Secret', obj(secretKeyRef).name, [str(obj(secretKeyRef).key)]);
    }
  }
  return sources;
}

/** The pods that read each ConfigMap and Secret, and the key each reads. */
export type Readers = ReadonlyMap<string, readonly { readonly pod: Pod; readonly key?: string }[]>;

export function readersOf({ pods }: Bundle): Readers {
  const readers = new Map<string, { pod: Pod; key?: string }[]>();
  for (const pod of pods) {
    for (const { type, name, key } of sourcesOf(pod)) {
      const id = `${type}|${pod.namespace}|${name}`;
      const list = readers.get(id);
      if (!list) readers.set(id, [{ pod, key }]);
      else list.push({ pod, key });
    }
  }
  return readers;
}

/** The pods that read a file of a ConfigMap or Secret. */
export function readersFor({ entry, name }: Text, readers: Readers): readonly Pod[] {
  const all = readers.get(`${entry.type}|${entry.namespace}|${entry.name}`) ?? [];
  return [...new Set(all.filter(({ key }) => key === undefined || key === name).map(({ pod }) => pod))];
}
