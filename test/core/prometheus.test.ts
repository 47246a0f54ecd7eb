import { Duration } from 'cdk8s';
import { External } from '../../lib/core/external';
import { type RuleGroup } from '../../lib/core/contracts';
import { promDuration, ruleFile } from '../../lib/core/prometheus/rules';
import { Deployment } from '../../lib/core/workload';
import { findingsOf, objectOf, objectsOf, testPlatform } from '../support';
import { container, Demo } from './demo';

const PODS = { namespace: 'monitoring', labels: { app: 'prometheus' } };
const EXPORTER = { labels: { app: 'exporter' }, port: 'metrics', pods: { labels: { app: 'exporter' }, port: 9400 } };

const alert = {
  alert: 'DiskFull',
  expr: 'disk_free < 1',
  severity: 'warning',
  summary: 'Disk full: {{ $labels.disk }}',
  description: 'There is no room. Make some.',
} as const;

function lab(props: Partial<Parameters<typeof External.prometheus>[1]> = {}) {
  const platform = testPlatform();
  const { stage } = new Demo(platform, 'demo');
  return { platform, stage, metrics: External.prometheus(platform, { pods: PODS, ...props }) };
}

test('rules become a PrometheusRule with the labels that it is selected by', () => {
  const { platform, stage, metrics } = lab({ monitorLabels: { release: 'x' } });
  metrics.addRules(stage, 'disks', [
    {
      name: 'disks',
      interval: Duration.minutes(1),
      rules: [
        { record: 'node:disk_free:sum', expr: 'sum by (node) (disk_free)', labels: { kind: 'ssd' } },
        {
          ...alert,
          for: Duration.minutes(90),
          keepFiringFor: Duration.seconds(90),
          runbook: 'https://runbooks.example/disks',
          labels: { team: 'storage' },
        },
      ],
    },
  ]);
  expect(objectOf(platform, 'PrometheusRule', 'disks')).toMatchObject({
    apiVersion: 'monitoring.coreos.com/v1',
    metadata: { namespace: 'demo', labels: { release: 'x' } },
    spec: {
      groups: [
        {
          name: 'disks',
          interval: '1m',
          rules: [
            { record: 'node:disk_free:sum', expr: 'sum by (node) (disk_free)', labels: { kind: 'ssd' } },
            {
              alert: 'DiskFull',
              expr: 'disk_free < 1',
              for: '90m',
              keep_firing_for: '90s',
              labels: { severity: 'warning', team: 'storage' },
              annotations: {
                summary: 'Disk full: {{ $labels.disk }}',
                description: 'There is no room. Make some.',
                runbook_url: 'https://runbooks.example/disks',
              },
            },
          ],
        },
      ],
    },
  });
  expect(platform.externals).toContainEqual({
    kind: 'CustomResourceDefinition',
    name: 'prometheusrules.monitoring.coreos.com',
  });
  expect(findingsOf(platform)).toEqual([]);
});

test('without rules, nobody needs the definition of PrometheusRules', () => {
  const names = lab().platform.externals.map(({ name }) => name);
  expect(names).toContain('servicemonitors.monitoring.coreos.com');
  expect(names).not.toContain('prometheusrules.monitoring.coreos.com');
});

test.each<[RuleGroup[], string]>([
  [[], 'lab: rules must be at least one group, got none; give one, or leave the call out'],
  [[{ name: 'a', rules: [] }], 'lab: rule group "a" has no rules; give it one, or leave it out'],
  [
    [
      { name: 'a', rules: [alert] },
      { name: 'a', rules: [{ ...alert, alert: 'Other' }] },
    ],
    'lab: rule group "a" is given twice; rename one of them',
  ],
  [[{ name: 'a', rules: [alert, alert] }], 'lab: alert "DiskFull (warning)" is given twice; rename one of them'],
  [
    [{ name: 'a', rules: [{ ...alert, alert: 'disk-full' }] }],
    'lab: the name of an alert must be letters and digits with a capital first, got "disk-full"; write it like "DiskFull"',
  ],
  [
    [{ name: 'a', rules: [{ ...alert, description: ' ' }] }],
    'lab: alert DiskFull: description must not be empty, got " "; write it',
  ],
  [
    [{ name: 'a', rules: [{ ...alert, labels: { 'a-b': 'c' } }] }],
    'lab: alert DiskFull: a label\'s name must be letters, digits and "_", got "a-b"; rename it',
  ],
  [
    [{ name: 'a', rules: [{ ...alert, labels: { severity: 'page' } }] }],
    'lab: alert DiskFull: labels must not hold severity, got "page"; use the field severity',
  ],
  [
    [{ name: 'a', rules: [{ record: 'a-b', expr: 'up' }] }],
    'lab: the name of a recorded series must be letters, digits, "_" and ":", got "a-b"; write it like "namespace:gpus_allocated:count"',
  ],
  [[{ name: 'a', rules: [{ record: 'a:b', expr: '' }] }], 'lab: record a:b: expr must not be empty, got ""; write it'],
])('refuses %j', (groups, message) => {
  expect(() => ruleFile('lab', groups)).toThrow(message);
});

test('the same alert may have two severities', () => {
  const { groups } = ruleFile('lab', [{ name: 'a', rules: [alert, { ...alert, severity: 'critical' }] }]);
  expect(groups[0].rules.map(({ labels }) => labels)).toEqual([{ severity: 'warning' }, { severity: 'critical' }]);
});

