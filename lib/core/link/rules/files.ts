import { type Bundle } from '../bundle';
import { mend, slipOf, type Report, type Rule } from '../context';
import { isComment } from '../hosts';
import { arr, isObj, obj, str, type Obj } from '../json';
import { isBuiltInGroup } from '../kinds';
import { type Container, type Pod } from '../pods';
import { type Text } from '../texts';

/** Each file that a pod is told to read below the mount of a ConfigMap or Secret is a key of it. */
export const files: Rule = {
  name: 'file',
  check(context, report) {
    const byContainer = new Map<Container, Text[]>();
    const byObject = new Map<string, Text[]>();
    for (const text of context.texts) {
      if (!text.value.includes('/')) continue;
      if (text.container) push(byContainer, text.container, text);
      else if (text.kind === 'file')
        push(byObject, `${text.entry.type}|${text.entry.namespace}|${text.entry.name}`, text);
    }
    for (const pod of context.bundle.pods) {
      if (!isBuiltInGroup(pod.entry.group)) continue;
      for (const container of pod.containers) {
        const mounts = mountsOf(pod, container, context.bundle);
        if (!mounts.some((mount) => mount.keys)) continue;
        const texts = mounts.flatMap(({ ids }) => ids.flatMap((id) => byObject.get(id) ?? []));
        const seen = new Set<string>();
        for (const text of [...(byContainer.get(container) ?? []), ...texts])
          checkText(text, mounts, seen, context.strict, report);
      }
    }
  },
};

function push<K>(map: Map<K, Text[]>, key: K, text: Text): void {
  const list = map.get(key);
  if (list) list.push(text);
  else map.set(key, [text]);
}

interface Mount {
  /** Where it is, with a slash at the end for a folder. */
  readonly path: string;
  /** What it holds; undefined where that isn't known. */
  readonly keys?: ReadonlySet<string>;
  /** What it comes from, for a message. */
  readonly source: string;
  /** The ConfigMaps and Secrets that are in it. */
  readonly ids: readonly string[];
}

function mountsOf(pod: Pod, container: Container, bundle: Bundle): Mount[] {
  const volumes = new Map(arr(pod.spec.volumes).map((volume) => [obj(volume).name, obj(volume)]));
  return arr(container.spec.volumeMounts).flatMap((item) => {
    const { name, mountPath, subPath, subPathExpr } = obj(item);
    const path = str(mountPath)?.replace(/\/+$/, '');
    if (path === undefined || path === '') return [];
    const content = contentOf(volumes.get(name) ?? {}, pod.namespace, bundle);
    if (subPath !== undefined || subPathExpr !== undefined) return [{ path, source: '', ids: content.ids }];
    return [{ path: `${path}/`, ...content }];
  });
}

type Content = Omit<Mount, 'path'>;

/** The files of a volume. */
function contentOf(volume: Obj, namespace: string, bundle: Bundle): Content {
  const { configMap, secret, projected } = volume;
  if (isObj(configMap)) return sourceOf('ConfigMap', configMap, configMap.name, namespace, bundle);
  if (isObj(secret)) return sourceOf('Secret', secret, secret.secretName, namespace, bundle);
  if (!isObj(projected)) return { source: '', ids: [] };
  const parts = arr(projected.sources).map((item): Content => {
    const source = obj(item);
    if (isObj(source.configMap))
      return sourceOf('ConfigMap', source.configMap, source.configMap.name, namespace, bundle);
    if (isObj(source.secret)) return sourceOf('Secret', source.secret, source.secret.name, namespace, bundle);
    return { source: '', ids: [] };
  });
  const known = parts.every((part) => part.keys) && parts.length > 0;
  return {
    source: parts.map((part) => part.source).join(' or '),
    ids: parts.flatMap((part) => part.ids),
    keys: known ? new Set(parts.flatMap((part) => [...(part.keys ?? [])])) : undefined,
  };
}

function sourceOf(type: string, source: Obj, name: unknown, namespace: string, bundle: Bundle): Content {
  const text = str(name) ?? '';
  const items = arr(source.items).map((item) => str(obj(item).path)?.split('/')[0] ?? '');
  const found = bundle.find(type, namespace, text)?.keys;
  const keys = source.optional === true ? undefined : items.length > 0 ? new Set(items) : found;
  return { source: `${type} ${text}`, ids: [`${type}|${namespace}|${text}`], keys };
}

/** Outside strict mode a file that isn't there may be one that the program can do without; one letter from a key it is not. */
function checkText(text: Text, mounts: readonly Mount[], seen: Set<string>, strict: boolean, report: Report): void {
  const { expanded } = text;
  for (const mount of mounts) {
    if (!mount.keys) continue;
    for (let at = expanded.indexOf(mount.path); at >= 0; at = expanded.indexOf(mount.path, at + mount.path.length)) {
      if (at > 0 && /[\w.\-/}]/.test(expanded[at - 1])) continue;
      const rest = /^[^\s"'`:,;()&|<>=\\]*/.exec(expanded.slice(at + mount.path.length))?.[0] ?? '';
      const [key] = rest.split('/');
      const path = `${mount.path}${key}`;
      if (
        key === '' ||
        /[*?$[\]{}%~]/.test(key) ||
        key.startsWith('.') ||
        mount.keys.has(key) ||
        mount.keys.has(key.replace(/\.$/, ''))
      )
        continue;
      if (isComment(text, expanded, at) || seen.has(path) || isInner(path, mount, mounts)) continue;
      seen.add(path);
      if (!strict && slipOf(key, mount.keys) === undefined) continue;
      report(
        text.entry,
        text.path(),
        path,
        `is no key of ${mount.source}, which is mounted at ${mount.path.slice(0, -1)}${mend(key, [...mount.keys], 'add it there')}`,
      );
    }
  }
}

/** True for a path that another mount holds, further in. */
function isInner(path: string, mount: Mount, mounts: readonly Mount[]): boolean {
  return mounts.some(
    (other) =>
      other !== mount &&
      other.path.length > mount.path.length &&
      `${path}/`.startsWith(`${other.path.replace(/\/$/, '')}/`),
  );
}
