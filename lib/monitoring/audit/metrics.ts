import { Duration } from 'cdk8s';
import { type IMetrics, promDuration, type ServiceEndpoint, type Stage } from '../../core';

/**
 * Has the collectors scraped, and says when records aren't kept.
 *
 * @see https://github.com/open-telemetry/opentelemetry-collector/blob/v0.159.0/exporter/exporterhelper/documentation.md
 */
export function watch(stage: Stage, metrics: IMetrics, endpoint: ServiceEndpoint, interval: Duration): void {
  const { namespace } = stage;
  const of = `{namespace="${namespace!}", job="${endpoint.service}"}`;
  const waiting = `otelcol_exporter_queue_size${of}`;
  // Longer than records are gathered for.
  const patience = Duration.seconds(interval.toSeconds() + 600);
  metrics.scrape(stage, endpoint.service, { endpoint });
  metrics.addRules(stage, 'audit', [
    {
      name: namespace!,
      rules: [
        {
          alert: 'AuditLogNotTaken',
          severity: 'critical',
          expr: `increase(otelcol_exporter_enqueue_failed_log_records${of}[10m]) > 0`,
          summary: 'Audit records are refused by {{ $labels.pod }}',
          description:
            'The queue of {{ $labels.exporter }} or its volume is full. MinIO and Vault keep their records and send them again, as long as they have room; ' +
            "Harbor's are lost here. Look why the bucket doesn't take them, or give the collectors more storage.",
        },
        {
          alert: 'AuditLogNotKept',
          severity: 'warning',
          expr: `${waiting} > 0 unless on (namespace, pod, exporter) increase(otelcol_exporter_sent_log_records${of}[${promDuration(patience)}]) > 0`,
          for: patience,
          summary: 'Audit records wait on {{ $labels.pod }} and do not get into the bucket',
          description: `They are on its volume, and none is lost yet. The log says what the store answers: kubectl -n ${namespace!} logs {{ $labels.pod }}.`,
        },
        {
          alert: 'AuditLogQueueFilling',
          severity: 'critical',
          expr: `${waiting} / otelcol_exporter_queue_capacity${of} > 0.5`,
          for: Duration.minutes(5),
          summary: "More than half of the room for {{ $labels.exporter }}'s records on {{ $labels.pod }} is used",
          description: 'When it is full, no more are taken. Look at the bucket and its quota.',
        },
        {
          alert: 'AuditLogDown',
          severity: 'critical',
          expr: `sum(up${of}) < 1 or absent(up${of})`,
          for: Duration.minutes(5),
          summary: 'No collector of audit records runs',
          description: `Records wait where they are made: in MinIO's queues, in Vault's files. Look at the pods of namespace ${namespace!}.`,
        },
      ],
    },
  ]);
}
