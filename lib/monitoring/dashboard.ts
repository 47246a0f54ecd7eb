import { didYouMean, digest, fail, type IDashboard, show } from '../core';
import { DATA_SOURCE, expressionsOf, type Link, type Panel, panelJson } from './panel';

/** A choice at the head of the dashboard, filled from the values of a label. */
export interface Variable {
  /** `$name` in expressions. */
  readonly name: string;
  readonly label: string;
  /** The series that have the label, with variables that come before: `gpu:utilization:ratio{pool=~"$pool"}`. */
  readonly metric: string;
  /** The label whose values are offered; several may be chosen, and all are at first. */
  readonly values: string;
}

export interface Row {
  /** Unique within the dashboard. */
  readonly title: string;
  /** Shown folded. @default false */
  readonly collapsed?: boolean;
  /** From left to right, and on where a line is full. */
  readonly panels: readonly Panel[];
}

export interface DashboardProps {
  /** Part of its URL, the same in each installation: 1 to 40 letters, digits, `-` and `_`; others throw. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  /** @default - only the data source */
  readonly variables?: readonly Variable[];
  readonly rows: readonly Row[];
  readonly links?: readonly Link[];
  /** How far back it looks at first, in Grafana's words. @default '6h' */
  readonly from?: string;
}

/**
 * The last version of the classic model, `LATEST_VERSION` of Grafana's migrations.
 * @see https://github.com/grafana/grafana/blob/main/apps/dashboard/pkg/migration/schemaversion/migrations.go
 */
export const SCHEMA_VERSION = 42;
const COLUMNS = 24;
/** Variables that Grafana gives. @see https://grafana.com/docs/grafana/latest/dashboards/variables/add-template-variables/#global-variables */
const GIVEN = new Set(['datasource', '__interval', '__rate_interval', '__range', '__range_s']);

interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/**
 * A Grafana dashboard. A panel's id follows from its row's title and its own, so that links to it outlive panels that are added.
 *
 * @throws where titles repeat, a width or threshold makes no sense, or an expression uses a variable that there isn't
 */
export class Dashboard implements IDashboard {
  readonly uid: string;
  readonly title: string;

  constructor(private readonly props: DashboardProps) {
    this.uid = props.uid;
    this.title = props.title;
    this.check();
  }

  json(): string {
    return `${JSON.stringify(this.model(), undefined, 2)}\n`;
  }

  /** All expressions that it asks Prometheus for. */
  get expressions(): readonly string[] {
    return [
      ...(this.props.variables ?? []).map(({ metric }) => metric),
      ...this.props.rows.flatMap(({ panels }) => panels.flatMap(expressionsOf)),
    ];
  }

  private model(): object {
    const { props } = this;
    return {
      uid: props.uid,
      title: props.title,
      description: props.description,
      tags: props.tags,
      schemaVersion: SCHEMA_VERSION,
      version: 1,
      editable: true,
      graphTooltip: 1,
      refresh: '1m',
      timezone: 'browser',
      time: { from: `now-${props.from ?? '6h'}`, to: 'now' },
      timepicker: {},
      fiscalYearStartMonth: 0,
      weekStart: '',
      annotations: { list: [] },
      links: (props.links ?? []).map((link) => ({ ...link, type: 'link', icon: 'external link', targetBlank: true })),
      templating: { list: [dataSource(), ...(props.variables ?? []).map(variable)] },
      panels: this.panels(),
    };
  }

  private panels(): object[] {
    let y = 0;
    return this.props.rows.flatMap((row) => {
      const header = { type: 'row', id: panelId(row.title), title: row.title, collapsed: row.collapsed ?? false };
      const at = { x: 0, y, w: COLUMNS, h: 1 };
      const { places, bottom } = layOut(row.panels, y + 1);
      const panels = row.panels.map((panel, i) => ({
        id: panelId(row.title, panel.title),
        gridPos: places[i],
        ...panelJson(panel),
      }));
      // What is folded away takes no room.
      y = row.collapsed ? y + 1 : bottom;
      return row.collapsed ? [{ ...header, gridPos: at, panels }] : [{ ...header, gridPos: at, panels: [] }, ...panels];
    });
  }

