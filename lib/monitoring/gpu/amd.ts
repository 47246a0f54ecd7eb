import { type Metric } from './metric';

/**
 * What is used of AMD's device metrics exporter, whose own choice has all of them. Its series have the labels `gpu_id`, `serial_number`,
 * `card_model`, `gpu_partition_id`, `hostname`, and where a pod has the GPU `namespace`, `pod` and `container`. Without a prefix
 * (`MetricsFieldPrefix`), as the exporter is by itself.
 *
 * @see https://github.com/ROCm/device-metrics-exporter/blob/main/docs/configuration/metricslist.md
 * @see https://github.com/ROCm/device-metrics-exporter/blob/main/pkg/amdgpu/gpuagent/gpuagent_gpu_metrics.go
 */
export const AMD_METRICS: readonly Metric[] = [
  gauge(
    'gpu_health',
    '0 or 1',
    'whether the exporter takes the GPU for healthy: fewer uncorrectable errors than its thresholds',
  ),
  gauge('gpu_gfx_activity', '%', 'use of the compute engine; of a partitioned GPU in its first partition only'),
  gauge('gpu_umc_activity', '%', 'use of the memory controller'),
  gauge('gpu_used_vram', 'MB', 'memory that is used'),
  gauge('gpu_total_vram', 'MB', 'memory that there is'),
  gauge('gpu_power_usage', 'W', 'power drawn'),
  gauge('gpu_junction_temperature', '°C', 'temperature of the hottest point; MI300'),
  gauge('gpu_memory_temperature', '°C', 'temperature of the memory'),
  gauge('gpu_energy_consumed', 'µJ', 'energy used since the driver was loaded'),
  gauge('gpu_ecc_correct_total', '', 'errors that were corrected'),
  gauge('gpu_ecc_uncorrect_total', '', 'errors that could not be corrected'),
  gauge('gpu_ecc_uncorrect_xgmi_wafl', '', 'errors between GPUs that could not be corrected'),
  gauge('gpu_violation_ppt_residency_percentage', '%', 'time in which the power limit held clocks down; MI300'),
  gauge('gpu_violation_socket_thermal_residency_percentage', '%', 'time in which the socket was too hot; MI300'),
  gauge('gpu_violation_hbm_thermal_residency_percentage', '%', 'time in which the memory was too hot; MI300'),
  gauge(
    'gpu_violation_vr_thermal_residency_percentage',
    '%',
    'time in which the voltage regulators were too hot; MI300',
  ),
  gauge(
    'gpu_violation_processor_hot_residency_percentage',
    '%',
    'time in which the board said that it was too hot; MI300',
  ),
];

function gauge(name: string, unit: string, meaning: string): Metric {
  return { name, type: 'gauge', unit, meaning };
}
