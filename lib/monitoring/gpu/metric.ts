/** What one of an exporter's series says. */
export interface Metric {
  /** Name of the series. */
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  /** One line, without a comma: it is a field of the counters' file. */
  readonly meaning: string;
  readonly unit: string;
}
