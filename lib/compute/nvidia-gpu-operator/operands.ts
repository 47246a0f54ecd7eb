import { ControlledPods, type IMetrics, type PeerPort, type Stage, type System } from '../../core';
import { addGpuMonitoring } from '../../monitoring';
import { type NvidiaGpuPool } from './gpu-pool';

// Names of pods and Services as the operator makes them.
// @see https://github.com/NVIDIA/gpu-operator/tree/v26.7.0/assets
const EXPORTER = { app: 'nvidia-dcgm-exporter' };
const DCGM = { app: 'nvidia-dcgm' };
const NODE_STATUS = { app: 'nvidia-node-status-exporter' };
/** Pods of both kinds of driver DaemonSet, a ClusterPolicy's and an NVIDIADriver's. */
const DRIVER = { 'app.kubernetes.io/component': 'nvidia-driver' };
const EXPORTER_PORT = 9400;
const DCGM_PORT = 5555;
const NODE_STATUS_PORT = 8000;

/**
 * Labels that all operands get, by which they are told from the operator. Not `app.kubernetes.io/component`: by it no two drivers are put on
 * one node.
 */
export function operandLabels(system: System): Record<string, string> {
  return { ...system.labels, 'app.kubernetes.io/managed-by': 'gpu-operator' };
}

export interface OperandsProps {
  /** Where the driver's packages come from; undefined where no driver is compiled on the nodes. */
  readonly packages: readonly { readonly cidr?: string; readonly ports: readonly PeerPort[] }[];
  readonly standaloneDcgm: boolean;
  readonly nodeStatus: boolean;
  readonly pools: readonly NvidiaGpuPool[];
  readonly metrics?: IMetrics;
}

/** What the operands may reach and be reached by, and who collects their metrics. */
export function addOperands(stage: Stage, system: System, props: OperandsProps): void {
  new ControlledPods(stage, 'operands', { labels: operandLabels(system), usesApi: true });
  const { metrics } = props;
  if (props.packages.length > 0) {
    const driver = new ControlledPods(stage, 'driver-packages', { labels: DRIVER });
    for (const { cidr, ports } of props.packages) driver.allowTo(cidr === undefined ? 'anywhere' : { cidr }, ...ports);
  }
  if (props.standaloneDcgm && metrics) {
    const exporter = new ControlledPods(stage, 'dcgm-exporter', { labels: EXPORTER });
    const dcgm = new ControlledPods(stage, 'dcgm', { labels: DCGM });
    exporter.allowTo(peer(dcgm), DCGM_PORT);
    dcgm.allowFrom(peer(exporter), DCGM_PORT);
  }
  if (!metrics) return;
  addGpuMonitoring(stage, metrics, {
    vendor: 'nvidia',
    pools: props.pools,
    exporter: { labels: EXPORTER, port: 'gpu-metrics', pods: { labels: EXPORTER, port: EXPORTER_PORT } },
  });
  if (props.nodeStatus) {
    metrics.scrape(stage, 'node-status-exporter', {
      endpoint: { labels: NODE_STATUS, port: 'node-status', pods: { labels: NODE_STATUS, port: NODE_STATUS_PORT } },
      nodePools: Object.fromEntries(
        props.pools.map(({ nodes, placement }) => [nodes.name, placement.nodeSelector] as const),
      ),
    });
  }
}

function peer({ namespace, podLabels }: ControlledPods) {
  return { namespace, podLabels };
}
