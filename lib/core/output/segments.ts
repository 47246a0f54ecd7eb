import { fit, type FitInput, poolOf } from '../fit';
import { SEGMENT } from '../labels';
import { type LinkObject } from '../link/types';
import { type Platform } from '../platform';
import { table } from './table';

/** The segments of the site's network: whose pods are held to each, what else runs on its nodes, and by which networks it could be left. */
export function segmentReport(platform: Platform, objects: readonly LinkObject[], input: FitInput): string[] {
  const { site } = platform;
  const names = [...new Set(site.pools.flatMap(({ segment }) => segment ?? []))];
  if (names.length === 0) return [];
  const { outcome } = fit(input, { tries: 1 });
  const rows = names.map((segment) => {
    const pools = site.pools.filter((pool) => pool.segment === segment);
    const namespaces = objects
      .filter(({ object }) => object.kind === 'Namespace' && object.metadata.labels?.[SEGMENT] === segment)
      .map(({ object }) => object.metadata.name!);
    const here = new Set(pools.map(({ name }) => name));
    const others = outcome.items
      .filter(({ node }) => node >= 0 && here.has(poolOf(input.nodes[node]!)))
      .map(({ template }) => template.pod.namespace)
      .filter((namespace) => !namespaces.includes(namespace));
    const networks = site.networks.filter((network) => pools.some((pool) => site.portsOn(network, pool) > 0));
    return [
      segment,
      pools.map(({ name, nodes }) => `${name}, ${nodes} node${nodes === 1 ? '' : 's'}`).join('; '),
      namespaces.join(', '),
      [...new Set(others)].sort().join(', '),
      networks.map(({ name, cidr }) => (cidr === undefined ? name : `${name} ${cidr}`)).join(', '),
    ];
  });
  return [
    '',
    '### Segments',
    'The pods of these namespaces talk to each other, to DNS and to what they are wired to; link refuses a policy that opens more.',
    'Interfaces that a pod gets beside its own, and RDMA, are past all NetworkPolicies: on these networks let no router lead out, and no host in that is not of the segment.',
    '',
    ...table(['segment', 'pools', 'namespaces held to it', 'others on its nodes', 'networks of its nodes'], rows),
  ];
}
