import { Duration } from 'cdk8s';
import { type RecordingRule, type RuleGroup } from '../../core';
import { type GpuVendor } from '../../site';
import { CLOCK_EVENT } from './dcgm';

/** What tells GPUs, or MIG instances of them, apart: the same labels for both vendors. */
export const DEVICE = 'node, pool, gpu, UUID, modelName, GPU_I_ID, GPU_I_PROFILE';
/** And whose they are. */
const OWNED = `${DEVICE}, namespace, pod, container`;
/** How often the series are recorded: a sample of a count of GPUs is so much of a GPU-hour. */
export const SAMPLES_PER_HOUR = 60;
/** The samples of one hour and no more: an hour exactly has 60 or 61, as the version of Prometheus counts the first. */
const HOUR = '3590s';

/** What the recorded series are made of. */
interface Sources {
  readonly utilization: string;
  readonly memory: string;
  readonly power: string;
  readonly temperature: string;
  /** Part of the time, 0 to 1, in which heat, or the power limit, held clocks down, or a protection of the hardware. */
  readonly throttledByHeat: string;
  readonly throttledByPower: string;
  readonly slowedDown: string;
  readonly more: Readonly<Record<string, string>>;
}

/** The sum of counters of a device, of which it may not have all. */
function counters(...names: readonly string[]): string {
  return `sum by (${DEVICE}) (max by (${DEVICE}, __name__) ({__name__=~"${names.join('|')}"}))`;
}

/** Whether one of the bits, which must be neighbours, is set: PromQL has no operators on bits. */
function anyBit(metric: string, ...bits: readonly number[]): string {
  return `floor(${metric} / ${Math.min(...bits)}) % ${2 ** bits.length} > bool 0`;
}

const reasons = 'DCGM_FI_DEV_CLOCKS_EVENT_REASONS';

const NVIDIA: Sources = {
  // Of a MIG instance there is no GPU_UTIL, of a GPU without profiling no GR_ENGINE_ACTIVE.
  utilization: 'DCGM_FI_PROF_GR_ENGINE_ACTIVE or DCGM_FI_DEV_GPU_UTIL / 100',
  memory: 'DCGM_FI_DEV_FB_USED / (DCGM_FI_DEV_FB_USED + DCGM_FI_DEV_FB_FREE)',
  power: 'DCGM_FI_DEV_POWER_USAGE',
  temperature: 'DCGM_FI_DEV_GPU_TEMP',
  throttledByHeat: anyBit(reasons, CLOCK_EVENT.softwareThermal, CLOCK_EVENT.hardwareThermal),
  throttledByPower: anyBit(reasons, CLOCK_EVENT.softwarePowerCap),
  slowedDown: anyBit(reasons, CLOCK_EVENT.hardwareThermal, CLOCK_EVENT.hardwarePowerBrake),
  more: {
    'gpu:ecc_corrected:total': `max by (${DEVICE}) (DCGM_FI_DEV_ECC_SBE_VOL_TOTAL)`,
    'gpu:nvlink_failures:total': counters(
      'DCGM_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL',
      'DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL',
      'DCGM_FI_DEV_NVLINK_COUNT_LINK_RECOVERY_FAILED_EVENTS',
    ),
    'gpu:nvlink_checksum_errors:total': counters(
      'DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL',
      'DCGM_FI_DEV_NVLINK_CRC_DATA_ERROR_COUNT_TOTAL',
    ),
  },
};

/** AMD's labels by NVIDIA's names. */
export function amdDevice(expr: string): string {
  return [
    ['gpu', 'gpu_id'],
    ['UUID', 'serial_number'],
    ['modelName', 'card_model'],
    ['GPU_I_ID', 'gpu_partition_id'],
  ].reduce((inner, [to, from]) => `label_replace(${inner}, "${to}", "$1", "${from}", "(.*)")`, expr);
}