  private check(): void {
    const { uid, title, variables = [], rows } = this.props;
    const path = `dashboard ${show(title)}`;
    if (!/^[a-zA-Z0-9_-]{1,40}$/.test(uid))
      fail(path, `uid must be 1 to 40 letters, digits, "-" and "_", got ${show(uid)}; write it so`);
    if (rows.length === 0) fail(path, 'must have a row, got none; give it one');
    const known = new Set(GIVEN);
    for (const { name, metric } of variables) {
      if (known.has(name)) fail(path, `variable ${show(name)} is given twice or is Grafana's own; rename it`);
      checkVariables(path, `variable ${show(name)}`, metric, known);
      known.add(name);
    }
    const ids = new Map<number, string>();
    const once = (id: number, what: string): void => {
      const other = ids.get(id);
      if (other !== undefined) fail(path, `${what} has the id of ${other}; give one of them another title`);
      ids.set(id, what);
    };
    for (const row of rows) {
      once(panelId(row.title), `row ${show(row.title)}`);
      for (const panel of row.panels) {
        const what = `panel ${show(panel.title)} of row ${show(row.title)}`;
        once(panelId(row.title, panel.title), what);
        checkPanel(path, what, panel);
        for (const expr of expressionsOf(panel)) checkVariables(path, what, expr, known);
      }
    }
    const all = this.expressions.join('\n');
    const unused = variables.find(({ name }) => !usedIn(all).includes(name));
    if (unused) fail(path, `variable ${show(unused.name)} is used by no panel; use it, or leave it out`);
  }
}

function checkPanel(path: string, what: string, panel: Panel): void {
  const { width = 8, height = 8, thresholds = [] } = panel;
  if (!Number.isInteger(width) || width < 1 || width > COLUMNS)
    fail(
      path,
      `${what}: width must be a whole number from 1 to ${COLUMNS}, got ${show(width)}; the grid has ${COLUMNS} columns`,
    );
  if (!Number.isInteger(height) || height < 2)
    fail(path, `${what}: height must be a whole number of at least 2, got ${show(height)}; a unit is 30 pixels`);
  if (expressionsOf(panel).length === 0) fail(path, `${what}: has nothing to show; give it a target`);
  const lists = panel.type === 'table' ? panel.values.map((value) => value.thresholds ?? []) : [thresholds];
  for (const list of lists) {
    if (list.some(({ value }, i) => i > 0 && value <= list[i - 1].value))
      fail(path, `${what}: thresholds must ascend, got ${list.map(({ value }) => value).join(', ')}; sort them`);
  }
}

function checkVariables(path: string, what: string, expr: string, known: ReadonlySet<string>): void {
  const unknown = usedIn(expr).find((name) => !known.has(name));
  if (unknown !== undefined)
    fail(path, `${what}: $${unknown} is no variable of the dashboard${didYouMean(unknown, known)}`);
}

/** The variables of an expression, as `$name` or `${name}`. */
function usedIn(expr: string): string[] {
  return [...expr.matchAll(/\$\{?(\w+)/g)].map(([, name]) => name);
}

/** A number that Grafana takes for an id, and that differs for other titles. */
function panelId(...titles: string[]): number {
  return parseInt(digest(titles), 16) % 0x7fffffff;
}

/** From left to right, in lines as high as their highest panel. */
function layOut(panels: readonly Panel[], top: number): { places: Place[]; bottom: number } {
  let [x, y, high] = [0, top, 0];
  const places = panels.map(({ width: w = 8, height: h = 8 }) => {
    if (x + w > COLUMNS) [x, y, high] = [0, y + high, 0];
    const place = { x, y, w, h };
    x += w;
    high = Math.max(high, h);
    return place;
  });
  return { places, bottom: y + high };
}

function dataSource(): object {
  return {
    type: 'datasource',
    name: 'datasource',
    label: 'Data source',
    query: 'prometheus',
    current: {},
    options: [],
    hide: 0,
  };
}

function variable({ name, label, metric, values }: Variable): object {
  const query = `label_values(${metric}, ${values})`;
  return {
    type: 'query',
    name,
    label,
    datasource: DATA_SOURCE,
    definition: query,
    query: { qryType: 1, query, refId: `${name}-values` },
    // With the time range, and sorted by name.
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: { selected: true, text: ['All'], value: ['$__all'] },
    options: [],
    hide: 0,
  };
}
