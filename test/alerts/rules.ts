import { Size } from 'cdk8s';
import { type GpuVendor, gpuRules, type IGpuPool, infinibandRules, ruleFile, type RuleFile, Site } from '../../lib';

/** Two pools with two GPUs a node, so that the series of a test are few. */
const site = new Site({
  name: 'test',
  domain: 'test.example',
  nodePools: (['nvidia', 'amd'] as const).map((vendor) => ({
    name: vendor === 'nvidia' ? 'hgx' : 'mi300',
    nodes: 2,
    cpu: { cores: 64 },
    memory: Size.gibibytes(512),
    gpus: { model: vendor === 'nvidia' ? 'H100' : 'MI300X', count: 2, memory: Size.gibibytes(80), vendor },
    labels: { 'node.test.example/pool': vendor },
  })),
  networks: [{ name: 'management', cidr: '10.10.0.0/24' }],
});

/** The pools of a vendor, as its operator offers them. */
export function poolsOf(vendor: GpuVendor): IGpuPool[] {
  return site.pools
    .filter(({ gpus }) => gpus?.vendor === vendor)
    .map((nodes) => {
      const resource = { name: `${vendor}.com/gpu`, perNode: nodes.gpus!.count, whole: true };
      return {
        nodes,
        resource,
        placement: { nodeSelector: nodes.labels, tolerations: [] },
        share: () => resource,
        readyAfter: [],
      };
    });
}

/** All rules that there are, as a rule file. Both vendors have alerts of the same names, told apart by a label, in objects of their own. */
export function allRules(): RuleFile {
  const teams = { vision: ['cats', 'dogs'] };
  const files = [
    ...(['nvidia', 'amd'] as const).map((vendor) => gpuRules('test', { vendor, pools: poolsOf(vendor), teams })),
    infinibandRules(),
  ].map((groups) => ruleFile('test', groups));
  return { groups: files.flatMap(({ groups }) => groups) };
}
