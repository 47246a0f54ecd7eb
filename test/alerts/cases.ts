/** Samples a minute apart, in promtool's words: `0x10` is eleven times 0, `_x5` five minutes without, `0+2x5` 0, 2, 4 up to 10. */
type Series = Readonly<Record<string, string>>;
type Labels = Readonly<Record<string, string>>;

/** What an alert is expected to be some minutes after the start: one set of labels for each that fires. */
interface Check {
  readonly alert: string;
  readonly at: number;
  readonly fires: readonly Labels[];
}

export interface Case {
  readonly name: string;
  readonly series: Series;
  readonly checks?: readonly Check[];
  /** Values of expressions after some minutes. */
  readonly values?: readonly { readonly expr: string; readonly at: number; readonly value: number }[];
}

const gpu = (node = 'n1', id = '0'): Labels => ({
  node,
  pool: 'hgx',
  gpu: id,
  UUID: `GPU-${node}-${id}`,
  modelName: 'H100',
});
const amd = (id = '0'): Labels => ({
  node: 'm1',
  pool: 'mi300',
  gpu: id,
  UUID: `S${id}`,
  modelName: 'MI300X',
  GPU_I_ID: '0',
});
const amdSource = (id = '0'): Labels => ({
  ...{ node: 'm1', pool: 'mi300', gpu_id: id, serial_number: `S${id}`, card_model: 'MI300X', gpu_partition_id: '0' },
});
const pod = { namespace: 'cats', pod: 'train-0', container: 'main' };

function series(name: string, labels: Labels): string {
  return `${name}{${Object.entries(labels)
    .map(([label, value]) => `${label}="${value}"`)
    .join(',')}}`;
}

function is(severity: string, labels: Labels, vendor?: string): Labels {
  return { severity, ...labels, ...(vendor && { vendor }) };
}

/** There are no AMD GPUs in the cases about NVIDIA's. */
const NO_AMD = { severity: 'warning', pool: 'mi300', vendor: 'amd' };

const never = (alert: string, ...at: number[]): Check[] => at.map((minute) => ({ alert, at: minute, fires: [] }));
const fires = (alert: string, at: number, ...labels: Labels[]): Check => ({ alert, at, fires: labels });

const critical = is('critical', gpu(), 'nvidia');
const warning = is('warning', gpu(), 'nvidia');
const info = is('info', gpu(), 'nvidia');

/** The lifetime of one alert on a single series: silent below, fires above, ends. */
function lifetime(
  alert: string,
  metric: string,
  {
    below,
    above,
    from,
    until,
    labels = warning,
    source = gpu(),
  }: {
    readonly below: string;
    readonly above: string;
    /** Minutes after which it fires first, and is over; `below` and `above` take an hour each, then `below` again. */
    readonly from: number;
    readonly until: number;
    readonly labels?: Labels;
    readonly source?: Labels;
  },
): Case {
  return {
    name: `${alert}: below, above, and below again`,
    series: { [series(metric, source)]: `${below} ${above} ${below} ${below}` },
    checks: [...never(alert, 59, from - 1), fires(alert, from, labels), ...never(alert, until)],
  };
}

const XID = 'DCGM_EXP_XID_ERRORS_COUNT';
const REASONS = 'DCGM_FI_DEV_CLOCKS_EVENT_REASONS';
const ACTIVE = 'DCGM_FI_PROF_GR_ENGINE_ACTIVE';
const flat = (value: number) => `${value}x59`;

