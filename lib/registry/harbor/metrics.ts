import { Duration } from 'cdk8s';
import { type IMetrics, type ServiceEndpoint, type Stage } from '../../core';

/** Has Harbor's parts scraped, and says when they are bad. @see https://goharbor.io/docs/2.13.0/administration/metrics/ */
export function watch(
  stage: Stage,
  metrics: IMetrics,
  endpoints: Readonly<Record<string, ServiceEndpoint | undefined>>,
): void {
  for (const [part, endpoint] of Object.entries(endpoints)) if (endpoint) metrics.scrape(stage, part, { endpoint });
  const own = `namespace="${stage.namespace!}"`;
  metrics.addRules(stage, 'harbor', [
    {
      name: stage.namespace!,
      rules: [
        {
          alert: 'HarborPartDown',
          severity: 'critical',
          for: Duration.minutes(5),
          expr: `harbor_up{${own}} == 0`,
          summary: 'A part of Harbor does not work',
          description: "Harbor's {{ $labels.component }} has been unhealthy for 5 minutes; pulls or pushes may fail.",
        },
        {
          alert: 'HarborErrors',
          severity: 'warning',
          for: Duration.minutes(10),
          expr: `sum(rate(harbor_core_http_request_total{${own},code=~"5.."}[5m])) / sum(rate(harbor_core_http_request_total{${own}}[5m])) > 0.05`,
          summary: 'Harbor answers many requests with errors',
          description:
            '{{ $value | humanizePercentage }} of the requests to Harbor have failed on its side for 10 minutes.',
        },
        {
          alert: 'HarborProjectNearlyFull',
          severity: 'warning',
          for: Duration.minutes(30),
          expr: `harbor_project_quota_usage_byte{${own}} / (harbor_project_quota_byte{${own}} > 0) > 0.9`,
          summary: 'A project of Harbor has nearly used up its quota',
          description:
            'Project {{ $labels.project_name }} has used {{ $value | humanizePercentage }} of its quota; then pushes are refused.',
        },
        {
          alert: 'HarborJobsWait',
          severity: 'warning',
          for: Duration.minutes(30),
          expr: `max by (type) (harbor_task_queue_latency{${own}}) > 1800`,
          summary: 'Jobs of Harbor wait for long',
          description:
            'Jobs of type {{ $labels.type }} have waited for {{ $value | humanizeDuration }}: more workers, or a look at the log of jobservice.',
        },
      ],
    },
  ]);
}
