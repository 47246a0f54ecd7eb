import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duration } from 'cdk8s';
import { DCGM_METRICS, XIDS } from '../../lib';
import { type Finding } from '../../lib/monitoring/gpu/finding';
import { findings } from '../../lib/monitoring/gpu/findings';
import { INFINIBAND_FINDINGS } from '../../lib/monitoring/gpu/infiniband';
import { expectGolden } from '../support';

const PAGE = '../docs/monitoring.md';

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Each alert once, with whose it is. */
function alerts(): { finding: Finding; of: string }[] {
  const props = { pools: [{ name: 'pool', nodes: 1, gpusPerNode: 8 }], idleAfter: Duration.hours(1) };
  const of = new Map<string, { finding: Finding; of: string }>();
  for (const [who, list] of [
    ['NVIDIA', findings('nvidia', props)],
    ['AMD', findings('amd', props)],
    ['RDMA ports', INFINIBAND_FINDINGS],
  ] as const) {
    for (const finding of list) {
      const known = of.get(finding.alert);
      of.set(finding.alert, { finding, of: known ? `${known.of}, ${who}` : who });
    }
  }
  return [...of.values()];
}

const firstSentence = ({ means }: Finding) => means.replace(/([.:]) .*$/, '$1').replace(/:$/, '.');

const SECTIONS: Readonly<Record<string, () => string>> = {
  alerts: () =>
    table(
      ['alert', 'severity', 'of', 'after', 'when'],
      alerts().map(({ finding, of }) => [
        `[${finding.alert}](#${finding.alert.toLowerCase()})`,
        finding.severity,
        of,
        finding.for?.toHumanString() ?? 'at once',
        firstSentence(finding),
      ]),
    ),
  xids: () =>
    table(
      ['Xid', 'meaning', 'asks for', 'what to do'],
      XIDS.map(({ xid, meaning, action, todo }) => [String(xid), meaning, action, todo]),
    ),
  dcgm: () =>
    table(
      ['series', 'unit', 'added', 'meaning'],
      DCGM_METRICS.map(({ name, unit, extra, meaning }) => [`\`${name}\``, unit, extra ? 'yes' : '', meaning]),
    ),
  todo: () =>
    alerts()
      .map(({ finding: { alert, severity, means, todo } }) => `#### ${alert}\n\n*${severity}.* ${means}\n\n${todo}`)
      .join('\n\n'),
};

test('docs/monitoring.md says what the rules say; npm run test:update writes it', () => {
  const page = readFileSync(join(__dirname, '..', PAGE), 'utf8');
  const fresh = Object.entries(SECTIONS).reduce((text, [name, content]) => {
    const section = new RegExp(`<!-- ${name} -->[^]*?<!-- /${name} -->`);
    expect(text).toMatch(section);
    const body = `<!-- ${name} -->\n<!-- prettier-ignore-start -->\n\n${content()}\n\n<!-- prettier-ignore-end -->\n<!-- /${name} -->`;
    return text.replace(section, () => body);
  }, page);
  expectGolden(PAGE, fresh);
});