export const CASES: readonly Case[] = [
  {
    name: 'Xid 79: at once, for an hour',
    series: { [series(XID, { ...gpu(), xid: '79' })]: '_x5 1x4' },
    checks: [
      ...never('GpuXidCritical', 4),
      fires('GpuXidCritical', 5, { ...critical, xid: '79' }),
      fires('GpuXidCritical', 60, { ...critical, xid: '79' }),
      ...never('GpuXidCritical', 75),
      ...['GpuXidHardware', 'GpuXidApplication', 'GpuXidUnknown'].flatMap((alert) => never(alert, 6)),
    ],
  },
  {
    name: 'Xids are told apart',
    series: {
      [series(XID, { ...gpu(), xid: '13', ...pod })]: '1x10',
      [series(XID, { ...gpu(), xid: '63' })]: '1x10',
      [series(XID, { ...gpu(), xid: '999' })]: '1x10',
      [series(XID, gpu('n2'))]: '0x10',
    },
    checks: [
      ...never('GpuXidCritical', 5),
      fires('GpuXidApplication', 5, { ...info, xid: '13' }),
      fires('GpuXidHardware', 5, { ...warning, xid: '63' }),
      fires('GpuXidUnknown', 5, { ...warning, xid: '999' }),
    ],
  },
  lifetime('GpuThrottledByHeat', REASONS, { below: flat(1 + 4), above: flat(32), from: 68, until: 134 }),
  lifetime('GpuThrottledByPower', REASONS, { below: flat(1), above: flat(4), from: 90, until: 151, labels: info }),
  lifetime('GpuHardwareSlowdown', REASONS, {
    below: flat(32),
    above: flat(8 + 64),
    from: 61,
    until: 126,
    labels: critical,
  }),
  {
    name: 'the power brake is no heat',
    series: { [series(REASONS, gpu())]: '128x60' },
    checks: [fires('GpuHardwareSlowdown', 30, critical), ...never('GpuThrottledByHeat', 60)],
  },
  ...(
    [
      ['GpuEccDoubleBit', 'DCGM_FI_DEV_ECC_DBE_VOL_TOTAL', critical],
      ['GpuRowRemapFailed', 'DCGM_FI_DEV_ROW_REMAP_FAILURE', critical],
      ['GpuRowRemapPending', 'DCGM_FI_DEV_ROW_REMAP_PENDING', warning],
      ['GpuRowRemapPending', 'DCGM_FI_DEV_RETIRED_PENDING', warning],
    ] as const
  ).map(([alert, metric, labels]) =>
    lifetime(alert, metric, { below: flat(0), above: flat(1), from: 60, until: 120, labels }),
  ),
  {
    name: 'GpuMissing: one of two GPUs goes, and comes back',
    series: {
      [series(ACTIVE, gpu('n1', '0'))]: '0.5x60',
      [series(ACTIVE, gpu('n1', '1'))]: '0.5x10 _x24 0.5x30',
    },
    checks: [
      ...never('GpuMissing', 10, 19),
      fires('GpuMissing', 22, { severity: 'critical', node: 'n1', pool: 'hgx', vendor: 'nvidia' }),
      ...never('GpuMissing', 40),
    ],
  },
  {
    name: 'MIG instances are no further GPUs',
    series: {
      [series(ACTIVE, { ...gpu(), GPU_I_ID: '1', GPU_I_PROFILE: '3g.40gb' })]: '0.5x60',
      [series(ACTIVE, { ...gpu(), GPU_I_ID: '2', GPU_I_PROFILE: '3g.40gb' })]: '0.5x60',
    },
    values: [
      { expr: 'node:gpus:count{node="n1"}', at: 10, value: 1 },
      { expr: 'count(gpu:utilization:ratio)', at: 10, value: 2 },
    ],
    checks: [fires('GpuMissing', 30, { severity: 'critical', node: 'n1', pool: 'hgx', vendor: 'nvidia' })],
  },
  {
    name: 'GpuNodesMissing: one of two nodes',
    series: { [series(ACTIVE, gpu('n1'))]: '0.5x120', [series(ACTIVE, gpu('n2'))]: '0.5x30 _x29 0.5x60' },
    checks: [
      ...[30, 45, 70].map((at) => fires('GpuNodesMissing', at, NO_AMD)),
      fires('GpuNodesMissing', 55, { severity: 'warning', pool: 'hgx', vendor: 'nvidia' }, NO_AMD),
    ],
  },
  {
    name: 'GpuNodesMissing: none at all',
    series: { 'up{job="x"}': '1x60' },
    checks: [fires('GpuNodesMissing', 20, { severity: 'warning', pool: 'hgx', vendor: 'nvidia' }, NO_AMD)],
  },
  {
    name: 'GpuNodeUnmonitored: a node offers GPUs and nobody tells of them',
    series: {
      'kube_node_status_allocatable{node="n1",resource="nvidia_com_gpu"}': '2x60',
      'kube_node_status_allocatable{node="n3",resource="nvidia_com_mig_3g_40gb"}': '2x60',
      'kube_node_status_allocatable{node="n4",resource="cpu"}': '64x60',
      [series(ACTIVE, gpu('n1'))]: '0.5x60',
    },
    checks: [
      ...never('GpuNodeUnmonitored', 14),
      fires('GpuNodeUnmonitored', 16, { severity: 'critical', node: 'n3', vendor: 'nvidia' }),
    ],
  },
  {
    name: 'GpuIdle: only a GPU that a pod has, after an hour, until it works',
    series: {
      [series(ACTIVE, { ...gpu('n1', '0'), ...pod })]: '0.01x80 0.9x20',
      [series(ACTIVE, gpu('n1', '1'))]: '0x100',
      [series(ACTIVE, { ...gpu('n2', '0'), ...pod })]: '0x30 0.5x1 0x60',
    },
    checks: [...never('GpuIdle', 59), fires('GpuIdle', 61, { ...warning, ...pod }), ...never('GpuIdle', 83)],
  },
  {
    name: 'GpuIdle: without profiling, by the utilization in percent',
    series: { [series('DCGM_FI_DEV_GPU_UTIL', { ...gpu(), ...pod })]: '1x70' },
    checks: [fires('GpuIdle', 61, { ...warning, ...pod })],
  },
  {
    name: 'GpuMemoryNearlyFull',
    series: {
      [series('DCGM_FI_DEV_FB_USED', gpu('n1'))]: '98x30 50x10',
      [series('DCGM_FI_DEV_FB_FREE', gpu('n1'))]: '2x30 50x10',
      [series('DCGM_FI_DEV_FB_USED', gpu('n2'))]: '96x40',
      [series('DCGM_FI_DEV_FB_FREE', gpu('n2'))]: '4x40',
    },
    checks: [
      ...never('GpuMemoryNearlyFull', 14),
      fires('GpuMemoryNearlyFull', 16, info),
      ...never('GpuMemoryNearlyFull', 33),
    ],
  },
  {
    name: 'GpuNvlinkFailures: also where the error ended the pod, and with it its series',
    series: {
      [series('DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL', { ...gpu(), ...pod })]: '0x20 _x40',
      [series('DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL', gpu())]: '_x21 3x60',
      [series('DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL', gpu())]: '0+100x80',
    },
    checks: [
      ...never('GpuNvlinkFailures', 19),
      fires('GpuNvlinkFailures', 24, warning),
      ...never('GpuNvlinkFailures', 40),
      ...never('GpuNvlinkChecksumErrors', 60),
    ],
  },
  {
    name: 'GpuNvlinkChecksumErrors: more than a hundred a second',
    series: { [series('DCGM_FI_DEV_NVLINK_CRC_DATA_ERROR_COUNT_TOTAL', gpu())]: '0x20 0+12000x20' },
    checks: [...never('GpuNvlinkChecksumErrors', 20), fires('GpuNvlinkChecksumErrors', 35, warning)],
  },
  ...(
    [
      ['GpuUnhealthy', 'gpu_health', flat(1), flat(0), 61, 'critical'],
      ['GpuEccUncorrectable', 'gpu_ecc_uncorrect_total', flat(0), flat(2), 60, 'critical'],
      ['GpuLinkErrors', 'gpu_ecc_uncorrect_xgmi_wafl', flat(0), flat(2), 60, 'warning'],
    ] as const
  ).map(([alert, metric, below, above, from, severity]) =>
    lifetime(alert, metric, {
      below,
      above,
      from,
      until: 120,
      labels: is(severity, amd(), 'amd'),
      source: amdSource(),
    }),
  ),
  {
    name: 'AMD: throttled by the hotter of two, idle, and one of two GPUs missing',
    series: {
      [series('gpu_violation_socket_thermal_residency_percentage', amdSource())]: '0x90',
      [series('gpu_violation_hbm_thermal_residency_percentage', amdSource())]: '60x90',
      [series('gpu_gfx_activity', { ...amdSource(), ...pod })]: '1x90',
      [series('gpu_used_vram', { ...amdSource(), ...pod })]: '990x90',
      [series('gpu_total_vram', { ...amdSource(), ...pod })]: '1000x90',
    },
    checks: [
      fires('GpuThrottledByHeat', 30, is('warning', amd(), 'amd')),
      fires('GpuIdle', 62, is('warning', { ...amd(), ...pod }, 'amd')),
      fires('GpuMissing', 30, { severity: 'critical', node: 'm1', pool: 'mi300', vendor: 'amd' }),
      fires('GpuMemoryNearlyFull', 30, is('info', { ...amd(), ...pod }, 'amd')),
    ],
  },
  {
    name: 'InfinibandPortDown: not a port that never was up, nor one that is switched off',
    series: {
      'node_infiniband_state_id{instance="n1",device="mlx5_0",port="1"}': '4x10 1x30',
      'node_infiniband_physical_state_id{instance="n1",device="mlx5_0",port="1"}': '5x10 2x30',
      'node_infiniband_state_id{instance="n1",device="mlx5_1",port="1"}': '1x40',
      'node_infiniband_physical_state_id{instance="n1",device="mlx5_1",port="1"}': '2x40',
      'node_infiniband_state_id{instance="n1",device="mlx5_2",port="1"}': '4x10 1x30',
      'node_infiniband_physical_state_id{instance="n1",device="mlx5_2",port="1"}': '5x10 3x30',
    },
    checks: [
      ...never('InfinibandPortDown', 10, 12),
      fires('InfinibandPortDown', 14, { severity: 'critical', instance: 'n1', device: 'mlx5_0', port: '1' }),
    ],
  },
  {
    name: 'InfiniBand: errors and flapping',
    series: {
      'node_infiniband_symbol_error_total{instance="n1",device="mlx5_0",port="1"}': '0+1x60 60x120',
      'node_infiniband_symbol_error_total{instance="n2",device="mlx5_0",port="1"}': '0x30 4x150',
      'node_infiniband_link_downed_total{instance="n1",device="mlx5_0",port="1"}': '0x20 1x10 2x150',
      'node_infiniband_link_downed_total{instance="n2",device="mlx5_0",port="1"}': '0x20 1x160',
    },
    checks: [
      ...never('InfinibandSymbolErrors', 5),
      fires('InfinibandSymbolErrors', 60, { severity: 'warning', instance: 'n1', device: 'mlx5_0', port: '1' }),
      ...never('InfinibandSymbolErrors', 140),
      ...never('InfinibandLinkFlapping', 25),
      fires('InfinibandLinkFlapping', 60, { severity: 'warning', instance: 'n1', device: 'mlx5_0', port: '1' }),
      ...never('InfinibandLinkFlapping', 140),
    ],
  },
  {
    name: 'GPUs and GPU-hours of namespaces, pools and teams',
    series: {
      [series(ACTIVE, { ...gpu('n1', '0'), ...pod })]: '0.5x130',
      [series(ACTIVE, { ...gpu('n1', '1'), ...pod })]: '1x130',
      [series(ACTIVE, { ...gpu('n2', '0'), namespace: 'dogs', pod: 'b' })]: '0.5x130',
      [series(ACTIVE, gpu('n2', '1'))]: '0x130',
    },
    values: [
      { expr: 'namespace:gpus_allocated:count{namespace="cats"}', at: 10, value: 2 },
      { expr: 'namespace:gpu_utilization:avg{namespace="cats"}', at: 10, value: 0.75 },
      { expr: 'namespace:gpus_allocated:hours{namespace="cats"}', at: 120, value: 2 },
      { expr: 'namespace:gpus_busy:hours{namespace="cats"}', at: 120, value: 1.5 },
      { expr: 'node:gpus_allocated:count{node="n2"}', at: 10, value: 1 },
      { expr: 'pool:gpus:count{pool="hgx"}', at: 10, value: 4 },
      { expr: 'pool:gpus_allocated:count{pool="hgx"}', at: 10, value: 3 },
      { expr: 'pool:gpu_utilization:avg{pool="hgx"}', at: 10, value: 0.5 },
      { expr: 'team:gpus_allocated:count{team="vision"}', at: 10, value: 3 },
      { expr: 'team:gpus_allocated:hours{team="vision"}', at: 120, value: 3 },
    ],
    checks: [...never('GpuMissing', 60), fires('GpuNodesMissing', 60, NO_AMD)],
  },
];

