import { type Metric } from './metric';

/**
 * A counter of NVIDIA's DCGM exporter. Its series have the labels `gpu`, `UUID`, `device`, `modelName`, with MIG `GPU_I_ID` and
 * `GPU_I_PROFILE`, and where a pod has the GPU `namespace`, `pod` and `container`; the host's name is in `Hostname`, and since 4.8.3 in
 * `hostname`. The names are those before DCGM 4.6 renamed its fields; the exporter knows both, and calls a series as its file does.
 *
 * @see https://github.com/NVIDIA/dcgm-exporter/blob/4.5.3-4.8.2/internal/pkg/rendermetrics/render_metrics.go
 * @see https://github.com/NVIDIA/DCGM/blob/v4.6.0/dcgmlib/dcgm_fields.h
 */
export interface DcgmMetric extends Metric {
  /** The exporter's own file, which the GPU operator uses where it is given none, leaves it out. */
  readonly extra?: true;
}

const metric =
  (type: Metric['type'], extra?: true) =>
  (name: string, unit: string, meaning: string): DcgmMetric => ({ name, type, unit, meaning, ...(extra && { extra }) });

const gauge = metric('gauge');
const counter = metric('counter');
const extraGauge = metric('gauge', true);
const extraCounter = metric('counter', true);

/**
 * What the exporter is told to count: its own choice, and what alerts need beyond it.
 * @see https://github.com/NVIDIA/dcgm-exporter/blob/4.5.3-4.8.2/etc/dcp-metrics-included.csv
 */
