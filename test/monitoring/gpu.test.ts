import { Duration } from 'cdk8s';
import {
  addGpuMonitoring,
  addInfinibandMonitoring,
  AMD_METRICS,
  DCGM_METRICS,
  dcgmCounters,
  External,
  gpuDashboard,
  gpuRules,
  type GpuVendor,
  INFINIBAND_METRICS,
  XIDS,
} from '../../lib';
import { allRules, poolsOf } from '../alerts/rules';
import { Demo } from '../core/demo';
import { findingsOf, objectOf, objectsOf, testPlatform } from '../support';

const EXPORTER = {
  labels: { app: 'nvidia-dcgm-exporter' },
  port: 'gpu-metrics',
  pods: { labels: { app: 'nvidia-dcgm-exporter' }, port: 9400 },
};

function lab() {
  const platform = testPlatform();
  const { stage } = new Demo(platform, 'demo');
  const metrics = External.prometheus(platform, { pods: { namespace: 'monitoring', labels: { app: 'prometheus' } } });
  return { platform, stage, metrics };
}

test('GPUs are scraped, have rules and a dashboard, and all of it links', () => {
  const { platform, stage, metrics } = lab();
  addGpuMonitoring(stage, metrics, { vendor: 'nvidia', pools: poolsOf('nvidia'), exporter: EXPORTER });
  addInfinibandMonitoring(stage, metrics);
  expect(objectOf(platform, 'ServiceMonitor', 'gpus-nvidia').spec).toMatchObject({
    attachMetadata: { node: true },
    selector: { matchLabels: EXPORTER.labels },
    endpoints: [{ port: 'gpu-metrics', interval: '30s', honorLabels: true }],
  });
  expect(JSON.stringify(objectOf(platform, 'ServiceMonitor', 'gpus-nvidia').spec)).toContain('"replacement":"hgx"');
  expect(objectOf(platform, 'ConfigMap', 'gpus-nvidia')).toMatchObject({
    metadata: { labels: { grafana_dashboard: '1' } },
  });
  const rules = objectsOf(platform).filter(({ kind }) => kind === 'PrometheusRule');
  expect(rules.map(({ metadata }) => metadata.name)).toEqual(['gpus-nvidia', 'infiniband']);
  expect(findingsOf(platform)).toEqual([]);
});

test('whoever has the exporter scraped already leaves it out', () => {
  const { platform, stage, metrics } = lab();
  addGpuMonitoring(stage, metrics, { vendor: 'amd', pools: poolsOf('amd') });
  expect(objectsOf(platform).filter(({ kind }) => kind === 'ServiceMonitor')).toEqual([]);
  expect(objectOf(platform, 'PrometheusRule', 'gpus-amd')).toBeDefined();
});

const rulesOf = (vendor: GpuVendor, props: Partial<Parameters<typeof gpuRules>[1]> = {}) =>
  gpuRules('lab/gpus', { vendor, pools: poolsOf(vendor), ...props }).flatMap(({ rules }) => rules);

test('props reach the rules', () => {
  const rules = rulesOf('nvidia', {
    idleAfter: Duration.hours(3),
    teams: { vision: ['cats', 'dogs'] },
    runbooks: 'https://docs.lab.example/monitoring',
  });
  const alert = (name: string) => rules.find((rule) => 'alert' in rule && rule.alert === name);
  expect(alert('GpuIdle')).toMatchObject({
    for: Duration.hours(3),
    runbook: 'https://docs.lab.example/monitoring#gpuidle',
    labels: { vendor: 'nvidia' },
  });
  expect(alert('GpuMissing')).toMatchObject({ expr: 'node:gpus:count{vendor="nvidia", pool="hgx"} < 2' });
  expect(rules).toContainEqual({
    record: 'team:gpus_allocated:hours',
    expr: 'sum(namespace:gpus_allocated:hours{vendor="nvidia", namespace=~"cats|dogs"})',
    labels: { vendor: 'nvidia', team: 'vision' },
  });
  expect(rulesOf('nvidia').some((rule) => 'record' in rule && rule.record.startsWith('team:'))).toBe(false);
});