/** What alerts say, letter by letter. */
export const TEXTS: readonly (Case & { readonly says: Readonly<Record<'summary' | 'description', string>> })[] = [
  {
    name: 'the text of an Xid',
    series: { [series(XID, { ...gpu(), xid: '79' })]: '1x4' },
    checks: [fires('GpuXidCritical', 2, { ...critical, xid: '79' })],
    says: {
      summary: 'Xid 79: GPU 0 of n1',
      description:
        'The GPU has fallen off the bus. Drain the node and power it off and on; look at seating, power and PCIe, and have the GPU serviced if it comes back.',
    },
  },
  {
    name: 'the text of an idle MIG instance',
    series: { [series(ACTIVE, { ...gpu(), GPU_I_ID: '3', GPU_I_PROFILE: '1g.10gb', ...pod })]: '0x70' },
    checks: [fires('GpuIdle', 65, { ...warning, GPU_I_ID: '3', GPU_I_PROFILE: '1g.10gb', ...pod })],
    says: {
      summary: 'GPU allocated but idle: GPU 0, instance 3, of n1, pod cats/train-0',
      description:
        'A pod has had the GPU all this time and used less than 2 % of it: a hanging job, or a forgotten notebook. ' +
        'Ask its team, and end the pod if nobody needs it.',
    },
  },
];
