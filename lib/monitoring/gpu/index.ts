export { AMD_METRICS } from './amd';
export { CLOCK_EVENT, DCGM_METRICS, dcgmCounters, type DcgmMetric } from './dcgm';
export { gpuDashboard } from './dashboard';
export { type RunbookProps } from './finding';
export {
  addGpuMonitoring,
  addInfinibandMonitoring,
  type GpuMonitoringProps,
  gpuRules,
  type GpuRulesProps,
} from './gpu-monitoring';
export { INFINIBAND_METRICS, infinibandRules } from './infiniband';
export { type Metric as ExporterMetric } from './metric';
export { type Xid, type XidAction, XIDS } from './xid';