test.each<[Partial<Parameters<typeof gpuRules>[1]>, string]>([
  [{ pools: [] }, 'lab/gpus: pools must be those with GPUs of nvidia, got none; leave monitoring out'],
  [
    { idleAfter: Duration.seconds(90) },
    'lab/gpus: idleAfter must be whole minutes and at least one, got "1 minute 30 seconds"; give Duration.hours(1)',
  ],
  [
    { teams: { 'a|b': ['x'] } },
    'lab/gpus: teams: names must be of lower-case letters, digits and "-", got "a|b"; name namespaces as they are',
  ],
  [{ teams: { a: [] } }, 'lab/gpus: teams: "a" has no namespaces, got []; give its own, or leave it out'],
])('refuses %j', (props, message) => {
  expect(() => rulesOf('nvidia', props)).toThrow(message);
});

test("the counters' file has three fields a line, as the exporter wants it", () => {
  const lines = dcgmCounters().trim().split('\n');
  expect(lines[0]).toMatch(/^#/);
  for (const line of lines.slice(1)) expect(line).toMatch(/^DCGM_(FI|EXP)_[A-Z0-9_]+, (gauge|counter|label), [^,"]+$/);
  expect(lines).toContain('DCGM_FI_DEV_ROW_REMAP_PENDING, gauge, a row is replaced at the next reset (0 or 1)');
  expect(lines.length).toBe(DCGM_METRICS.length + 2);
  expect(new Set(DCGM_METRICS.map(({ name }) => name)).size).toBe(DCGM_METRICS.length);
});

test('each Xid stands once, in order', () => {
  const numbers = XIDS.map(({ xid }) => xid);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  // What the device plugin takes for a program's own fault, but for 109, which NVIDIA's catalog answers with a reset.
  expect(XIDS.filter(({ xid }) => [13, 31, 43, 45, 68].includes(xid)).map(({ action }) => action)).toEqual(
    Array(5).fill('application'),
  );
});

/** The names of series in an expression: what is left without strings, label lists, functions and words of PromQL. */
function seriesIn(expr: string): string[] {
  const named = [...expr.matchAll(/__name__=~"([^"]+)"/g)].flatMap(([, names]) => names.split('|'));
  const bare = expr
    .replace(/"[^"]*"/g, '""')
    .replace(/\{[^}]*\}/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(/\b(by|on|without)\s*\([^)]*\)/g, ' ')
    .replace(/\b[a-z_]+\s*(?=\()/g, ' ');
  const words = bare.match(/[a-zA-Z_:][a-zA-Z0-9_:]*/g) ?? [];
  return [...named, ...words.filter((word) => !['and', 'or', 'unless', 'bool'].includes(word))];
}

test('the names of series are found in an expression', () => {
  expect(
    seriesIn(
      'sum by (a) (max_over_time(x_y{b="c"}[1h])) > bool 0 unless on (d) {__name__=~"e|f"} or label_replace(g:h, "i", "$1", "j", "")',
    ),
  ).toEqual(['e', 'f', 'x_y', 'g:h']);
});

test('rules and dashboards ask for nothing but what exporters give and rules record', () => {
  const rules = allRules().groups.flatMap((group) => group.rules);
  const known = new Set([
    ...[...DCGM_METRICS, ...AMD_METRICS, ...INFINIBAND_METRICS].map(({ name }) => name),
    ...rules.flatMap(({ record }) => record ?? []),
    'ALERTS',
    'kube_node_status_allocatable',
  ]);
  const expressions = [
    ...rules.map(({ expr }) => expr),
    ...(['nvidia', 'amd'] as const).flatMap((vendor) => gpuDashboard(vendor).expressions),
  ];
  expect(expressions.length).toBeGreaterThan(100);
  expect(expressions.flatMap(seriesIn).filter((name) => !known.has(name))).toEqual([]);
});

test('what is counted beyond the exporter’s own choice is asked for', () => {
  const rules = allRules().groups.flatMap((group) => group.rules.map(({ expr }) => expr));
  const asked = new Set([...rules, ...gpuDashboard('nvidia').expressions].flatMap(seriesIn));
  const idle = DCGM_METRICS.filter(({ name, extra }) => extra && !asked.has(name)).map(({ name }) => name);
  // For people who look closer: no panel has them.
  expect(idle).toEqual([
    'DCGM_FI_DEV_ENFORCED_POWER_LIMIT',
    'DCGM_FI_PROF_SM_OCCUPANCY',
    'DCGM_FI_DEV_ECC_SBE_AGG_TOTAL',
    'DCGM_FI_DEV_RETIRED_SBE',
    'DCGM_FI_DEV_RETIRED_DBE',
  ]);
});
