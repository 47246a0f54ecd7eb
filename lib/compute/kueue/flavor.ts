import { SizeRoundingBehavior } from 'cdk8s';
import { fail, type IGpuPool, type Placement, show, type Stage } from '../../core';
import { CustomResource } from '../../crds';
import { type NodePool, type TaintProps } from '../../site';
import { resourceFlavor } from './crds';

/** What of a node is there for jobs. */
export interface Share {
  /** Part of its CPUs and memory. */
  readonly allocatable: number;
  readonly pods: number;
}

/** What a pool has, and what it is called in quotas. */
export interface Capacity {
  /** Milli-CPUs of one node that are there for jobs. */
  readonly milliCpus: number;
  /** Mebibytes of one node that are there for jobs. */
  readonly mebibytes: number;
  readonly pods: number;
  readonly nodes: number;
}

export function capacity(nodes: NodePool, { allocatable, pods }: Share): Capacity {
  return {
    milliCpus: Math.floor(nodes.cpusPerNode * 1000 * allocatable),
    mebibytes: Math.floor((nodes.memory.toKibibytes({ rounding: SizeRoundingBehavior.FLOOR }) / 1024) * allocatable),
    pods,
    nodes: nodes.schedulableNodes,
  };
}

/** A pool of the site as Kueue counts it: the labels that its jobs' pods get, and the taints that they then bear. */
export class Flavor extends CustomResource<NonNullable<(typeof resourceFlavor)['body']>> {
  constructor(
    stage: Stage,
    readonly nodes: NodePool,
    placement: Required<Placement>,
    topologyName: string | undefined,
  ) {
    const { name, taints } = nodes;
    const { nodeSelector, tolerations } = placement;
    super(stage, `flavor-${name}`, resourceFlavor, {
      metadata: { name },
      spec: {
        ...(Object.keys(nodeSelector).length > 0 && { nodeLabels: { ...nodeSelector } }),
        ...(taints.length > 0 && { nodeTaints: taints.map((taint) => ({ ...taint })) }),
        ...(tolerations.length > 0 && {
          tolerations: tolerations.map(({ key, operator, value, effect, tolerationSeconds }) => ({
            ...(key !== undefined && { key }),
            ...(operator !== undefined && { operator }),
            ...(value !== undefined && { value }),
            ...(effect !== undefined && { effect }),
            ...(tolerationSeconds !== undefined && { tolerationSeconds }),
          })),
        }),
        ...(topologyName !== undefined && { topologyName }),
      },
    });
  }
}

/** Where the pods of jobs without GPUs go: by the labels that the site gives the pool. */
export function placementOf(path: string, pool: NodePool, pools: readonly NodePool[]): Required<Placement> {
  const labels = Object.entries(pool.labels);
  const alike = pools.find(
    (other) =>
      other !== pool &&
      other.schedulableNodes > 0 &&
      labels.every(([name, value]) => other.labels[name] === value) &&
      hard(other.taints).every((taint) => pool.taints.some((own) => same(own, taint))),
  );
  if (alike) {
    fail(
      path,
      `jobs for node pool ${show(pool.name)} may land in ${show(alike.name)}, which no label or taint tells apart; give ${pool.name} labels in the site`,
    );
  }
  return { nodeSelector: pool.labels, tolerations: pool.taints.map(tolerationOf) };
}

/** Whether the pods of a pool with GPUs bear all taints of its nodes; else Kueue would never choose it. */
export function checkBorne(path: string, { nodes, placement }: IGpuPool): void {
  const unborne = hard(nodes.taints).find(
    ({ key, value = '', effect }) =>
      !placement.tolerations.some(
        (toleration) =>
          (toleration.key === undefined || toleration.key === key) &&
          (toleration.effect === undefined || toleration.effect === effect) &&
          (toleration.operator === 'Exists' || (toleration.value ?? '') === value),
      ),
  );
  if (unborne) {
    fail(
      path,
      `pool ${show(nodes.name)} has nodes with the taint ${show(unborne)}, which its placement doesn't tolerate; add the toleration there`,
    );
  }
}

function hard(taints: readonly TaintProps[]): readonly TaintProps[] {
  return taints.filter(({ effect }) => effect !== 'PreferNoSchedule');
}

function same(a: TaintProps, b: TaintProps): boolean {
  return a.key === b.key && (a.value ?? '') === (b.value ?? '') && a.effect === b.effect;
}

function tolerationOf({ key, value, effect }: TaintProps) {
  return value === undefined
    ? ({ key, operator: 'Exists', effect } as const)
    : ({ key, operator: 'Equal', value, effect } as const);
}
