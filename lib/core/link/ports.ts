import { type Bundle } from './bundle';
import { arr, obj, str } from './json';
import { type Pod } from './pods';
import { stringsOf } from './texts';

/**
 * True where a pod's strings speak of a port that no container declares: arguments, variables, probes, and the ConfigMaps and Secrets it
 * mounts or takes its environment from. Declaring a port is not what opens it.
 */
export function isMentioned(pod: Pod, port: number, bundle: Bundle): boolean {
  const word = new RegExp(`(?<!\\d)${port}(?!\\d)`);
  if (pod.containers.some((container) => stringsOf(container).some((text) => word.test(text)))) return true;
  return sourcesOf(pod).some(([type, name]) => {
    const object = bundle.find(type, pod.namespace, name)?.entry?.object;
    const data = { ...obj(object?.data), ...obj(object?.stringData) };
    return Object.values(data).some((text) => typeof text === 'string' && word.test(text));
  });
}

/** The ConfigMaps and Secrets that a pod reads. */
export function sourcesOf(pod: Pod): [type: 'ConfigMap' | 'Secret', name: string][] {
  const sources: [type: 'ConfigMap' | 'Secret', name: string][] = [];
  const add = (type: 'ConfigMap' | 'Secret', name: unknown): void => {
    const text = str(name);
    if (text !== undefined) sources.push([type, text]);
  };
  const volume = (item: unknown): void => {
    const { configMap, secret, projected } = obj(item);
    add('ConfigMap', obj(configMap).name);
    add('Secret', obj(secret).secretName ?? obj(secret).name);
    arr(obj(projected).sources).forEach(volume);
  };
  arr(pod.spec.volumes).forEach(volume);
  for (const { spec } of pod.containers) {
    for (const item of arr(spec.envFrom)) {
      add('ConfigMap', obj(obj(item).configMapRef).name);
      add('Secret', obj(obj(item).secretRef).name);
    }
    for (const item of arr(spec.env)) {
      const { valueFrom } = obj(item);
      add('ConfigMap', obj(obj(valueFrom).configMapKeyRef).name);
      add('Secret', obj(obj(valueFrom).secretKeyRef).name);
    }
  }
  return sources;
}
