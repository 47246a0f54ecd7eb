import { type GpuVendor } from '../../site';
import { Dashboard, type Row } from '../dashboard';
import { type Threshold } from '../panel';
import { nvidiaDetail } from './dashboard-nvidia';
import { SAMPLES_PER_HOUR } from './series';

const HOT: readonly Threshold[] = [
  { value: 75, color: 'yellow' },
  { value: 85, color: 'red' },
];
const ANY: readonly Threshold[] = [{ value: 1, color: 'red' }];
const FULL: readonly Threshold[] = [
  { value: 0.9, color: 'yellow' },
  { value: 0.97, color: 'red' },
];

/** GPUs of a vendor: the cluster, its pools and nodes, who uses them, and their health. */
export function gpuDashboard(vendor: GpuVendor): Dashboard {
  const name = vendor === 'nvidia' ? 'NVIDIA' : 'AMD';
  return new Dashboard({
    uid: `gpus-${vendor}`,
    title: `GPUs (${name})`,
    description: `Use and health of the ${name} GPUs: cluster, pools, nodes, namespaces and jobs.`,
    tags: ['gpu', vendor],
    variables: [
      { name: 'pool', label: 'Pool', metric: `gpu:utilization:ratio{vendor="${vendor}"}`, values: 'pool' },
      {
        name: 'node',
        label: 'Node',
        metric: `gpu:utilization:ratio{vendor="${vendor}", pool=~"$pool"}`,
        values: 'node',
      },
      {
        name: 'namespace',
        label: 'Namespace',
        metric: `gpu:utilization:ratio{vendor="${vendor}", pool=~"$pool", pod!=""}`,
        values: 'namespace',
      },
    ],
    rows: [
      cluster(vendor),
      pools(vendor),
      nodes(vendor),
      namespaces(vendor),
      jobs(vendor),
      health(vendor),
      ...(vendor === 'nvidia' ? [nvidiaDetail()] : []),
    ],
  });
}

function cluster(vendor: GpuVendor): Row {
  const inPools = `{vendor="${vendor}", pool=~"$pool"}`;
  const now = { width: 4, height: 4 };
  return {
    title: 'Cluster',
    panels: [
      { type: 'stat', title: 'GPUs', ...now, targets: [{ expr: `sum(pool:gpus:count${inPools})`, legend: '' }] },
      {
        type: 'stat',
        title: 'Allocated',
        description: 'GPUs, or MIG instances, that a pod has.',
        ...now,
        targets: [{ expr: `sum(pool:gpus_allocated:count${inPools}) or vector(0)`, legend: '' }],
      },
      {
        type: 'gauge',
        title: 'Utilization',
        ...now,
        unit: 'percentunit',
        min: 0,
        max: 1,
        targets: [{ expr: `avg(gpu:utilization:ratio${inPools})`, legend: '' }],
      },
      {
        type: 'stat',
        title: 'Power',
        ...now,
        unit: 'watt',
        targets: [{ expr: `sum(gpu:power:watts${inPools})`, legend: '' }],
      },
      {
        type: 'stat',
        title: 'Idle but allocated',
        ...now,
        thresholds: [{ value: 1, color: 'orange' }],
        targets: [
          {
            expr: `count(gpu:utilization:ratio{vendor="${vendor}", pool=~"$pool", pod!=""} < 0.02) or vector(0)`,
            legend: '',
          },
        ],
      },
      {
        type: 'stat',
        title: 'Alerts',
        description: 'Those about GPUs that fire, but for what nobody needs to look at.',
        ...now,
        thresholds: ANY,
        targets: [
          {
            expr: `count(ALERTS{alertname=~"Gpu.+", vendor="${vendor}", alertstate="firing", severity!="info"}) or vector(0)`,
            legend: '',
          },
        ],
      },
      {
        type: 'heatmap',
        title: 'How busy the GPUs are',
        width: 12,
        unit: 'percentunit',
        min: 0,
        max: 1,
        targets: [{ expr: `gpu:utilization:ratio${inPools}`, legend: '{{node}}/{{gpu}}' }],
      },
      {
        type: 'timeseries',
        title: 'Power by pool',
        width: 12,
        unit: 'watt',
        min: 0,
        stacked: true,
        targets: [{ expr: `sum by (pool) (gpu:power:watts${inPools})`, legend: '{{pool}}' }],
      },
    ],
  };
}

