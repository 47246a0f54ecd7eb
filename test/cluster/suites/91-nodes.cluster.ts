import { type KubeObject } from '../cluster';
import { until } from '../shell';
import { LivePlatform } from './support/platform';
import { proves } from './support/proves';

const { cluster, site } = new LivePlatform();
const FEATURE = 'feature.node.kubernetes.io/';

describe('Node Feature Discovery', () => {
  proves('node-feature-discovery', 'L', 'labels each real node by its processor, kernel and system', async () => {
    const cpu = await cluster.run(['sh', '-c', 'grep -m1 ^flags /proc/cpuinfo']);
    const [kernel] = (await cluster.run(['uname', '-r'])).trim().split('-');
    for (const { name } of cluster.state.nodes) {
      const labels = await labelsOf(name);
      expect(labels[`${FEATURE}kernel-version.major`]).toBe(kernel!.split('.')[0]);
      expect(labels[`${FEATURE}kernel-version.minor`]).toBe(kernel!.split('.')[1]);
      expect(labels[`${FEATURE}cpu-cpuid.AVX2`] ?? 'absent').toBe(/\bavx2\b/.test(cpu) ? 'true' : 'absent');
      expect(labels[`${FEATURE}system-os_release.ID`]).toBe('debian');
    }
  });

  proves(
    'node-feature-discovery',
    'L',
    'labels a node by the features that are found there, and by rules',
    async () => {
      const [node] = cluster.state.nodes;
      const rule = {
        apiVersion: 'nfd.k8s-sigs.io/v1alpha1',
        kind: 'NodeFeatureRule',
        metadata: { name: 'bench' },
        spec: {
          rules: [
            {
              name: 'bench',
              labels: { 'bench.example/linux': 'true' },
              matchFeatures: [{ feature: 'kernel.version', matchExpressions: { major: { op: 'Exists' } } }],
            },
          ],
        },
      };
      await cluster.run(['kubectl', 'apply', '-f', '-'], { input: JSON.stringify(rule) });
      await until(
        'the label of the rule',
        60,
        async () => (await labelsOf(node!.name))['bench.example/linux'] || undefined,
      );
      await cluster.kubectl('delete', 'nodefeaturerule', 'bench');
      await until('the label to be gone', 60, async () =>
        (await labelsOf(node!.name))['bench.example/linux'] === undefined ? true : undefined,
      );
    },
  );
});

proves('gpu-operator', 'A', 'the nodes of each pool are labelled by how its GPUs are shared', async () => {
  const mig = site.pool('inference');
  await until('the labels', 60, async () => {
    for (let i = 0; i < mig.nodes; i += 1) {
      const labels = await labelsOf(`${mig.name}-${i}`);
      if (!labels['nvidia.com/mig.config']?.includes('3g.40gb')) throw new Error(JSON.stringify(labels));
    }
    return true;
  });
  expect((await labelsOf('training-0'))['nvidia.com/gpu.deploy.operands']).toBe('true');
  expect((await labelsOf('storage-0'))['nvidia.com/gpu.deploy.operands']).toBeUndefined();
});

async function labelsOf(node: string): Promise<Readonly<Record<string, string>>> {
  return (await cluster.get<KubeObject>('node', node)).metadata.labels ?? {};
}
