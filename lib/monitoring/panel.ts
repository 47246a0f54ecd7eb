/** Units by Grafana's ids. `mbytes` is MiB. @see https://github.com/grafana/grafana/blob/main/packages/grafana-data/src/valueFormats/categories.ts */
export type Unit =
  'none' | 'short' | 'percentunit' | 'celsius' | 'watt' | 'hertz' | 'kwatth' | 'mbytes' | 'bytes' | 'Bps' | 'h' | 's';

export type Color = 'green' | 'yellow' | 'orange' | 'red' | 'blue' | 'purple' | 'text';

/** From this value on, this color. */
export interface Threshold {
  readonly value: number;
  readonly color: Color;
}

export interface Link {
  readonly title: string;
  readonly url: string;
}

/** One query of a panel. */
export interface Target {
  /** PromQL, with the dashboard's variables as `$name`. */
  readonly expr: string;
  /** Name of each series, a template of its labels: `{{node}}/{{gpu}}`. */
  readonly legend: string;
}

interface Common {
  /** Unique within its row. */
  readonly title: string;
  /** What it shows, for who doesn't know. @default - none */
  readonly description?: string;
  /** Columns of 24. @default 8 */
  readonly width?: number;
  /** Grid units of 30 pixels. @default 8 */
  readonly height?: number;
  /** @default 'short' */
  readonly unit?: Unit;
  /** Lower end of the axis or gauge. @default - of the data */
  readonly min?: number;
  /** Upper end. @default - of the data */
  readonly max?: number;
  /** Digits after the point. @default - as many as fit */
  readonly decimals?: number;
  /** Ascending; below the first it is green. @default - none */
  readonly thresholds?: readonly Threshold[];
  readonly links?: readonly Link[];
}

/** Lines over time. */
export interface TimeSeriesPanel extends Common {
  readonly type: 'timeseries';
  readonly targets: readonly Target[];
  /** Areas one on the other. @default false */
  readonly stacked?: boolean;
}

/** One number for each series, as it is now. */
export interface StatPanel extends Common {
  readonly type: 'stat';
  readonly targets: readonly Target[];
  /** Draws the past behind it. @default false */
  readonly sparkline?: boolean;
}

/** One number between two ends. */
export interface GaugePanel extends Common {
  readonly type: 'gauge';
  readonly targets: readonly Target[];
}

/** How values spread, over time: darker where more of them are. */
export interface HeatmapPanel extends Common {
  readonly type: 'heatmap';
  readonly targets: readonly Target[];
}

export interface TableValue {
  readonly title: string;
  /** Instant; all of a table's expressions give series with the table's labels and no other. */
  readonly expr: string;
  /** @default 'short' */
  readonly unit?: Unit;
  readonly decimals?: number;
  /** Colors the cell. @default - none */
  readonly thresholds?: readonly Threshold[];
}

/** One row for each set of labels, one column for each value. */
export interface TablePanel extends Common {
  readonly type: 'table';
  /** The labels, with the titles of their columns. */
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly TableValue[];
}

export type Panel = TimeSeriesPanel | StatPanel | GaugePanel | HeatmapPanel | TablePanel;

/** The expressions of a panel. */
export function expressionsOf(panel: Panel): readonly string[] {
  return panel.type === 'table' ? panel.values.map(({ expr }) => expr) : panel.targets.map(({ expr }) => expr);
}

/** The data source of all panels: the dashboard's variable of this name. */
export const DATA_SOURCE = { type: 'prometheus', uid: '${datasource}' } as const;

/** A panel in Grafana's words, but for its id and place. */
export function panelJson(panel: Panel): object {
  return {
    type: panel.type,
    title: panel.title,
    ...(panel.description && { description: panel.description }),
    datasource: DATA_SOURCE,
    ...(panel.links && { links: panel.links.map((link) => ({ ...link, targetBlank: true })) }),
    ...body(panel),
  };
}

