import { Duration } from 'cdk8s';
import { type GpuVendor } from '../../site';
import { type Finding } from './finding';
import { amdDevice, DEVICE } from './series';
import { XIDS, xidPattern, xidTemplate, type XidAction } from './xid';

const GPU = 'GPU {{ $labels.gpu }}{{ with $labels.GPU_I_ID }}, instance {{ . }},{{ end }} of {{ $labels.node }}';
const POD = 'pod {{ $labels.namespace }}/{{ $labels.pod }}';

/** What a site says of a pool that has GPUs. */
export interface ExpectedPool {
  readonly name: string;
  readonly nodes: number;
  readonly gpusPerNode: number;
}

export interface FindingProps {
  readonly pools: readonly ExpectedPool[];
  readonly idleAfter: Duration;
}

/** What can be wrong with the GPUs of a vendor. */
export function findings(vendor: GpuVendor, props: FindingProps): Finding[] {
  return [...(vendor === 'nvidia' ? nvidia() : amd()), ...common(vendor, props)];
}

function common(vendor: GpuVendor, { pools, idleAfter }: FindingProps): Finding[] {
  const of = (rest = '') => `{vendor="${vendor}"${rest}}`;
  const missing = pools.map(({ name, gpusPerNode }) => `node:gpus:count${of(`, pool="${name}"`)} < ${gpusPerNode}`);
  const absent = pools.map(
    ({ name, nodes }) =>
      `label_replace(count(node:gpus:count${of(`, pool="${name}"`)}) or vector(0), "pool", "${name}", "", "") < ${nodes}`,
  );
  return [
    {
      alert: 'GpuMissing',
      severity: 'critical',
      expr: missing.join(' or '),
      for: Duration.minutes(5),
      what: 'GPU missing',
      where: '{{ $labels.node }} of pool {{ $labels.pool }}',
      value: 'The node shows {{ $value }}.',
      means:
        'A node shows fewer GPUs than the site says it has: one has fallen off the bus, or could not be initialized.',
      todo: "Drain the node, read the kernel's log, power it off and on. If the GPU stays away, have it serviced.",
    },
    {
      alert: 'GpuNodesMissing',
      severity: 'warning',
      expr: absent.join(' or '),
      for: Duration.minutes(15),
      what: 'Nodes with GPUs missing',
      where: 'pool {{ $labels.pool }}',
      value: '{{ $value }} show GPUs.',
      means:
        'Fewer nodes of the pool show GPUs than the site has. The others are off, without a driver, or without an exporter.',
      todo: 'Look at the nodes of the pool, then at the driver and the exporter on those that are ready.',
    },
    {
      alert: 'GpuNodeUnmonitored',
      severity: 'critical',
      expr:
        `max by (node) (kube_node_status_allocatable{resource=~"${vendor}_com_.+"}) > 0 ` +
        `unless on (node) node:gpus:count${of()}`,
      for: Duration.minutes(15),
      what: 'No metrics of the GPUs',
      where: '{{ $labels.node }}',
      means:
        'The node offers GPUs to pods, but no exporter tells of them: no other alert would fire. Needs kube-state-metrics.',
      todo: "Look at the exporter's pod on the node, and at the scraper's targets.",
    },
    {
      alert: 'GpuHardwareSlowdown',
      severity: 'critical',
      expr: `avg_over_time(gpu:slowed_down:ratio${of()}[5m]) > 0.2`,
      what: 'GPU slowed down by its protection',
      where: GPU,
      value: '{{ $value | humanizePercentage }} of the last five minutes.',
      means: 'The hardware halves the clocks, or worse, because it is much too hot or the power supply asks for it.',
      todo: 'Look at fans, airflow and power supplies at once; move the jobs elsewhere.',
    },
    {
      alert: 'GpuThrottledByHeat',
      severity: 'warning',
      expr: `avg_over_time(gpu:throttled_by_heat:ratio${of()}[15m]) > 0.2`,
      for: Duration.minutes(5),
      what: 'GPU throttled by heat',
      where: GPU,
      value: '{{ $value | humanizePercentage }} of the last quarter of an hour.',
      means:
        'For more than a fifth of the time clocks are lower because the GPU or its memory is too hot. A job of many GPUs goes as slow as this one.',
      todo: 'Look at the airflow and at the temperature of the room; compare with the GPUs beside it.',
    },
    {
      alert: 'GpuThrottledByPower',
      severity: 'info',
      expr: `avg_over_time(gpu:throttled_by_power:ratio${of()}[1h]) > 0.5`,
      what: 'GPU held by its power limit',
      where: GPU,
      value: '{{ $value | humanizePercentage }} of the last hour.',
      means:
        'For more than half of an hour the power limit held the clocks down. That is usual at full load; it is not if the limit was lowered.',
      todo: 'Nothing, if the limit is as it should be.',
    },
    {
      alert: 'GpuIdle',
      severity: 'warning',
      expr: `gpu:utilization:ratio${of(', pod!=""')} < 0.02`,
      for: idleAfter,
      what: 'GPU allocated but idle',
      where: `${GPU}, ${POD}`,
      means:
        'A pod has had the GPU all this time and used less than 2 % of it: a hanging job, or a forgotten notebook.',
      todo: 'Ask its team, and end the pod if nobody needs it.',
    },
    {
      alert: 'GpuMemoryNearlyFull',
      severity: 'info',
      expr: `gpu:memory_used:ratio${of()} > 0.97`,
      for: Duration.minutes(15),
      what: 'GPU memory nearly full',
      where: `${GPU}{{ with $labels.pod }}, pod {{ $labels.namespace }}/{{ . }}{{ end }}`,
      value: '{{ $value | humanizePercentage }} are used.',
      means:
        'The next allocation may fail. Some programs take all memory at their start and hand it out themselves; then it is usual.',
      todo: 'Use smaller batches or more GPUs, if the job fails for want of memory.',
    },
  ];
}

