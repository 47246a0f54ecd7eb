import { mend, type Report, type Rule } from '../context';
import { arr, dig, isObj, obj, str } from '../json';
import { STATEFUL_SET } from '../kinds';
import { type Pod } from '../pods';
import { isBuiltInGroup } from '../kinds';

/** Each mount has its volume, each volume one source, and no two mounts of a container the same place. */
export const volumes: Rule = {
  name: 'volume',
  check({ bundle }, report) {
    for (const pod of bundle.pods) if (isBuiltInGroup(pod.entry.group)) checkPod(pod, report);
  },
};

function checkPod(pod: Pod, report: Report): void {
  const names = arr(pod.spec.volumes).map((volume) => str(obj(volume).name) ?? '');
  if (pod.entry.type === STATEFUL_SET) {
    for (const claim of arr(pod.entry.spec.volumeClaimTemplates)) names.push(String(dig(claim, 'metadata', 'name')));
  }
  names.forEach((name, i) => {
    if (names.indexOf(name) !== i)
      report(pod.entry, `${pod.path}.volumes`, name, 'is the name of two volumes; rename one');
  });
  for (const container of pod.containers) {
    const places = new Map<string, number>();
    for (const [list, place] of MOUNTS) {
      arr(container.spec[list]).forEach((item, i) => {
        const mount = obj(item);
        const name = str(mount.name) ?? '';
        const at = `${container.path}.${list}[${i}]`;
        if (!names.includes(name))
          report(
            pod.entry,
            `${at}.name`,
            name,
            `names no volume of the pod${mend(name, names, `add it to ${pod.path}.volumes`)}`,
          );
        const path = str(mount[place])?.replace(/(.)\/+$/, '$1');
        if (path === undefined) return;
        if (places.has(path))
          report(
            pod.entry,
            `${at}.${place}`,
            path,
            `is mounted twice in container ${container.name}; choose another path`,
          );
        places.set(path, i);
      });
    }
  }
  arr(pod.spec.volumes).forEach((item, i) => {
    const sources = Object.keys(obj(item)).filter((key) => key !== 'name' && isObj(obj(item)[key]));
    if (sources.length > 1)
      report(pod.entry, `${pod.path}.volumes[${i}]`, sources.join(', '), 'are two sources of one volume; keep one');
  });
}

const MOUNTS = [
  ['volumeMounts', 'mountPath'],
  ['volumeDevices', 'devicePath'],
] as const;