function pools(vendor: GpuVendor): Row {
  const inPools = `{vendor="${vendor}", pool=~"$pool"}`;
  return {
    title: 'Pools',
    panels: [
      {
        type: 'timeseries',
        title: 'Allocated of each pool',
        width: 12,
        unit: 'percentunit',
        min: 0,
        targets: [{ expr: `pool:gpus_allocated:count${inPools} / pool:gpus:count${inPools}`, legend: '{{pool}}' }],
      },
      {
        type: 'timeseries',
        title: 'Utilization of each pool',
        width: 12,
        unit: 'percentunit',
        min: 0,
        max: 1,
        targets: [{ expr: `pool:gpu_utilization:avg${inPools}`, legend: '{{pool}}' }],
      },
    ],
  };
}

function nodes(vendor: GpuVendor): Row {
  const onNodes = `{vendor="${vendor}", pool=~"$pool", node=~"$node"}`;
  return {
    title: 'Nodes',
    panels: [
      {
        type: 'table',
        title: 'Nodes',
        width: 12,
        height: 10,
        labels: { node: 'Node', pool: 'Pool' },
        values: [
          { title: 'GPUs', expr: `sum by (node, pool) (node:gpus:count${onNodes})` },
          { title: 'Allocated', expr: `sum by (node, pool) (node:gpus_allocated:count${onNodes})` },
          {
            title: 'Utilization',
            expr: `avg by (node, pool) (node:gpu_utilization:avg${onNodes})`,
            unit: 'percentunit',
          },
          { title: 'Power', expr: `sum by (node, pool) (gpu:power:watts${onNodes})`, unit: 'watt' },
          {
            title: 'Hottest',
            expr: `max by (node, pool) (gpu:temperature:celsius${onNodes})`,
            unit: 'celsius',
            thresholds: HOT,
          },
        ],
      },
      {
        type: 'timeseries',
        title: 'Utilization of each GPU',
        width: 12,
        height: 10,
        unit: 'percentunit',
        min: 0,
        max: 1,
        targets: [{ expr: `gpu:utilization:ratio${onNodes}`, legend: '{{node}}/{{gpu}} {{GPU_I_PROFILE}}' }],
      },
      {
        type: 'timeseries',
        title: 'Temperature of each GPU',
        width: 12,
        unit: 'celsius',
        thresholds: HOT,
        targets: [{ expr: `gpu:temperature:celsius${onNodes}`, legend: '{{node}}/{{gpu}}' }],
      },
      {
        type: 'timeseries',
        title: 'Memory used of each GPU',
        width: 12,
        unit: 'percentunit',
        min: 0,
        max: 1,
        thresholds: FULL,
        targets: [{ expr: `gpu:memory_used:ratio${onNodes}`, legend: '{{node}}/{{gpu}} {{GPU_I_PROFILE}}' }],
      },
    ],
  };
}

function namespaces(vendor: GpuVendor): Row {
  const of = `{vendor="${vendor}", pool=~"$pool", namespace=~"$namespace"}`;
  const hours = (series: string) =>
    `sum by (namespace) (sum_over_time(${series}${of}[$__range])) / ${SAMPLES_PER_HOUR}`;
  return {
    title: 'Namespaces',
    panels: [
      {
        type: 'timeseries',
        title: 'GPUs allocated by namespace',
        width: 12,
        min: 0,
        stacked: true,
        targets: [{ expr: `sum by (namespace) (namespace:gpus_allocated:count${of})`, legend: '{{namespace}}' }],
      },
      {
        type: 'timeseries',
        title: 'Utilization by namespace',
        description: 'Of the GPUs that the namespace has.',
        width: 12,
        unit: 'percentunit',
        min: 0,
        max: 1,
        targets: [
          {
            expr: `sum by (namespace) (namespace:gpus_busy:sum${of}) / sum by (namespace) (namespace:gpus_allocated:count${of})`,
            legend: '{{namespace}}',
          },
        ],
      },
      {
        type: 'table',
        title: 'GPU-hours in the time shown',
        width: 24,
        labels: { namespace: 'Namespace' },
        values: [
          { title: 'Allocated', expr: hours('namespace:gpus_allocated:count'), unit: 'h', decimals: 1 },
          { title: 'Used', expr: hours('namespace:gpus_busy:sum'), unit: 'h', decimals: 1 },
        ],
      },
    ],
  };
}

