import { Duration } from 'cdk8s';
import { fail, type IGpuPool, type IMetrics, type RuleGroup, type RunTimeService, show, type Stage } from '../../core';
import { type GpuVendor } from '../../site';
import { gpuDashboard } from './dashboard';
import { alertRule, type RunbookProps } from './finding';
import { findings } from './findings';
import { infinibandRules } from './infiniband';
import { recordedSeries } from './series';

/** What the rules ask the site for. */
export interface GpuRulesProps extends RunbookProps {
  readonly vendor: GpuVendor;
  /** The pools with GPUs of the vendor, at least one. */
  readonly pools: readonly IGpuPool[];
  /** How long a pod may have a GPU without using it before `GpuIdle` fires, in whole minutes. @default 1 hour */
  readonly idleAfter?: Duration;
  /** Namespaces of each team, for GPU-hours by team. A name or namespace that a label can't hold is an error. @default - none */
  readonly teams?: Readonly<Record<string, readonly string[]>>;
}

export interface GpuMonitoringProps extends GpuRulesProps {
  /** The exporter's Service, which the vendor's operator makes in the stage's namespace. @default - the caller has it scraped, with `honorLabels` and `nodePools` */
  readonly exporter?: RunTimeService;
  /** How often the exporter is asked; DCGM itself looks every 30 seconds. @default 30 seconds */
  readonly interval?: Duration;
}

/**
 * Adds rules and a dashboard for the GPUs of a vendor, and has the exporter on their nodes scraped. For the system that installs the exporter:
 *
 *     addGpuMonitoring(install, props.metrics, { vendor: 'nvidia', pools: this.pools, exporter: DCGM_EXPORTER })
 *
 * The Prometheus must be allowed to list and watch nodes, which tells it the pool of each.
 *
 * @throws when there are no pools, or a pool's nodes have no label of their own
 */
export function addGpuMonitoring(stage: Stage, metrics: IMetrics, props: GpuMonitoringProps): void {
  const { vendor, pools, exporter, interval } = props;
  if (exporter) {
    metrics.scrape(stage, `gpus-${vendor}`, {
      endpoint: exporter,
      interval,
      honorLabels: true,
      nodePools: Object.fromEntries(pools.map(({ nodes, placement }) => [nodes.name, placement.nodeSelector] as const)),
    });
  }
  metrics.addRules(stage, `gpus-${vendor}`, gpuRules(stage.node.path, props));
  metrics.addDashboard(stage, `gpus-${vendor}`, gpuDashboard(vendor));
}

/** Has the nodes' InfiniBand and RoCE ports watched, by what node_exporter says of them. */
export function addInfinibandMonitoring(stage: Stage, metrics: IMetrics, props: RunbookProps = {}): void {
  metrics.addRules(stage, 'infiniband', infinibandRules(props));
}

/** Recording and alert rules for the GPUs of a vendor. */
export function gpuRules(path: string, props: GpuRulesProps): RuleGroup[] {
  const { vendor, pools, idleAfter = Duration.hours(1), teams = {} } = props;
  if (pools.length === 0) fail(path, `pools must be those with GPUs of ${vendor}, got none; leave monitoring out`);
  const minutes = idleAfter.toSeconds() / 60;
  if (!Number.isInteger(minutes) || minutes < 1)
    fail(
      path,
      `idleAfter must be whole minutes and at least one, got ${show(idleAfter.toHumanString())}; give Duration.hours(1)`,
    );
  for (const [team, namespaces] of Object.entries(teams)) {
    const illegal = [team, ...namespaces].find((name) => !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name));
    if (illegal !== undefined)
      fail(
        path,
        `teams: names must be of lower-case letters, digits and "-", got ${show(illegal)}; name namespaces as they are`,
      );
    if (namespaces.length === 0)
      fail(path, `teams: ${show(team)} has no namespaces, got []; give its own, or leave it out`);
  }
  const expected = pools.map(({ nodes }) => ({
    name: nodes.name,
    nodes: nodes.nodes,
    gpusPerNode:
      nodes.gpus?.count ?? fail(path, `pool ${show(nodes.name)} has no GPUs in the site; leave it out of pools`),
  }));
  return [
    ...recordedSeries(vendor, teams),
    {
      name: `gpus-${vendor}-alerts`,
      rules: findings(vendor, { pools: expected, idleAfter }).map((finding) => alertRule(finding, props, { vendor })),
    },
  ];
}
