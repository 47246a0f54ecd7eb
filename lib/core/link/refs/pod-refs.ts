import { arr, dig, field, isObj, obj, str, type Obj } from '../json';
import { PRIORITY_CLASS, STORAGE_CLASS } from '../kinds';
import { type Container, type Pod } from '../pods';
import { type Ref } from './ref';

/** Everything that a pod's spec and annotations name. */
export function podRefs(pod: Pod, add: (ref: Ref) => void): void {
  const { spec, path, namespace, entry } = pod;
  const name = (type: string, at: string, value: unknown, more: Partial<Ref> = {}): void => {
    const text = str(value);
    if (text !== undefined) add({ from: entry, field: at, type, namespace, name: text, hard: true, pod, ...more });
  };
  const cluster = { namespace: '' };
  name('ServiceAccount', `${path}.serviceAccountName`, spec.serviceAccountName);
  if (spec.priorityClassName !== undefined)
    name(PRIORITY_CLASS, `${path}.priorityClassName`, spec.priorityClassName, cluster);
  if (spec.runtimeClassName !== undefined)
    name('RuntimeClass.node.k8s.io', `${path}.runtimeClassName`, spec.runtimeClassName, cluster);
  arr(spec.imagePullSecrets).forEach((item, i) => {
    name('Secret', `${path}.imagePullSecrets[${i}].name`, obj(item).name, { hard: false });
  });
  arr(spec.resourceClaims).forEach((item, i) => {
    const { resourceClaimName, resourceClaimTemplateName } = obj(item);
    const at = `${path}.resourceClaims[${i}]`;
    name('ResourceClaim.resource.k8s.io', `${at}.resourceClaimName`, resourceClaimName);
    name('ResourceClaimTemplate.resource.k8s.io', `${at}.resourceClaimTemplateName`, resourceClaimTemplateName);
  });
  arr(spec.volumes).forEach((item, i) => volumeRefs(obj(item), `${path}.volumes[${i}]`, name));
  for (const container of pod.containers) {
    environmentRefs(container, name);
    subPathRefs(container, spec, name);
  }
  const networks = str(pod.annotations[NETWORKS]);
  if (networks !== undefined) networkRefs(networks, field(pod.metadataPath, 'annotations', NETWORKS), namespace, name);
}

type Name = (type: string, at: string, value: unknown, more?: Partial<Ref>) => void;

function volumeRefs(volume: Obj, at: string, name: Name): void {
  if (isObj(volume.configMap)) {
    const { configMap } = volume;
    keyed('ConfigMap', configMap, configMap.name, `${at}.configMap`, 'name', name);
  } else if (isObj(volume.secret)) {
    keyed('Secret', volume.secret, volume.secret.secretName, `${at}.secret`, 'secretName', name);
  } else if (isObj(volume.persistentVolumeClaim)) {
    name('PersistentVolumeClaim', `${at}.persistentVolumeClaim.claimName`, volume.persistentVolumeClaim.claimName);
  } else if (isObj(volume.projected)) {
    arr(volume.projected.sources).forEach((item, i) => {
      const { configMap, secret } = obj(item);
      const here = `${at}.projected.sources[${i}]`;
      if (isObj(configMap)) keyed('ConfigMap', configMap, configMap.name, `${here}.configMap`, 'name', name);
      if (isObj(secret)) keyed('Secret', secret, secret.name, `${here}.secret`, 'name', name);
    });
  } else if (isObj(volume.ephemeral)) {
    const storageClass = dig(volume.ephemeral, 'volumeClaimTemplate', 'spec', 'storageClassName');
    const here = `${at}.ephemeral.volumeClaimTemplate.spec.storageClassName`;
    name(STORAGE_CLASS, here, storageClass, { namespace: '', hard: false });
  } else if (isObj(volume.csi)) {
    name('Secret', `${at}.csi.nodePublishSecretRef.name`, dig(volume.csi, 'nodePublishSecretRef', 'name'));
    const provider = dig(volume.csi, 'volumeAttributes', 'secretProviderClass');
    name('SecretProviderClass.secrets-store.csi.x-k8s.io', `${at}.csi.volumeAttributes.secretProviderClass`, provider);
  }
}

