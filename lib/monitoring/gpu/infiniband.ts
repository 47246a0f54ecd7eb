import { Duration } from 'cdk8s';
import { type RuleGroup } from '../../core';
import { alertRule, type Finding, type RunbookProps } from './finding';
import { type Metric } from './metric';

/**
 * What node_exporter's collector `infiniband`, on by itself, says of each port of InfiniBand and RoCE adapters, with the labels `instance`,
 * `device` and `port`.
 * @see https://github.com/prometheus/node_exporter/blob/master/collector/infiniband_linux.go
 */
export const INFINIBAND_METRICS: readonly Metric[] = [
  { name: 'node_infiniband_state_id', type: 'gauge', unit: 'state', meaning: '1 down; 2 init; 3 armed; 4 active' },
  {
    name: 'node_infiniband_physical_state_id',
    type: 'gauge',
    unit: 'state',
    meaning: '2 polling; 3 disabled; 5 link up',
  },
  { name: 'node_infiniband_symbol_error_total', type: 'counter', unit: '', meaning: 'minor errors on the lanes' },
  { name: 'node_infiniband_link_downed_total', type: 'counter', unit: '', meaning: 'times the link went down' },
  { name: 'node_infiniband_port_data_received_bytes_total', type: 'counter', unit: 'B', meaning: 'received' },
  { name: 'node_infiniband_port_data_transmitted_bytes_total', type: 'counter', unit: 'B', meaning: 'sent' },
];

const where = '{{ $labels.device }}, port {{ $labels.port }}, on {{ $labels.instance }}';

export const INFINIBAND_FINDINGS: readonly Finding[] = [
  {
    alert: 'InfinibandPortDown',
    // A port without a cable was never active, and one that is switched off has the physical state 3.
    expr:
      'node_infiniband_state_id != 4 and max_over_time(node_infiniband_state_id[1d]) == 4 ' +
      'and node_infiniband_physical_state_id != 3',
    for: Duration.minutes(2),
    severity: 'critical',
    what: 'RDMA port down',
    where,
    value: 'It is in state {{ $value }} (1 down, 2 init, 3 armed).',
    means: 'A port that was active within the last day no longer is. Jobs that span nodes hang or fail.',
    todo: 'Look at the cable, the transceiver and the switch; a port that stays in state 2 has no subnet manager.',
  },
  {
    alert: 'InfinibandLinkFlapping',
    expr: 'increase(node_infiniband_link_downed_total[1h]) >= 2',
    severity: 'warning',
    what: 'RDMA link goes up and down',
    where,
    value: 'It went down {{ $value | humanize }} times.',
    means: 'A link went down twice or more within an hour. Each time collectives stall, and may end the job.',
    todo: 'Replace the cable first, then the transceiver.',
  },
  {
    alert: 'InfinibandSymbolErrors',
    expr: 'increase(node_infiniband_symbol_error_total[1h]) > 10',
    for: Duration.minutes(15),
    severity: 'warning',
    what: 'Errors on an RDMA link',
    where,
    value: '{{ $value | humanize }} symbol errors within the last hour.',
    means: 'A link has more than ten symbol errors an hour, where a sound one has next to none.',
    todo: 'Clean, reseat or replace the cable before the link goes down.',
  },
];

/** Rules on the nodes' InfiniBand and RoCE ports, for whoever brings RDMA to pods; node_exporter is scraped by whoever runs it. */
export function infinibandRules(props: RunbookProps = {}): RuleGroup[] {
  return [{ name: 'infiniband', rules: INFINIBAND_FINDINGS.map((finding) => alertRule(finding, props)) }];
}