function jobs(vendor: GpuVendor): Row {
  const of = `{vendor="${vendor}", pool=~"$pool", node=~"$node", namespace=~"$namespace", pod!=""}`;
  return {
    title: 'Jobs',
    panels: [
      {
        type: 'table',
        title: 'Pods with GPUs',
        width: 24,
        height: 10,
        labels: { namespace: 'Namespace', pod: 'Pod', node: 'Node' },
        values: [
          { title: 'GPUs', expr: `count by (namespace, pod, node) (gpu:utilization:ratio${of})` },
          {
            title: 'Utilization',
            expr: `avg by (namespace, pod, node) (gpu:utilization:ratio${of})`,
            unit: 'percentunit',
          },
          {
            title: 'Memory',
            expr: `max by (namespace, pod, node) (gpu:memory_used:ratio${of})`,
            unit: 'percentunit',
            thresholds: FULL,
          },
          { title: 'Power', expr: `sum by (namespace, pod, node) (gpu:power:watts${of})`, unit: 'watt' },
        ],
      },
      {
        type: 'timeseries',
        title: 'Slowest and fastest GPU of each pod',
        description:
          'A job goes as slow as its slowest GPU: lines far apart are a sick GPU, or work that is spread badly.',
        width: 24,
        unit: 'percentunit',
        min: 0,
        max: 1,
        targets: [
          { expr: `min by (namespace, pod) (gpu:utilization:ratio${of})`, legend: '{{namespace}}/{{pod}} slowest' },
          { expr: `max by (namespace, pod) (gpu:utilization:ratio${of})`, legend: '{{namespace}}/{{pod}} fastest' },
        ],
      },
    ],
  };
}

function health(vendor: GpuVendor): Row {
  const onNodes = `{vendor="${vendor}", pool=~"$pool", node=~"$node"}`;
  return {
    title: 'Health',
    panels: [
      {
        type: 'timeseries',
        title: 'Throttled by heat',
        unit: 'percentunit',
        min: 0,
        max: 1,
        targets: [
          { expr: `avg_over_time(gpu:throttled_by_heat:ratio${onNodes}[15m]) > 0`, legend: '{{node}}/{{gpu}}' },
        ],
      },
      {
        type: 'timeseries',
        title: 'Throttled by power',
        unit: 'percentunit',
        min: 0,
        max: 1,
        targets: [
          { expr: `avg_over_time(gpu:throttled_by_power:ratio${onNodes}[15m]) > 0`, legend: '{{node}}/{{gpu}}' },
        ],
      },
      {
        type: 'timeseries',
        title: 'Memory errors corrected',
        min: 0,
        targets: [{ expr: `increase(gpu:ecc_corrected:total${onNodes}[1h]) > 0`, legend: '{{node}}/{{gpu}}' }],
      },
      {
        type: 'table',
        title: 'Alerts that fire',
        width: 24,
        labels: { alertname: 'Alert', severity: 'Severity', node: 'Node', gpu: 'GPU', xid: 'Xid', pool: 'Pool' },
        values: [
          {
            title: 'Alerts',
            expr:
              'count by (alertname, severity, node, gpu, xid, pool) ' +
              `(ALERTS{alertname=~"Gpu.+", vendor="${vendor}", alertstate="firing"})`,
          },
        ],
      },
    ],
  };
}