export const DCGM_METRICS: readonly DcgmMetric[] = [
  gauge('DCGM_FI_DEV_SM_CLOCK', 'MHz', 'clock of the streaming multiprocessors'),
  gauge('DCGM_FI_DEV_MEM_CLOCK', 'MHz', 'clock of the memory'),
  gauge('DCGM_FI_DEV_GPU_TEMP', '°C', 'temperature of the GPU'),
  gauge('DCGM_FI_DEV_MEMORY_TEMP', '°C', 'temperature of the memory'),
  gauge('DCGM_FI_DEV_POWER_USAGE', 'W', 'power drawn'),
  extraGauge('DCGM_FI_DEV_ENFORCED_POWER_LIMIT', 'W', 'power that the driver lets it draw'),
  counter('DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION', 'mJ', 'energy used since the driver was loaded'),
  counter('DCGM_FI_DEV_PCIE_REPLAY_COUNTER', '', 'PCIe packets sent again'),

  gauge('DCGM_FI_DEV_GPU_UTIL', '%', 'time in which a kernel ran; not for MIG instances'),
  gauge('DCGM_FI_DEV_MEM_COPY_UTIL', '%', 'time in which memory was read or written'),
  gauge('DCGM_FI_DEV_ENC_UTIL', '%', 'use of the video encoder'),
  gauge('DCGM_FI_DEV_DEC_UTIL', '%', 'use of the video decoder'),
  gauge('DCGM_FI_PROF_GR_ENGINE_ACTIVE', 'ratio', 'time in which the compute engine was active; for MIG instances too'),
  extraGauge('DCGM_FI_PROF_SM_ACTIVE', 'ratio', 'cycles in which a multiprocessor had at least one warp'),
  extraGauge('DCGM_FI_PROF_SM_OCCUPANCY', 'ratio', 'warps resident of those that could be'),
  gauge('DCGM_FI_PROF_PIPE_TENSOR_ACTIVE', 'ratio', 'cycles in which the tensor cores were active'),
  gauge('DCGM_FI_PROF_DRAM_ACTIVE', 'ratio', 'cycles in which the memory was read or written'),
  gauge('DCGM_FI_PROF_PCIE_TX_BYTES', 'B/s', 'sent over PCIe'),
  gauge('DCGM_FI_PROF_PCIE_RX_BYTES', 'B/s', 'received over PCIe'),
  extraGauge('DCGM_FI_PROF_NVLINK_TX_BYTES', 'B/s', 'sent over NVLink'),
  extraGauge('DCGM_FI_PROF_NVLINK_RX_BYTES', 'B/s', 'received over NVLink'),

  gauge('DCGM_FI_DEV_FB_FREE', 'MiB', 'memory that is free'),
  gauge('DCGM_FI_DEV_FB_USED', 'MiB', 'memory that is used'),
  gauge('DCGM_FI_DEV_FB_RESERVED', 'MiB', 'memory that the driver keeps to itself'),

  gauge('DCGM_FI_DEV_XID_ERRORS', 'Xid', 'the last Xid error; it stays until the exporter or the driver is restarted'),
  extraGauge('DCGM_EXP_XID_ERRORS_COUNT', '', 'Xid errors of the last five minutes by the label xid'),
  extraGauge('DCGM_FI_DEV_CLOCKS_EVENT_REASONS', 'bits', 'why the clocks are lower than they could be'),

  extraCounter(
    'DCGM_FI_DEV_ECC_SBE_VOL_TOTAL',
    '',
    'single-bit errors that were corrected since the driver was loaded',
  ),
  extraCounter('DCGM_FI_DEV_ECC_DBE_VOL_TOTAL', '', 'double-bit errors since the driver was loaded'),
  extraCounter('DCGM_FI_DEV_ECC_SBE_AGG_TOTAL', '', 'single-bit errors in the life of the GPU'),
  extraCounter('DCGM_FI_DEV_ECC_DBE_AGG_TOTAL', '', 'double-bit errors in the life of the GPU'),
  counter('DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS', '', 'memory rows replaced after uncorrectable errors'),
  counter('DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS', '', 'memory rows replaced after correctable errors'),
  gauge('DCGM_FI_DEV_ROW_REMAP_FAILURE', '0 or 1', 'a row could not be replaced'),
  extraGauge('DCGM_FI_DEV_ROW_REMAP_PENDING', '0 or 1', 'a row is replaced at the next reset'),
  extraCounter('DCGM_FI_DEV_RETIRED_SBE', '', 'pages retired after single-bit errors; before Ampere'),
  extraCounter('DCGM_FI_DEV_RETIRED_DBE', '', 'pages retired after double-bit errors; before Ampere'),
  extraGauge('DCGM_FI_DEV_RETIRED_PENDING', '', 'pages that are retired at the next reset; before Ampere'),

  counter('DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL', '', 'traffic of all NVLinks'),
  extraCounter(
    'DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL',
    '',
    'NVLink flow-control checksums that were wrong; up to NVLink 4',
  ),
  extraCounter(
    'DCGM_FI_DEV_NVLINK_CRC_DATA_ERROR_COUNT_TOTAL',
    '',
    'NVLink data checksums that were wrong; up to NVLink 4',
  ),
  extraCounter('DCGM_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL', '', 'NVLink packets sent again; up to NVLink 4'),
  extraCounter(
    'DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL',
    '',
    'NVLinks that had to be trained anew; up to NVLink 4',
  ),
  extraCounter(
    'DCGM_FI_DEV_NVLINK_COUNT_LINK_RECOVERY_FAILED_EVENTS',
    '',
    'NVLinks that went down and stayed down; from NVLink 5',
  ),
];

/** Bits of DCGM_FI_DEV_CLOCKS_EVENT_REASONS. @see https://docs.nvidia.com/datacenter/dcgm/latest/reference/dcgm-api/dcgm-api-field-constants.html */
export const CLOCK_EVENT = {
  /** The power limit: usual for a GPU at full load. */
  softwarePowerCap: 0x04,
  /** The GPU or its memory is hotter than it should be at work. */
  softwareThermal: 0x20,
  /** Much too hot: clocks are halved or less. */
  hardwareThermal: 0x40,
  /** The power supply asks for less: clocks are halved or less. */
  hardwarePowerBrake: 0x80,
} as const;

/**
 * The file that tells the exporter what to count: for a ConfigMap with the key `dcgm-metrics.csv`, which the GPU operator's
 * `dcgmExporter.config.name` names.
 * @see https://docs.nvidia.com/datacenter/cloud-native/gpu-operator/latest/getting-started.html
 */
export function dcgmCounters(): string {
  const lines = DCGM_METRICS.map(
    ({ name, type, meaning, unit }) => `${name}, ${type}, ${meaning}${unit && ` (${unit})`}`,
  );
  return ['# DCGM field, type, meaning', ...lines, 'DCGM_FI_DRIVER_VERSION, label, version of the driver', ''].join(
    '\n',
  );
}