/** A volume's source with the keys that it picks. */
function keyed(type: string, source: Obj, value: unknown, at: string, nameField: string, name: Name): void {
  const optional = source.optional === true;
  const items = arr(source.items);
  if (items.length === 0) return name(type, `${at}.${nameField}`, value, { optional });
  items.forEach((item, i) => {
    const keyField = `${at}.items[${i}].key`;
    name(type, `${at}.${nameField}`, value, { optional, key: str(obj(item).key), keyField });
  });
}

function environmentRefs({ spec, path }: Container, name: Name): void {
  const env = arr(spec.env);
  for (let i = 0; i < env.length; i++) {
    const { valueFrom } = obj(env[i]);
    if (!isObj(valueFrom)) continue;
    for (const [source, type] of ENV_SOURCES) {
      const ref = valueFrom[source];
      if (!isObj(ref)) continue;
      const at = `${path}.env[${i}].valueFrom.${source}`;
      name(type, `${at}.name`, ref.name, { optional: ref.optional === true, key: str(ref.key), keyField: `${at}.key` });
    }
  }
  arr(spec.envFrom).forEach((item, i) => {
    const { configMapRef, secretRef } = obj(item);
    const at = `${path}.envFrom[${i}]`;
    name('ConfigMap', `${at}.configMapRef.name`, obj(configMapRef).name, {
      optional: obj(configMapRef).optional === true,
    });
    name('Secret', `${at}.secretRef.name`, obj(secretRef).name, { optional: obj(secretRef).optional === true });
  });
}

const ENV_SOURCES = [
  ['secretKeyRef', 'Secret'],
  ['configMapKeyRef', 'ConfigMap'],
] as const;

/** A file that is mounted by subPath from a ConfigMap or Secret is a key of it, or the path that an item gives to one. */
function subPathRefs({ spec, path }: Container, podSpec: Obj, name: Name): void {
  const mounts = arr(spec.volumeMounts);
  for (let i = 0; i < mounts.length; i++) {
    const { subPath, name: volumeName } = obj(mounts[i]);
    const key = str(subPath);
    if (key === undefined || key.includes('$')) continue;
    const volume = obj(arr(podSpec.volumes).find((v) => obj(v).name === volumeName));
    const source = isObj(volume.configMap) ? volume.configMap : isObj(volume.secret) ? volume.secret : undefined;
    if (!source || arr(source.items).some((item) => str(obj(item).path)?.split('/')[0] === key.split('/')[0])) continue;
    const keyField = `${path}.volumeMounts[${i}].subPath`;
    if (isObj(volume.configMap)) {
      name('ConfigMap', keyField, source.name, { optional: source.optional === true, key, keyField });
    } else {
      name('Secret', keyField, source.secretName, { optional: source.optional === true, key, keyField });
    }
  }
}

const NETWORKS = 'k8s.v1.cni.cncf.io/networks';
const ATTACHMENT = 'NetworkAttachmentDefinition.k8s.cni.cncf.io';

/** `net1, other/net2@eth1`, or a JSON list. @see https://github.com/k8snetworkplumbingwg/multi-net-spec */
function networkRefs(text: string, at: string, namespace: string, name: Name): void {
  if (text.trim().startsWith('[')) {
    let items: unknown;
    try {
      items = JSON.parse(text);
    } catch {
      return;
    }
    for (const item of arr(items)) {
      const network = obj(item);
      name(ATTACHMENT, at, network.name, { namespace: str(network.namespace) ?? namespace });
    }
    return;
  }
  for (const part of text.split(',')) {
    const [path] = part.trim().split('@');
    const [first, second] = path.split('/');
    name(ATTACHMENT, at, second ?? first, { namespace: second === undefined ? namespace : first });
  }
}