function nvidia(): Finding[] {
  const now = (metric: string) => `max by (${DEVICE}) (${metric}) > 0`;
  return [
    xid('GpuXidCritical', 'critical', ['reset', 'reboot'], 'a GPU that must be reset, or a node that must be rebooted'),
    xid('GpuXidHardware', 'warning', ['watch'], 'hardware that is to be watched'),
    xid('GpuXidApplication', 'info', ['application'], 'a program that failed on the GPU, most often by its own fault'),
    {
      alert: 'GpuXidUnknown',
      severity: 'warning',
      expr: xidExpr(`xid!~"0|${XIDS.map((each) => each.xid).join('|')}|"`),
      what: 'Xid {{ $labels.xid }}',
      where: GPU,
      means: 'The driver reported an Xid error that this page does not list.',
      todo: "Look it up in NVIDIA's catalog: https://docs.nvidia.com/deploy/xid-errors/analyzing-xid-catalog.html",
    },
    {
      alert: 'GpuEccDoubleBit',
      severity: 'critical',
      expr: now('DCGM_FI_DEV_ECC_DBE_VOL_TOTAL'),
      what: 'Uncorrectable memory error',
      where: GPU,
      value: '{{ $value }} since the driver was loaded.',
      means:
        'The memory had errors of two bits, which ECC finds but cannot correct. The program that met one was ended. It stays until the GPU is reset.',
      todo: 'Drain the node and reset the GPU; have it serviced if it comes back.',
    },
    {
      alert: 'GpuRowRemapPending',
      severity: 'warning',
      expr: `max by (${DEVICE}) ({__name__=~"DCGM_FI_DEV_ROW_REMAP_PENDING|DCGM_FI_DEV_RETIRED_PENDING"}) > 0`,
      what: 'Memory waits to be replaced',
      where: GPU,
      means:
        'The GPU has a memory row, or page, that is to be replaced by a spare. That happens at a reset; until then it may err again.',
      todo: 'Reset the GPU, or reboot the node, when no job runs there.',
    },
    {
      alert: 'GpuRowRemapFailed',
      severity: 'critical',
      expr: now('DCGM_FI_DEV_ROW_REMAP_FAILURE'),
      what: 'Memory could not be replaced',
      where: GPU,
      means: 'There is no spare left for a memory row that errs.',
      todo: 'Drain the node and have the GPU replaced.',
    },
    {
      alert: 'GpuNvlinkFailures',
      severity: 'warning',
      expr: 'increase(gpu:nvlink_failures:total[10m]) > 0',
      what: 'NVLink fails',
      where: GPU,
      value: '{{ $value | humanize }} within ten minutes.',
      // DCGM's own health check takes one of these for a failure.
      means:
        'Packets were sent again, a link was trained anew, or did not come back. Collectives stall, or the job ends.',
      todo: 'Run `dcgmi diag -r 3` when no job runs; reseat the GPU or the NVLink bridge, or have it serviced, if it goes on.',
    },
    {
      alert: 'GpuNvlinkChecksumErrors',
      severity: 'warning',
      // DCGM's own health check takes this rate for a failure: DCGM_LIMIT_MAX_NVLINK_CRC_ERROR.
      expr: 'rate(gpu:nvlink_checksum_errors:total[5m]) > 100',
      for: Duration.minutes(5),
      what: 'Many checksum errors on NVLink',
      where: GPU,
      value: '{{ $value | humanize }} a second.',
      means: 'More than a hundred packets a second arrive damaged. Single ones are usual, and repaired.',
      todo: 'As with GpuNvlinkFailures, before the link fails.',
    },
  ];
}

