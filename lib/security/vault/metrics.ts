import { Duration } from 'cdk8s';
import { type AlertRule, type IMetrics, type ISecret, type ServiceEndpoint, type Stage } from '../../core';
import { SNAPSHOT_JOB } from './snapshots';

export interface MetricsProps {
  readonly metrics: IMetrics;
  readonly endpoint: ServiceEndpoint;
  readonly authority?: ISecret;
  readonly servers: number;
  readonly snapshots: boolean;
}

/** Has the servers scraped, and says what is bad of them. */
export function addMetrics(stage: Stage, id: string, props: MetricsProps): void {
  const { metrics, endpoint, authority } = props;
  metrics.scrape(stage, id, {
    endpoint,
    path: '/v1/sys/metrics',
    // Else it depends on the scraper's wishes which form it gets.
    params: { format: ['prometheus'] },
    scheme: 'https',
    authority,
  });
  metrics.addRules(stage, id, [{ name: id, rules: alerts(endpoint, props) }]);
}

/** @see https://developer.hashicorp.com/vault/docs/internals/telemetry/metrics/core-system */
function alerts(
  { workload: { namespace }, service }: ServiceEndpoint,
  { servers, snapshots }: MetricsProps,
): AlertRule[] {
  const of = `{namespace="${namespace}", job="${service}"}`;
  const unseal = `kubectl -n ${namespace} exec -it {{ $labels.pod }} -c vault -- sh /vault/scripts/unseal.sh`;
  const quorum = (servers + 1) / 2;
  return [
    {
      alert: 'VaultSealed',
      severity: 'critical',
      // A server that starts sealed says nothing of it: the metric is there only once it was unsealed.
      expr: `up${of} == 1 unless on (pod) vault_core_unsealed${of} == 1`,
      for: Duration.minutes(2),
      summary: 'Vault on {{ $labels.pod }} is sealed',
      description: `The server runs and answers nothing. Where people unseal: ${unseal}. Where it unseals itself, its log says why it can't.`,
    },
    {
      alert: 'VaultNoLeader',
      severity: 'critical',
      expr: `(sum(vault_core_active${of}) or vector(0)) < 1`,
      for: Duration.minutes(2),
      summary: 'Vault has no active server',
      description: `No secret can be read or written. ${quorum} of ${servers} must be up and unsealed: look at the pods of namespace ${namespace}.`,
    },
    {
      alert: 'VaultAuditFailing',
      severity: 'warning',
      expr: `increase(vault_audit_log_request_failure${of}[10m]) > 0 or increase(vault_audit_log_response_failure${of}[10m]) > 0`,
      summary: "Vault on {{ $labels.pod }} can't write to an audit device",
      description: 'Once no device can be written to, Vault answers nothing. Look at the volume of its audit log.',
    },
    ...(servers > 1 ? [toleratesNone(of)] : []),
    ...(snapshots ? [snapshotFailed(namespace)] : []),
  ];
}

function toleratesNone(of: string): AlertRule {
  return {
    alert: 'VaultToleratesNoFailure',
    severity: 'warning',
    // The former leader shows its last word for two minutes.
    expr: `vault_autopilot_failure_tolerance${of} < 1 and on (pod) vault_core_active${of} == 1`,
    for: Duration.minutes(10),
    summary: 'Vault stops when one more server does',
    description:
      'A server is down, sealed, or far behind the leader: `vault operator raft list-peers` and the pods say which.',
  };
}

/** By what kube-state-metrics says of the CronJob, whatever its schedule: it was begun, and an hour later has not succeeded. */
function snapshotFailed(namespace: string): AlertRule {
  const of = `{namespace="${namespace}", cronjob="${SNAPSHOT_JOB}"}`;
  const last = `kube_cronjob_status_last_successful_time${of}`;
  const begun = `kube_cronjob_status_last_schedule_time${of}`;
  return {
    alert: 'VaultSnapshotFailed',
    severity: 'warning',
    expr: `${begun} > on (namespace, cronjob) ${last} or (${begun} unless on (namespace, cronjob) ${last})`,
    for: Duration.hours(1),
    summary: "Vault's last snapshot failed",
    description: `Its Job's log says why: kubectl -n ${namespace} get jobs, kubectl -n ${namespace} logs job/...`,
  };
}
