import { type Entry } from '../entry';
import { type Bundle } from '../bundle';
import { type Context, type Report, type Rule } from '../context';
import { ISOLATED, SEGMENT } from '../../labels';
import { arr, field, isObj, obj, str, type Obj } from '../json';
import { isEmptySelector } from '../selectors';

/**
 * The pods of a namespace that belongs to a segment of the network talk only to pods that a policy names, and to address ranges that
 * it names: never to everybody, and not to another segment. Pods that no policy could hold are not let in there.
 */
export const segments: Rule = {
  name: 'segment',
  check(context, report) {
    for (const entry of context.bundle.ofType('Namespace')) {
      const segment = str(entry.labels[SEGMENT]);
      if (segment !== undefined) checkNamespace(entry, segment, context, report);
    }
  },
};

function checkNamespace(entry: Entry, segment: string, { bundle, policies }: Context, report: Report): void {
  const at = field('metadata', 'labels', SEGMENT);
  if (entry.labels[ISOLATED] !== 'true')
    report(entry, at, segment, `is not isolated: add the label ${ISOLATED}: "true" and the policies that it asks for`);
  const level = entry.labels['pod-security.kubernetes.io/enforce'];
  if (level !== 'restricted' && level !== 'baseline') {
    report(
      entry,
      at,
      segment,
      "lets in pods on their node's own network, for which no policy holds; have it enforce the Pod Security level restricted or baseline",
    );
  }
  for (const policy of policies.in(entry.name)) {
    for (const [direction, end] of [
      ['ingress', 'from'],
      ['egress', 'to'],
    ] as const) {
      arr(policy.entry.spec[direction]).forEach((rule, i) => {
        const peers = arr(obj(rule)[end]);
        const where = `spec.${direction}[${i}]`;
        if (peers.length === 0)
          report(policy.entry, where, '', leaves(segment, direction, 'everybody, at any address'));
        peers.forEach((peer, j) => {
          const wrong = wrongPeer(obj(peer), segment, bundle);
          if (wrong !== undefined)
            report(policy.entry, `${where}.${end}[${j}]`, wrong.value, leaves(segment, direction, wrong.who));
        });
      });
    }
  }
}

function leaves(segment: string, direction: 'ingress' | 'egress', who: string): string {
  const way = direction === 'ingress' ? 'lets in' : 'leads to';
  return `${way} ${who}, but the namespace is of the segment ${segment}; name the pods, or the address range of a host outside (cidr)`;
}

const EVERYTHING = new Set(['0.0.0.0/0', '::/0']);

function wrongPeer(peer: Obj, segment: string, bundle: Bundle): { value: string; who: string } | undefined {
  const cidr = str(obj(peer.ipBlock).cidr);
  if (cidr !== undefined) return EVERYTHING.has(cidr) ? { value: cidr, who: 'all addresses' } : undefined;
  if (!isObj(peer.namespaceSelector)) return undefined;
  if (isEmptySelector(peer.namespaceSelector)) return { value: '', who: 'all namespaces' };
  for (const name of bundle.selectNamespaces(peer.namespaceSelector)) {
    const other = str(bundle.namespaceLabels(name)[SEGMENT]);
    if (other !== undefined && other !== segment)
      return { value: name, who: `namespace ${name} of the segment ${other}` };
  }
  return undefined;
}
