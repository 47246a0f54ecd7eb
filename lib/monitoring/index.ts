export {
  Dashboard,
  type DashboardProps,
  type Row as DashboardRow,
  type Variable as DashboardVariable,
} from './dashboard';
export * from './audit';
export * from './gpu';
export {
  type Color as PanelColor,
  type GaugePanel,
  type HeatmapPanel,
  type Link as DashboardLink,
  type Panel,
  type StatPanel,
  type TablePanel,
  type TableValue,
  type Target as PanelTarget,
  type Threshold as PanelThreshold,
  type TimeSeriesPanel,
  type Unit as PanelUnit,
} from './panel';
