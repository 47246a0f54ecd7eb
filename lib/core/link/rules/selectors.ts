import { SELECTS_AT_RUN_TIME } from '../../labels';
import { type Entry } from '../entry';
import { mend, slipOf, type Context, type Report, type Rule } from '../context';
import { arr, field, isObj, obj } from '../json';
import { NETWORK_POLICY } from '../kinds';
import { type Pod } from '../pods';
import { SYSTEM_POD_LABELS } from '../runtime';
import { isEmptySelector, selects, showSelector } from '../selectors';

/** Each selector matches what it is for: a workload's its own template, the others' pods that exist. */
export const selectors: Rule = {
  name: 'selector',
  check(context, report) {
    const { bundle } = context;
    for (const pod of bundle.pods) {
      if (WORKLOADS.has(pod.entry.type)) workload(pod, report);
      if (context.strict) spread(pod, context, report);
    }
    for (const entry of bundle.ofType('PodDisruptionBudget.policy'))
      selectsPods(entry, 'spec.selector', entry.spec.selector, context, report);
    for (const entry of bundle.ofType(NETWORK_POLICY)) {
      selectsPods(entry, 'spec.podSelector', entry.spec.podSelector, context, report);
      if (context.strict) peers(entry, context, report);
    }
  },
};

const WORKLOADS = new Set(['Deployment.apps', 'StatefulSet.apps', 'DaemonSet.apps', 'ReplicaSet.apps']);

function workload({ entry, labels, metadataPath }: Pod, report: Report): void {
  const { selector } = entry.spec;
  if (!isObj(selector) || isEmptySelector(selector)) {
    report(entry, 'spec.selector', '', `is missing; give it matchLabels that ${field(metadataPath, 'labels')} has`);
  } else if (!selects(selector, labels)) {
    report(
      entry,
      'spec.selector',
      showSelector(selector),
      `doesn't match ${field(metadataPath, 'labels')}, which are ${showSelector({ matchLabels: labels }) || 'none'}; make them agree`,
    );
  }
}

/** A budget or policy that selects nothing does no harm, unless it was meant for pods that differ in a letter. */
function selectsPods(entry: Entry, at: string, selector: unknown, { bundle, strict }: Context, report: Report): void {
  if (isEmptySelector(selector) || bundle.podIndex(entry.namespace).select(selector).length > 0) return;
  if (entry.annotations[SELECTS_AT_RUN_TIME] === 'true' || madeElsewhere(selector, entry.namespace, bundle)) return;
  if (!strict && !isNearMiss(selector, bundle.podIndex(entry.namespace).items)) return;
  report(
    entry,
    at,
    showSelector(selector),
    `selects no pod in namespace ${entry.namespace}${nearestPod(selector, bundle.podIndex(entry.namespace).items)}`,
  );
}

/** Pods that no template of the bundle shows: those of the cluster itself, and those that a custom resource's controller makes. */
function madeElsewhere(selector: unknown, namespace: string, bundle: Context['bundle']): boolean {
  const { matchLabels } = obj(selector);
  const labels = obj(matchLabels);
  if (namespace === 'kube-system' && SYSTEM_POD_LABELS.some(([key, values]) => values.includes(String(labels[key]))))
    return true;
  return Object.keys(labels).some((key) => bundle.customGroups.has(key.slice(0, Math.max(0, key.indexOf('/')))));
}

/** True where all labels but one fit some pod, and that one nearly does. */
function isNearMiss(selector: unknown, pods: readonly Pod[]): boolean {
  const wanted = Object.entries(obj(obj(selector).matchLabels));
  return pods.some(({ labels }) => {
    const differ = wanted.filter(([key, value]) => labels[key] !== value);
    return differ.length === 1 && slipOf(String(differ[0][1]), [String(labels[differ[0][0]])]) !== undefined;
  });
}

