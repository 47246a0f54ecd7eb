import { type Report, type Rule } from '../context';
import { type Entry } from '../entry';
import { field, isObj } from '../json';
import { REGISTRIES } from './images';

/**
 * With a mirror, no other registry is named anywhere: not in a controller's flag, a configuration file, a field that takes a repository alone. What slips through is pulled
 * from the internet, or not at all. Definitions are left out, whose descriptions may speak of anything.
 */
export const mirror: Rule = {
  name: 'mirror',
  check({ mirror: given, bundle }, report) {
    if (!given) return;
    const others = [...new Set([...REGISTRIES, ...given.replaced])].filter((name) => !given.registries.has(name));
    for (const entry of bundle.entries) {
      if (entry.type === 'CustomResourceDefinition.apiextensions.k8s.io') continue;
      for (const key in entry.object) visit(entry, entry.object[key], key, others, report);
    }
  },
};

function visit(entry: Entry, value: unknown, at: string, others: readonly string[], report: Report): void {
  if (typeof value === 'string') {
    const found = others.find((name) => isNamed(value, name));
    if (found !== undefined) {
      report(
        entry,
        at,
        value,
        `names the registry ${found}, though all images come from the mirror; pass the image to image() of the system or platform`,
      );
    }
  } else if (Array.isArray(value)) {
    value.forEach((item, i) => visit(entry, item, `${at}[${i}]`, others, report));
  } else if (isObj(value)) {
    for (const key in value) visit(entry, value[key], field(at, key), others, report);
  }
}

/** As a word of its own: `quay.io/x`, `https://quay.io`; not as the mirror's path `registry.lab/quay.io/x` or a part of another name. */
function isNamed(text: string, registry: string): boolean {
  for (let i = text.indexOf(registry); i >= 0; i = text.indexOf(registry, i + 1)) {
    const [before, after] = [text.slice(Math.max(0, i - 3), i), text[i + registry.length] ?? ''];
    const begins = before === '' || before === '://' || !/[\w.:/@-]$/.test(before);
    if (begins && !/[\w.-]/.test(after)) return true;
    // A sentence may end with it.
    if (begins && after === '.' && !/\w/.test(text[i + registry.length + 1] ?? '')) return true;
  }
  return false;
}
