import { type Duration } from 'cdk8s';
import { type AlertRule, type RecordingRule, type RuleGroup } from '../contracts/metrics';
import { fail, show } from '../errors';

const ALERT = /^[A-Z][A-Za-z0-9]*$/;
/** @see https://prometheus.io/docs/concepts/data_model/#metric-names-and-labels */
const METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** A rule as Prometheus reads it. */
interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What a rule file holds, and a PrometheusRule's `spec` too. */
export interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly interval?: string; readonly rules: readonly Rule[] }[];
}

/**
 * Rules as Prometheus reads them: a rule file for promtool, and the `spec` of a PrometheusRule.
 *
 * @param path who adds them: stands in errors
 * @throws where a name is illegal or given twice, or an expression is empty
 */
export function ruleFile(path: string, groups: readonly RuleGroup[]): RuleFile {
  if (groups.length === 0) fail(path, 'rules must be at least one group, got none; give one, or leave the call out');
  twice(
    path,
    'rule group',
    groups.map(({ name }) => name),
  );
  const all = groups.flatMap(({ rules }) => rules);
  twice(
    path,
    'alert',
    all.flatMap((rule) => ('alert' in rule ? `${rule.alert} (${rule.severity})` : [])),
  );
  return {
    groups: groups.map(({ name, interval, rules }) => {
      if (rules.length === 0) fail(path, `rule group ${show(name)} has no rules; give it one, or leave it out`);
      return {
        name,
        ...(interval && { interval: promDuration(interval) }),
        rules: rules.map((rule) => ('alert' in rule ? alert(path, rule) : recording(path, rule))),
      };
    }),
  };
}

/** A duration in Prometheus' words: `90s`, `5m`, `1h`, in the largest unit that says it whole. */
export function promDuration(duration: Duration): string {
  const seconds = duration.toSeconds();
  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
  ] as const;
  const unit = seconds > 0 ? units.find(([, size]) => seconds % size === 0) : undefined;
  return unit ? `${seconds / unit[1]}${unit[0]}` : `${seconds}s`;
}

function alert(path: string, rule: AlertRule): Rule {
  if (!ALERT.test(rule.alert)) {
    fail(
      path,
      `the name of an alert must be letters and digits with a capital first, got ${show(rule.alert)}; write it like "DiskFull"`,
    );
  }
  const what = `alert ${rule.alert}`;
  for (const field of ['expr', 'summary', 'description'] as const) {
    if (rule[field].trim() === '')
      fail(path, `${what}: ${field} must not be empty, got ${show(rule[field])}; write it`);
  }
  checkLabels(path, what, rule.labels);
  if (rule.labels?.severity !== undefined)
    fail(path, `${what}: labels must not hold severity, got ${show(rule.labels.severity)}; use the field severity`);
  return {
    alert: rule.alert,
    expr: rule.expr,
    ...(rule.for && { for: promDuration(rule.for) }),
    ...(rule.keepFiringFor && { keep_firing_for: promDuration(rule.keepFiringFor) }),
    labels: { severity: rule.severity, ...rule.labels },
    annotations: {
      summary: rule.summary,
      description: rule.description,
      ...(rule.runbook && { runbook_url: rule.runbook }),
    },
  };
}

function recording(path: string, { record, expr, labels }: RecordingRule): Rule {
  if (!METRIC.test(record)) {
    fail(
      path,
      `the name of a recorded series must be letters, digits, "_" and ":", got ${show(record)}; write it like "namespace:gpus_allocated:count"`,
    );
  }
  if (expr.trim() === '') fail(path, `record ${record}: expr must not be empty, got ${show(expr)}; write it`);
  checkLabels(path, `record ${record}`, labels);
  return { record, expr, ...(labels && { labels: { ...labels } }) };
}

function checkLabels(path: string, what: string, labels: Readonly<Record<string, string>> = {}): void {
  const illegal = Object.keys(labels).find((name) => !LABEL.test(name));
  if (illegal !== undefined)
    fail(path, `${what}: a label's name must be letters, digits and "_", got ${show(illegal)}; rename it`);
}

function twice(path: string, what: string, names: readonly string[]): void {
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) fail(path, `${what} ${show(repeated)} is given twice; rename one of them`);
}