test.each([
  [Duration.seconds(0), '0s'],
  [Duration.seconds(90), '90s'],
  [Duration.minutes(5), '5m'],
  [Duration.hours(1), '1h'],
  [Duration.days(2), '2d'],
])('%s is %s for Prometheus', (duration, text) => {
  expect(promDuration(duration)).toBe(text);
});

test('a dashboard becomes a ConfigMap that the sidecar finds', () => {
  const { platform, stage, metrics } = lab();
  metrics.addDashboard(stage, 'disks', { uid: 'disks', title: 'Disks', json: () => '{}\n' });
  expect(objectOf(platform, 'ConfigMap', 'disks')).toMatchObject({
    metadata: { namespace: 'demo', labels: { grafana_dashboard: '1' } },
    data: { 'disks.json': '{}\n' },
  });
  expect(() =>
    metrics.addDashboard(stage, 'large', { uid: 'l', title: 'Large', json: () => 'x'.repeat(1_048_577) }),
  ).toThrow('lab/demo/install: dashboard "Large" must fit into a ConfigMap of 1 MiB, got 1048577 bytes; split it');
  expect(findingsOf(platform)).toEqual([]);
});

test('the sidecar may look for other labels, and put dashboards into a folder', () => {
  const { platform, stage, metrics } = lab({ dashboardLabels: { dashboards: 'yes' }, dashboardFolder: 'Platform' });
  metrics.addDashboard(stage, 'disks', { uid: 'disks', title: 'Disks', json: () => '{}' });
  const { metadata } = objectOf(platform, 'ConfigMap', 'disks');
  expect(metadata.labels).toMatchObject({ dashboards: 'yes' });
  expect(metadata.labels).not.toHaveProperty('grafana_dashboard');
  expect(metadata.annotations).toEqual({ grafana_folder: 'Platform' });
});

test('an endpoint may be asked with parameters', () => {
  const { platform, stage, metrics } = lab();
  metrics.scrape(stage, 'exporter', { endpoint: EXPORTER, params: { format: ['prometheus'] } });
  expect(objectOf(platform, 'ServiceMonitor', 'exporter')).toMatchObject({
    spec: { endpoints: [{ path: '/metrics', params: { format: ['prometheus'] } }] },
  });
});

test('a Service that a controller makes at run time is scraped, and the scraper let in to its pods', () => {
  const { platform, stage, metrics } = lab();
  metrics.scrape(stage, 'exporter', { endpoint: EXPORTER, interval: Duration.seconds(15) });
  expect(objectOf(platform, 'ServiceMonitor', 'exporter').spec).toEqual({
    selector: { matchLabels: { app: 'exporter' } },
    endpoints: [{ port: 'metrics', path: '/metrics', scheme: 'http', interval: '15s' }],
  });
  expect(objectOf(platform, 'NetworkPolicy', 'scrape-exporter').spec).toEqual({
    podSelector: { matchLabels: { app: 'exporter' } },
    policyTypes: ['Ingress'],
    ingress: [
      {
        from: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } },
            podSelector: { matchLabels: { app: 'prometheus' } },
          },
        ],
        ports: [{ port: 9400, protocol: 'TCP' }],
      },
    ],
  });
  expect(findingsOf(platform)).toEqual([]);
});

test('only what a controller makes carries the mark that link takes for true', () => {
  const { platform, stage, metrics } = lab();
  metrics.scrape(stage, 'exporter', { endpoint: EXPORTER });
  const kinds = objectsOf(platform).filter(
    ({ metadata }) => metadata.annotations?.['onprem-ml.io/selects-at-run-time'],
  );
  expect(kinds.map(({ kind }) => kind).sort()).toEqual(['NetworkPolicy', 'ServiceMonitor']);
  const web = new Deployment(stage, 'web', { containers: [container({ ports: { metrics: 9090 } })] });
  const endpoint = web.addService({ ports: { metrics: 9090 } }).metrics;
  metrics.scrape(stage, 'web', { endpoint });
  expect(objectOf(platform, 'ServiceMonitor', 'web').metadata.annotations).toBeUndefined();
});

test('samples may speak of others, and say their node and pool', () => {
  const { platform, stage, metrics } = lab();
  const scrape = { endpoint: EXPORTER, honorLabels: true };
  metrics.scrape(stage, 'exporter', {
    ...scrape,
    nodePools: { hgx: { 'nvidia.com/gpu.product': 'H100', 'x.example/rack': 'a.b' } },
  });
  expect(objectOf(platform, 'ServiceMonitor', 'exporter').spec).toMatchObject({
    attachMetadata: { node: true },
    endpoints: [
      {
        honorLabels: true,
        relabelings: [
          { action: 'labeldrop', regex: 'namespace|pod|container' },
          { sourceLabels: ['__meta_kubernetes_pod_node_name'], targetLabel: 'node' },
          {
            sourceLabels: [
              '__meta_kubernetes_node_label_nvidia_com_gpu_product',
              '__meta_kubernetes_node_label_x_example_rack',
            ],
            regex: 'H100;a\\.b',
            targetLabel: 'pool',
            replacement: 'hgx',
          },
        ],
      },
    ],
  });
  expect(() => metrics.scrape(stage, 'other', { ...scrape, nodePools: { hgx: {} } })).toThrow(
    'lab/demo/install: scrape "other": node pool "hgx" has no labels to know its nodes by, got {}; give its nodes one in the site',
  );
  const authority = External.credentials(platform, { name: 'ca' }, ['ca.crt']).in('demo');
  expect(() => metrics.scrape(stage, 'third', { ...scrape, scheme: 'https', authority })).toThrow(
    'lab/demo/install: scrape "third": an authority verifies a host, and a Service that is made at run time has none here; leave authority out',
  );
});
