export { Dashboard, type DashboardProps, type Row, type Variable } from './dashboard';
export * from './gpu';
export {
  type Color,
  type GaugePanel,
  type HeatmapPanel,
  type Link,
  type Panel,
  type StatPanel,
  type TablePanel,
  type TableValue,
  type Target,
  type Threshold,
  type TimeSeriesPanel,
  type Unit,
} from './panel';