const AMD: Sources = {
  utilization: amdDevice('gpu_gfx_activity / 100'),
  memory: amdDevice('gpu_used_vram / gpu_total_vram'),
  power: amdDevice('gpu_power_usage'),
  temperature: amdDevice('gpu_junction_temperature'),
  throttledByHeat: amdDevice(
    '(gpu_violation_socket_thermal_residency_percentage > gpu_violation_hbm_thermal_residency_percentage ' +
      'or gpu_violation_hbm_thermal_residency_percentage) / 100',
  ),
  throttledByPower: amdDevice('gpu_violation_ppt_residency_percentage / 100'),
  slowedDown: amdDevice(
    '(gpu_violation_processor_hot_residency_percentage > gpu_violation_vr_thermal_residency_percentage ' +
      'or gpu_violation_vr_thermal_residency_percentage) / 100',
  ),
  more: { 'gpu:ecc_corrected:total': `max by (${DEVICE}) (${amdDevice('gpu_ecc_correct_total')})` },
};

/**
 * Series that both vendors' GPUs have in common, told apart by the label `vendor`, and their sums for nodes, pools, namespaces and teams.
 * A GPU cut by MIG counts as many as it has instances, but for `node:gpus:count`, which counts GPUs.
 */
export function recordedSeries(
  vendor: GpuVendor,
  teams: Readonly<Record<string, readonly string[]>> = {},
): RuleGroup[] {
  const from = vendor === 'nvidia' ? NVIDIA : AMD;
  const rule = (record: string, expr: string, labels?: Record<string, string>): RecordingRule => ({
    record,
    expr,
    labels: { vendor, ...labels },
  });
  const device = (record: string, expr: string) => rule(record, `max by (${DEVICE}) (${expr})`);
  const owned = (record: string, expr: string) => rule(record, `max by (${OWNED}) (${expr})`);
  const all = `{vendor="${vendor}"}`;
  const taken = `gpu:utilization:ratio{vendor="${vendor}", pod!=""}`;
  const allocated = (by: string) => `count by (${by}) (count by (${by}, node, UUID, gpu, GPU_I_ID) (${taken}))`;
  const gpuHours = (series: string) => `sum_over_time(${series}[${HOUR}]) / ${SAMPLES_PER_HOUR}`;
  return [
    {
      name: `gpus-${vendor}`,
      interval: Duration.minutes(60 / SAMPLES_PER_HOUR),
      rules: [
        owned('gpu:utilization:ratio', from.utilization),
        owned('gpu:memory_used:ratio', from.memory),
        owned('gpu:power:watts', from.power),
        device('gpu:temperature:celsius', from.temperature),
        device('gpu:throttled_by_heat:ratio', from.throttledByHeat),
        device('gpu:throttled_by_power:ratio', from.throttledByPower),
        device('gpu:slowed_down:ratio', from.slowedDown),
        ...Object.entries(from.more).map(([record, expr]) => rule(record, expr)),
        rule('node:gpus:count', `count by (node, pool) (count by (node, pool, UUID) (gpu:utilization:ratio${all}))`),
        rule('node:gpus_allocated:count', allocated('node, pool')),
        rule('node:gpu_utilization:avg', `avg by (node, pool) (gpu:utilization:ratio${all})`),
        rule('pool:gpus:count', `sum by (pool) (node:gpus:count${all})`),
        rule('pool:gpus_allocated:count', `sum by (pool) (node:gpus_allocated:count${all})`),
        rule('pool:gpu_utilization:avg', `avg by (pool) (gpu:utilization:ratio${all})`),
        rule('namespace:gpus_allocated:count', allocated('namespace, pool')),
        rule('namespace:gpus_busy:sum', `sum by (namespace, pool) (${taken})`),
        rule('namespace:gpu_utilization:avg', `avg by (namespace, pool) (${taken})`),
        rule('namespace:gpus_allocated:hours', gpuHours(`namespace:gpus_allocated:count${all}`)),
        rule('namespace:gpus_busy:hours', gpuHours(`namespace:gpus_busy:sum${all}`)),
        ...Object.entries(teams).flatMap(([team, namespaces]) =>
          (['gpus_allocated:count', 'gpus_allocated:hours', 'gpus_busy:hours'] as const).map((what) =>
            rule(`team:${what}`, `sum(namespace:${what}{vendor="${vendor}", namespace=~"${namespaces.join('|')}"})`, {
              team,
            }),
          ),
        ),
      ],
    },
  ];
}
