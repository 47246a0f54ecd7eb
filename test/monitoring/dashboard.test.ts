import { Dashboard, type DashboardProps, gpuDashboard, type Panel } from '../../lib';
import { expectGolden } from '../support';

interface Grafana {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
  readonly panels: readonly GrafanaPanel[];
}

interface GrafanaPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly {
    readonly refId: string;
    readonly expr: string;
    readonly datasource: { readonly uid: string };
  }[];
  readonly panels?: readonly GrafanaPanel[];
  readonly fieldConfig?: { readonly defaults: { readonly thresholds?: object; readonly unit?: string } };
  readonly transformations?: readonly object[];
}

const parse = (dashboard: Dashboard) => JSON.parse(dashboard.json()) as Grafana;
const stat: Panel = { type: 'stat', title: 'Up', targets: [{ expr: 'sum(up)', legend: '' }] };

function small(props: Partial<DashboardProps> = {}): Dashboard {
  return new Dashboard({
    uid: 'small',
    title: 'Small',
    description: 'For a test.',
    tags: [],
    rows: [{ title: 'One', panels: [stat] }],
    ...props,
  });
}

test('a small dashboard, as Grafana reads it', () => {
  const dashboard = small({
    variables: [{ name: 'job', label: 'Job', metric: 'up', values: 'job' }],
    rows: [
      {
        title: 'One',
        panels: [
          stat,
          {
            type: 'table',
            title: 'Jobs',
            width: 16,
            labels: { job: 'Job' },
            values: [
              { title: 'Up', expr: 'sum by (job) (up{job=~"$job"})', thresholds: [{ value: 1, color: 'green' }] },
              { title: 'All', expr: 'count by (job) (up{job=~"$job"})' },
            ],
          },
        ],
      },
    ],
  });
  expectGolden('monitoring/golden/dashboard.json', dashboard.json());
});

describe.each(['nvidia', 'amd'] as const)('GPUs of %s', (vendor) => {
  const model = parse(gpuDashboard(vendor));
  const inRows = model.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
  const shown = inRows.filter(({ type }) => type !== 'row');

  test('has what Grafana requires, and ids of its own', () => {
    expect(model).toMatchObject({ uid: `gpus-${vendor}`, schemaVersion: 42 });
    expect(new Set(inRows.map(({ id }) => id)).size).toBe(inRows.length);
    expect(inRows.filter(({ id }) => !Number.isInteger(id) || id < 1 || id > 0x7fffffff)).toEqual([]);
    expect(shown.length).toBeGreaterThan(20);
    for (const { targets = [], datasource } of shown) {
      expect(datasource!.uid).toBe('${datasource}');
      expect(targets.length).toBeGreaterThan(0);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    }
    expect(model.templating.list.map(({ name }) => name)).toEqual(['datasource', 'pool', 'node', 'namespace']);
  });

  test('panels lie in the grid and not on each other', () => {
    for (const group of [model.panels, ...model.panels.map((row) => (row.panels?.length ? row.panels : []))]) {
      const taken = new Map<string, string>();
      for (const { title, gridPos } of group) {
        const { x, y, w, h } = gridPos;
        expect(x + w).toBeLessThanOrEqual(24);
        for (let i = x; i < x + w; i++)
          for (let j = y; j < y + h; j++) {
            expect([title, taken.get(`${i},${j}`)]).toEqual([title, undefined]);
            taken.set(`${i},${j}`, title);
          }
      }
    }
  });
});

test('a panel keeps its id when others are put before it', () => {
  const more = small({ rows: [{ title: 'One', panels: [{ ...stat, title: 'First' }, stat] }] });
  const idOf = (dashboard: Dashboard) => parse(dashboard).panels.find(({ title }) => title === 'Up')!.id;
  expect(idOf(more)).toBe(idOf(small()));
});

test('a line that is full goes on below, and a folded row takes no room', () => {
  const panels = ['a', 'b', 'c'].map((title): Panel => ({ ...stat, title, width: 12, height: title === 'a' ? 4 : 6 }));
  const model = parse(
    small({
      rows: [
        { title: 'Folded', collapsed: true, panels: [stat] },
        { title: 'One', panels },
      ],
    }),
  );
  expect(model.panels.map(({ title, gridPos: { x, y } }) => [title, x, y])).toEqual([
    ['Folded', 0, 0],
    ['One', 0, 1],
    ['a', 0, 2],
    ['b', 12, 2],
    ['c', 0, 8],
  ]);
});

test.each<[Partial<DashboardProps>, string]>([
  [{ uid: 'a b' }, 'dashboard "Small": uid must be 1 to 40 letters, digits, "-" and "_", got "a b"; write it so'],
  [{ rows: [] }, 'dashboard "Small": must have a row, got none; give it one'],
  [
    { rows: [{ title: 'One', panels: [stat, stat] }] },
    'dashboard "Small": panel "Up" of row "One" has the id of panel "Up" of row "One"; give one of them another title',
  ],
  [
    { rows: [{ title: 'One', panels: [{ ...stat, width: 25 }] }] },
    'dashboard "Small": panel "Up" of row "One": width must be a whole number from 1 to 24, got 25; the grid has 24 columns',
  ],
  [
    { rows: [{ title: 'One', panels: [{ ...stat, height: 1 }] }] },
    'dashboard "Small": panel "Up" of row "One": height must be a whole number of at least 2, got 1; a unit is 30 pixels',
  ],
  [
    { rows: [{ title: 'One', panels: [{ type: 'stat', title: 'Up', targets: [] }] }] },
    'dashboard "Small": panel "Up" of row "One": has nothing to show; give it a target',
  ],
  [
    {
      rows: [
        {
          title: 'One',
          panels: [
            {
              ...stat,
              thresholds: [
                { value: 2, color: 'red' },
                { value: 1, color: 'green' },
              ],
            },
          ],
        },
      ],
    },
    'dashboard "Small": panel "Up" of row "One": thresholds must ascend, got 2, 1; sort them',
  ],
  [
    {
      variables: [{ name: 'node', label: 'Node', metric: 'up', values: 'node' }],
      rows: [
        { title: 'One', panels: [{ type: 'stat', title: 'Up', targets: [{ expr: 'up{node="$nodes"}', legend: '' }] }] },
      ],
    },
    'dashboard "Small": panel "Up" of row "One": $nodes is no variable of the dashboard; did you mean "node"?',
  ],
  [
    { variables: [{ name: 'node', label: 'Node', metric: 'up', values: 'node' }] },
    'dashboard "Small": variable "node" is used by no panel; use it, or leave it out',
  ],
  [
    { variables: [{ name: 'datasource', label: 'Node', metric: 'up', values: 'node' }] },
    `dashboard "Small": variable "datasource" is given twice or is Grafana's own; rename it`,
  ],
])('refuses %j', (props, message) => {
  expect(() => small(props)).toThrow(message);
});
