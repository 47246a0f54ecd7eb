import { Bundle } from './bundle';
import { type Context } from './context';
import { demandOf } from './demand';
import { collectHosts } from './hosts';
import { PolicyIndex } from './policies';
import { collectRefs } from './refs';
import { RULES } from './rules';
import { ServiceIndex } from './services';
import { collectTexts } from './texts';
import { type Finding, type LinkObject, type LinkOptions } from './types';
import { type FitInput } from '../fit/types';

export type { External, Finding, KubeObject, KubeMetadata, LinkObject, LinkOptions } from './types';

/**
 * Checks Kubernetes objects as a linker checks a program: every name resolves, every port is open, every selector matches, everything is
 * there before it is needed, and nothing is what the API server would refuse. Needs no cluster; looks at nothing but the objects.
 *
 * @returns the findings in the order of the objects; empty where the bundle links
 */
export function link(objects: readonly LinkObject[], options: LinkOptions = {}): Finding[] {
  const bundle = new Bundle(objects, options);
  const texts = collectTexts(bundle);
  const context: Context = {
    bundle,
    texts,
    refs: collectRefs(bundle),
    services: new ServiceIndex(bundle),
    policies: new PolicyIndex(bundle),
    hosts: collectHosts(texts, bundle),
    strict: options.strict ?? false,
    images: options.images,
    mirror: options.mirror,
    dns: options.dns ?? { namespace: 'kube-system', podPort: 53 },
  };
  const found: { readonly order: number; readonly finding: Finding }[] = [];
  const seen = new Set<string>();
  for (const rule of RULES) {
    rule.check(context, (entry, field, value, message) => {
      const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
      const key = `${entry.order}|${field}|${text}|${message}`;
      if (seen.has(key)) return;
      seen.add(key);
      found.push({
        order: entry.order,
        finding: { rule: rule.name, source: entry.source, field, value: text, message },
      });
    });
  }
  return found.sort((a, b) => a.order - b.order).map(({ finding }) => finding);
}

/** What the objects' pods ask of the nodes that the options name. */
export function demand(objects: readonly LinkObject[], options: LinkOptions = {}): FitInput {
  return demandOf(new Bundle(objects, options)).input;
}

const SHOWN = 160;

/** A finding as one line: `lab/mlflow/server: spec.template.spec.serviceAccountName "mlfow" names no ServiceAccount...` */
export function formatFinding({ source, field, value, message }: Finding): string {
  const text = value.length > SHOWN ? `${value.slice(0, SHOWN - 3)}...` : value;
  return [`${source}:`, field, ...(value === '' ? [] : [JSON.stringify(text)]), message]
    .filter((part) => part !== '')
    .join(' ');
}
