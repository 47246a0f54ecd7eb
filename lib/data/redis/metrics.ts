import { Duration } from 'cdk8s';
import { type IMetrics, type ServiceEndpoint, type Stage } from '../../core';

/** Has the servers scraped, and says when they are bad. */
export function watch(
  stage: Stage,
  id: string,
  { metrics, endpoint, replicas }: { metrics: IMetrics; endpoint: ServiceEndpoint; replicas: number },
): void {
  metrics.scrape(stage, id, { endpoint });
  const own = `namespace="${stage.namespace!}"`;
  const five = Duration.minutes(5);
  metrics.addRules(stage, id, [
    {
      name: `${stage.namespace!}-${id}`,
      rules: [
        {
          alert: 'RedisDown',
          severity: replicas > 1 ? 'warning' : 'critical',
          for: five,
          expr: `redis_up{${own}} == 0`,
          summary: 'A Redis server does not answer',
          description: 'The server of {{ $labels.pod }} has not answered its exporter for 5 minutes.',
        },
        {
          alert: 'RedisMemoryShort',
          severity: 'warning',
          for: Duration.minutes(15),
          expr: `redis_memory_used_bytes{${own}} / (redis_memory_max_bytes{${own}} > 0) > 0.9`,
          summary: 'A Redis server has nearly no memory left for data',
          description:
            'The data of {{ $labels.pod }} take {{ $value | humanizePercentage }} of what they may. When it is full, writes are refused: raise memory.',
        },
        {
          alert: 'RedisLogFails',
          severity: 'critical',
          for: five,
          expr: `redis_aof_last_write_status{${own}} == 0 or redis_aof_last_bgrewrite_status{${own}} == 0`,
          summary: 'A Redis server cannot write its log',
          description: 'What is written to {{ $labels.pod }} is not on its volume: it is probably full.',
        },
        ...(replicas > 1
          ? [
              {
                alert: 'RedisMasterMissing',
                severity: 'critical' as const,
                for: Duration.minutes(2),
                expr: `count(redis_instance_info{${own},role="master"}) != 1 or absent(redis_instance_info{${own},role="master"})`,
                summary: 'Not exactly one Redis server is the master',
                description:
                  'For 2 minutes there has been no master, or more than one. Ask the sentinels, and read their logs.',
              },
              {
                alert: 'RedisReplicaMissing',
                severity: 'warning' as const,
                for: Duration.minutes(10),
                expr: `max(redis_connected_slaves{${own}}) < ${replicas - 1}`,
                summary: 'A Redis replica is not connected',
                description: `The master has {{ $value }} replicas, where it should have ${replicas - 1}. With none it takes no writes.`,
              },
            ]
          : []),
      ],
    },
  ]);
}