/** The exporter keeps an Xid for five minutes, the alert for an hour. */
function xidExpr(selector: string): string {
  return `max by (${DEVICE}, xid) (max_over_time(DCGM_EXP_XID_ERRORS_COUNT{${selector}}[1h])) > 0`;
}

function xid(alert: string, severity: Finding['severity'], actions: readonly XidAction[], means: string): Finding {
  return {
    alert,
    severity,
    expr: xidExpr(`xid=~"${xidPattern(...actions)}"`),
    what: 'Xid {{ $labels.xid }}',
    where: GPU,
    means: `Within the last hour the driver reported an Xid error that tells of ${means}.`,
    todo: 'What the table of Xid errors says.',
    explain: xidTemplate(...actions),
  };
}

function amd(): Finding[] {
  return [
    {
      alert: 'GpuUnhealthy',
      severity: 'critical',
      expr: `min by (${DEVICE}) (${amdDevice('gpu_health')}) == 0`,
      for: Duration.minutes(1),
      what: 'GPU unhealthy',
      where: GPU,
      means:
        'The exporter takes the GPU for unhealthy: it had more uncorrectable errors than allowed. The device plugin offers it no more.',
      todo: 'Drain the node, reset the GPU or reboot, and have it serviced if it comes back.',
    },
    {
      alert: 'GpuEccUncorrectable',
      severity: 'critical',
      expr: `max by (${DEVICE}) (${amdDevice('gpu_ecc_uncorrect_total')}) > 0`,
      what: 'Uncorrectable memory error',
      where: GPU,
      value: '{{ $value }} since the driver was loaded.',
      means: 'Errors that ECC finds but cannot correct. It stays until the driver is loaded anew.',
      todo: 'Drain the node and reboot it; have the GPU serviced if it comes back.',
    },
    {
      alert: 'GpuLinkErrors',
      severity: 'warning',
      expr: `max by (${DEVICE}) (${amdDevice('gpu_ecc_uncorrect_xgmi_wafl')}) > 0`,
      what: 'Errors between GPUs',
      where: GPU,
      value: '{{ $value }} since the driver was loaded.',
      means: 'The links between the GPUs had errors that could not be corrected.',
      todo: 'Drain the node and reboot it; have it serviced if they come back.',
    },
  ];
}
