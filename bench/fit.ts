import { fit, readPod, type FitGroup, type FitNode } from '../lib/core/fit';
import { median, ms, print, processorTime } from './measure';

const ROUNDS = 5;
const POOLS = 5;
const GROUPS = 100;

/** How long it takes to place 10,000 pods on 1,000 nodes, where they fit and where they don't. Prints, and bounds nothing. */
export function benchFit(): void {
  const rows = ([1000, 100] as const).flatMap((count): [string, ...string[]][] =>
    ([false, true] as const).map((tooMany) => {
      const nodes = makeNodes(count);
      const groups = makeGroups(count * 10, tooMany);
      const time = median(
        Array.from({ length: ROUNDS }, () =>
          processorTime(() => check(fit({ nodes, groups }, { tries: 1 }).fits, !tooMany)),
        ),
      );
      return [`${count * 10} pods, ${count} nodes, ${tooMany ? 'some left' : 'all placed'}`, ms(time)];
    }),
  );
  print(`What fits, one try, processor time, medians of ${ROUNDS} rounds`, rows);
}

function check(actual: boolean, expected: boolean): void {
  if (actual !== expected) throw new Error(`the benchmark's pods ${actual ? 'fit' : "don't fit"}`);
}

function makeNodes(count: number): FitNode[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `node-${i}`,
    labels: { pool: `pool-${i % POOLS}`, 'topology.kubernetes.io/zone': `zone-${i % 3}` },
    taints: i % POOLS === 0 ? [{ key: 'nvidia.com/gpu', effect: 'NoSchedule' }] : [],
    allocatable: new Map([
      ['cpu', 64_000],
      ['memory', 256 * 2 ** 30],
      ...(i % POOLS === 0 ? ([['nvidia.com/gpu', 8]] as const) : []),
    ]),
  }));
}

/** Services that spread, some of which want nodes of their own, or GPUs. */
function makeGroups(pods: number, tooMany: boolean): FitGroup[] {
  const count = pods / GROUPS;
  return Array.from({ length: GROUPS }, (_, i): FitGroup => {
    const labels = { app: `app-${i}` };
    const gpus = i % 10 === 0 ? { 'nvidia.com/gpu': tooMany ? '4' : '1' } : {};
    const spec = {
      containers: [{ name: 'main', resources: { requests: { cpu: '3', memory: '12Gi', ...gpus } } }],
      tolerations: i % 10 === 0 ? [{ key: 'nvidia.com/gpu', operator: 'Exists' }] : [],
      affinity:
        i % 7 === 0
          ? {
              podAntiAffinity: {
                preferredDuringSchedulingIgnoredDuringExecution: [
                  {
                    weight: 100,
                    podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: labels } },
                  },
                ],
              },
            }
          : undefined,
      topologySpreadConstraints:
        i % 5 === 1
          ? [
              {
                topologyKey: 'topology.kubernetes.io/zone',
                maxSkew: 1,
                whenUnsatisfiable: 'DoNotSchedule',
                labelSelector: { matchLabels: labels },
              },
            ]
          : [],
    };
    return {
      name: `group-${i}`,
      count,
      pod: readPod(spec, { namespace: 'bench', labels, owners: { matchLabels: labels } }),
    };
  });
}