function nearestPod(selector: unknown, pods: readonly Pod[]): string {
  const wanted = Object.entries(obj(obj(selector).matchLabels));
  let best = { hits: 0, text: '; add the pods, or correct the selector' };
  for (const pod of pods) {
    const hits = wanted.filter(([key, value]) => pod.labels[key] === value).length;
    if (hits <= best.hits) continue;
    const have = wanted
      .filter(([key, value]) => pod.labels[key] !== value)
      .map(([key]) => `${key}=${String(pod.labels[key] ?? '(none)')}`);
    best = { hits, text: `; ${pod.entry.kind} ${pod.entry.name} has ${have.join(',')}` };
  }
  return best.text;
}

/** Selectors by which a pod is kept near to, or away from, others: they select something, or they do nothing. */
function spread(pod: Pod, { bundle }: Context, report: Report): void {
  const check = (term: unknown, at: string): void => {
    const { labelSelector, namespaces, namespaceSelector } = obj(term);
    if (!isObj(labelSelector) || isEmptySelector(labelSelector) || isObj(namespaceSelector)) return;
    const places = arr(namespaces).length > 0 ? arr(namespaces).map(String) : [pod.namespace];
    if (places.some((name) => bundle.podIndex(name).select(labelSelector).length > 0)) return;
    const text = `selects no pod in namespace ${places.join(', ')}${nearestPod(labelSelector, [pod])}`;
    report(pod.entry, `${at}.labelSelector`, showSelector(labelSelector), text);
  };
  arr(pod.spec.topologySpreadConstraints).forEach((term, i) =>
    check(term, `${pod.path}.topologySpreadConstraints[${i}]`),
  );
  for (const kind of ['podAffinity', 'podAntiAffinity']) {
    const affinity = obj(obj(pod.spec.affinity)[kind]);
    const at = `${pod.path}.affinity.${kind}`;
    arr(affinity.requiredDuringSchedulingIgnoredDuringExecution).forEach((term, i) =>
      check(term, `${at}.requiredDuringSchedulingIgnoredDuringExecution[${i}]`),
    );
    arr(affinity.preferredDuringSchedulingIgnoredDuringExecution).forEach((term, i) =>
      check(obj(term).podAffinityTerm, `${at}.preferredDuringSchedulingIgnoredDuringExecution[${i}].podAffinityTerm`),
    );
  }
}

/** Each peer of a policy is a namespace and pods that exist. */
function peers(entry: Entry, context: Context, report: Report): void {
  const { bundle } = context;
  for (const [direction, list] of DIRECTIONS) {
    arr(entry.spec[direction]).forEach((rule, i) => {
      arr(obj(rule)[list]).forEach((item, j) => {
        const { podSelector, namespaceSelector, ipBlock } = obj(item);
        if (ipBlock !== undefined) return;
        const at = `spec.${direction}[${i}].${list}[${j}]`;
        const places = isObj(namespaceSelector) ? bundle.selectNamespaces(namespaceSelector) : [entry.namespace];
        if (places.length === 0) {
          const wanted = String(obj(obj(namespaceSelector).matchLabels)['kubernetes.io/metadata.name'] ?? '');
          report(
            entry,
            `${at}.namespaceSelector`,
            showSelector(namespaceSelector),
            `selects no namespace${mend(wanted, [...bundle.namespaces], 'correct it, or declare the namespace external')}`,
          );
        } else if (isObj(podSelector) && !isEmptySelector(podSelector)) {
          const found = places.some(
            (name) =>
              isBeyond(name, bundle) ||
              // Pods that a controller makes talk to others of its making.
              (name === entry.namespace && entry.annotations[SELECTS_AT_RUN_TIME] === 'true') ||
              madeElsewhere(podSelector, name, bundle) ||
              bundle.podIndex(name).select(podSelector).length > 0,
          );
          if (!found)
            report(
              entry,
              `${at}.podSelector`,
              showSelector(podSelector),
              `selects no pod in namespace ${places.join(', ')}${nearestPod(podSelector, bundle.podIndex(places[0]).items)}`,
            );
        }
      });
    });
  }
}

/** A namespace whose pods the bundle doesn't show. */
function isBeyond(name: string, bundle: Context['bundle']): boolean {
  return (
    bundle.namespaceEntry(name) === undefined && bundle.podIndex(name).items.length === 0 && name !== 'kube-system'
  );
}

const DIRECTIONS = [
  ['ingress', 'from'],
  ['egress', 'to'],
] as const;
