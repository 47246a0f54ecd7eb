import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gpuDashboard, type RuleFile } from '../../lib';
import { CASES, type Case, TEXTS } from './cases';
import { needPromtool, promtool } from './promtool';
import { allRules } from './rules';

// Prometheus' own checker reads every rule and every expression of the dashboards, and tries the alerts on made-up series.
const FOLDER = resolve(__dirname, '../../.cache/alerts');

function write(name: string, content: object): string {
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, name);
  writeFileSync(file, JSON.stringify(content, undefined, 2));
  return file;
}

/** The rules without what they say, so that a case need not repeat it. */
function silent({ groups }: RuleFile): RuleFile {
  return {
    groups: groups.map((group) => ({
      ...group,
      rules: group.rules.map((rule) => ({ ...rule, annotations: undefined })),
    })),
  };
}

function unitTest(rules: RuleFile, file: string, cases: readonly (Case & { readonly says?: object })[]): object {
  return {
    rule_files: [file],
    evaluation_interval: '1m',
    group_eval_order: rules.groups.map(({ name }) => name),
    tests: cases.map(({ name, series, checks = [], values = [], says }) => ({
      name,
      interval: '1m',
      input_series: Object.entries(series).map(([key, samples]) => ({ series: key, values: samples })),
      alert_rule_test: checks.map(({ alert, at, fires }) => ({
        alertname: alert,
        eval_time: `${at}m`,
        exp_alerts: fires.map((exp_labels) => ({ exp_labels, exp_annotations: says })),
      })),
      promql_expr_test: values.map(({ expr, at, value }) => ({
        expr: `sum(${expr})`,
        eval_time: `${at}m`,
        exp_samples: [{ labels: '{}', value }],
      })),
    })),
  };
}

/** A dashboard's expressions as rules, which promtool reads: variables are what they are when all is chosen. */
function expressions(): RuleFile {
  const all = (['nvidia', 'amd'] as const).flatMap((vendor) => gpuDashboard(vendor).expressions);
  const rules = all.map((expr, i) => ({
    record: `dashboard:expression_${i}`,
    expr: expr.replaceAll('$__range', '6h').replace(/\$(pool|node|namespace)\b/g, '.*'),
  }));
  return { groups: [{ name: 'dashboards', rules }] };
}

/** A case that is wrong on purpose: a check that passes it sees nothing. */
const WRONG: Case = {
  name: 'wrong on purpose',
  series: { 'DCGM_FI_DEV_ROW_REMAP_FAILURE{node="n1"}': '1x5' },
  checks: [{ alert: 'GpuRowRemapFailed', at: 3, fires: [] }],
};

function main(): number {
  needPromtool(process.argv.includes('--install'));
  const rules = allRules();
  const [spoken, mute] = [write('rules.json', rules), write('silent.json', silent(rules))];
  const steps: readonly (readonly [what: string, passes: boolean, args: readonly string[]])[] = [
    ['rules', true, ['check', 'rules', spoken]],
    ["dashboards' expressions", true, ['check', 'rules', write('dashboards.json', expressions())]],
    [`${CASES.length} cases`, true, ['test', 'rules', write('cases.json', unitTest(rules, mute, CASES))]],
    [`${TEXTS.length} texts`, true, ['test', 'rules', write('texts.json', unitTest(rules, spoken, TEXTS))]],
    ['a wrong case is seen', false, ['test', 'rules', write('wrong.json', unitTest(rules, mute, [WRONG]))]],
  ];
  let failed = 0;
  for (const [what, passes, args] of steps) {
    const { ok, output } = promtool(...args);
    const good = ok === passes;
    console.log(`${good ? 'ok' : 'FAILED'}  ${what}`);
    if (good) continue;
    failed++;
    console.error(output);
  }
  const alerts = rules.groups.flatMap((group) => group.rules.flatMap(({ alert }) => alert ?? []));
  const tried = new Set(
    CASES.flatMap(({ checks = [] }) => checks.filter(({ fires }) => fires.length > 0).map(({ alert }) => alert)),
  );
  const untried = [...new Set(alerts)].filter((alert) => !tried.has(alert));
  for (const alert of untried) console.error(`${alert}: no case in which it fires; add one to test/alerts/cases.ts`);
  console.log(
    `${new Set(alerts).size} alerts, ${untried.length} untried; ${steps.length - failed} steps passed, ${failed} failed`,
  );
  return failed + untried.length > 0 ? 1 : 0;
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
