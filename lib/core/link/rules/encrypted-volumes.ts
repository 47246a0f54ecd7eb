import { type Context, type Report, type Rule } from '../context';
import { arr, dig, obj, str } from '../json';
import { STORAGE_CLASS } from '../kinds';

/** Every volume is of a class that the site says is encrypted. Only where these are given. */
export const encryptedVolumes: Rule = {
  name: 'encrypted-volume',
  check({ bundle, refs }: Context, report) {
    const { encryptedClasses } = bundle.options;
    if (encryptedClasses === undefined) return;
    for (const { type, from, field, name } of refs) {
      if (type === STORAGE_CLASS && !encryptedClasses.has(name)) report(from, field, name, message(encryptedClasses));
    }
    const unnamed: (claim: unknown, ...at: Parameters<Report>) => void = (claim, ...at) => {
      if (str(obj(claim).storageClassName) === undefined) report(...at);
    };
    const text = `names no storage class, and the cluster's default may be any; ${mend(encryptedClasses)}`;
    for (const entry of bundle.ofType('PersistentVolumeClaim')) {
      // One that is bound to a volume by name is of no class.
      if (str(entry.spec.volumeName) === undefined) unnamed(entry.spec, entry, 'spec.storageClassName', '', text);
    }
    for (const entry of bundle.ofType('StatefulSet.apps')) {
      arr(entry.spec.volumeClaimTemplates).forEach((template, i) =>
        unnamed(obj(template).spec, entry, `spec.volumeClaimTemplates[${i}].spec.storageClassName`, '', text),
      );
    }
    for (const pod of bundle.pods) {
      arr(pod.spec.volumes).forEach((volume, i) => {
        const claim = dig(volume, 'ephemeral', 'volumeClaimTemplate', 'spec');
        const at = `${pod.path}.volumes[${i}].ephemeral.volumeClaimTemplate.spec.storageClassName`;
        if (claim !== undefined) unnamed(claim, pod.entry, at, '', text);
      });
    }
  },
};

function message(encrypted: ReadonlySet<string>): string {
  return `is no storage class that the site says is encrypted; ${mend(encrypted)}`;
}

function mend(encrypted: ReadonlySet<string>): string {
  if (encrypted.size === 0) return 'the site has none: say encrypted: true of those that are';
  return `take one of ${[...encrypted].map((name) => JSON.stringify(name)).join(', ')}`;
}