function body(panel: Panel): object {
  const reduce = { reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false } };
  switch (panel.type) {
    case 'timeseries':
      return {
        fieldConfig: fields(panel, 'palette-classic', {
          drawStyle: 'line',
          lineWidth: 1,
          fillOpacity: panel.stacked ? 40 : 0,
          showPoints: 'never',
          spanNulls: false,
          stacking: { mode: panel.stacked ? 'normal' : 'none', group: 'A' },
          thresholdsStyle: { mode: panel.thresholds ? 'line' : 'off' },
        }),
        options: {
          legend: { displayMode: 'table', placement: 'bottom', showLegend: true, calcs: ['mean', 'max'] },
          tooltip: { mode: 'multi', sort: 'desc' },
        },
        targets: panel.targets.map((target, i) => query(target.expr, i, { legendFormat: target.legend, range: true })),
      };
    case 'stat':
      return {
        fieldConfig: fields(panel, 'thresholds', {}),
        options: {
          ...reduce,
          colorMode: 'value',
          graphMode: panel.sparkline ? 'area' : 'none',
          justifyMode: 'auto',
          orientation: 'auto',
          textMode: 'auto',
          wideLayout: true,
        },
        targets: panel.targets.map((target, i) => nowOrRange(target, i, panel.sparkline ?? false)),
      };
    case 'gauge':
      return {
        fieldConfig: fields(panel, 'thresholds', {}),
        options: { ...reduce, orientation: 'auto', showThresholdLabels: false, showThresholdMarkers: true },
        targets: panel.targets.map((target, i) => nowOrRange(target, i, false)),
      };
    case 'heatmap':
      return {
        fieldConfig: { defaults: { custom: { scaleDistribution: { type: 'linear' } } }, overrides: [] },
        options: {
          calculate: true,
          calculation: { yBuckets: { mode: 'count', value: '20' } },
          cellGap: 1,
          color: { mode: 'scheme', scheme: 'Oranges', scale: 'exponential', exponent: 0.5, steps: 64, reverse: false },
          filterValues: { le: 1e-9 },
          legend: { show: true },
          rowsFrame: { layout: 'auto' },
          showValue: 'never',
          tooltip: { mode: 'single', yHistogram: false },
          yAxis: { axisPlacement: 'left', unit: panel.unit ?? 'short', min: panel.min, max: panel.max },
        },
        targets: panel.targets.map((target, i) => query(target.expr, i, { legendFormat: target.legend, range: true })),
      };
    case 'table':
      return table(panel);
  }
}

function table(panel: TablePanel): object {
  const valueField = (i: number) => (panel.values.length === 1 ? 'Value' : `Value #${refId(i)}`);
  const columns = [...Object.keys(panel.labels), ...panel.values.map((_, i) => valueField(i))];
  return {
    fieldConfig: {
      defaults: { custom: { align: 'auto', filterable: true, cellOptions: { type: 'auto' } } },
      overrides: panel.values.map(({ title, unit, decimals, thresholds }) => ({
        matcher: { id: 'byName', options: title },
        properties: [
          { id: 'unit', value: unit ?? 'short' },
          ...(decimals === undefined ? [] : [{ id: 'decimals', value: decimals }]),
          ...(thresholds
            ? [
                { id: 'thresholds', value: steps(thresholds) },
                { id: 'color', value: { mode: 'thresholds' } },
                { id: 'custom.cellOptions', value: { type: 'color-text' } },
              ]
            : []),
        ],
      })),
    },
    options: { cellHeight: 'sm', showHeader: true, footer: { show: false, reducer: ['sum'], fields: '' } },
    targets: panel.values.map(({ expr }, i) => query(expr, i, { format: 'table', instant: true, range: false })),
    transformations: [
      { id: 'merge', options: {} },
      {
        id: 'organize',
        options: {
          excludeByName: { Time: true },
          indexByName: Object.fromEntries(columns.map((column, i) => [column, i])),
          renameByName: {
            ...panel.labels,
            ...Object.fromEntries(panel.values.map(({ title }, i) => [valueField(i), title])),
          },
        },
      },
    ],
  };
}

function fields({ unit, min, max, decimals, thresholds }: Panel, color: string, custom: object): object {
  return {
    defaults: {
      color: { mode: color },
      unit: unit ?? 'short',
      min,
      max,
      decimals,
      thresholds: steps(thresholds),
      custom,
    },
    overrides: [],
  };
}

function steps(thresholds: readonly Threshold[] = []): object {
  // A number can't stand for "below all": null does.
  return { mode: 'absolute', steps: [{ color: 'green', value: null }, ...thresholds] };
}

function query(expr: string, i: number, rest: object): object {
  return { refId: refId(i), datasource: DATA_SOURCE, editorMode: 'code', expr, ...rest };
}

function nowOrRange({ expr, legend }: Target, i: number, range: boolean): object {
  return query(expr, i, { legendFormat: legend, range, instant: !range });
}

function refId(i: number): string {
  return String.fromCharCode(65 + i);
}
