import { type Duration } from 'cdk8s';
import { dump } from 'js-yaml';
import { type IBucket } from '../../core';

/** Where things are in the containers. */
export const PATHS = {
  config: '/config',
  /** What isn't in the bucket yet; each replica's own volume. */
  queue: '/queue',
  tls: '/tls',
  /** Tokens by system, and the authority of the bucket. */
  given: '/given',
} as const;

export const PORTS = { health: 13133, metrics: 8888 } as const;
/** Port of the first system that sends; the others follow. */
export const FIRST_PORT = 9001;

/** A system that sends. */
export interface Source {
  readonly system: string;
  readonly form: 'webhook' | 'syslog';
  readonly port: number;
}

export interface CollectorProps {
  readonly sources: readonly Source[];
  readonly bucket: IBucket;
  /** Path within the bucket. */
  readonly path: string;
  readonly interval: Duration;
  /** Most that may wait on a replica's volume for one system, in bytes. */
  readonly queueBytes: number;
  readonly tls: boolean;
}

const MEBIBYTE = 1024 * 1024;
/** A batch of this size isn't kept any longer; gzip makes about a tenth of it. */
const BATCH = 8 * MEBIBYTE;
/** More than anybody sends at a time: MinIO a hundred records, Vault's sidecar 16 MiB. */
const LARGEST_REQUEST = 64 * MEBIBYTE;

/**
 * The collector's configuration. Each system has a receiver, a queue and a place in the bucket of its own: what one sends can't pass for another's.
 *
 * A record is taken once it is in the queue on the volume, written through to the disk, and leaves it once its object is in the bucket: without
 * `max_elapsed_time: 0` a batch would be dropped after five minutes.
 *
 * @see https://github.com/open-telemetry/opentelemetry-collector/blob/v0.159.0/exporter/exporterhelper/README.md
 * @see https://github.com/open-telemetry/opentelemetry-collector/blob/v0.159.0/exporter/exporterhelper/internal/queue/persistent_queue.go
 */
export function configuration(props: CollectorProps): string {
  const { sources } = props;
  const webhooks = sources.filter(({ form }) => form === 'webhook');
  const each = <T>(list: readonly Source[], name: string, value: (source: Source) => T): Record<string, T> =>
    Object.fromEntries(list.map((source) => [`${name}/${source.system}`, value(source)]));
  return dump(
    {
      extensions: {
        health_check: { endpoint: `0.0.0.0:${PORTS.health}` },
        'file_storage/queue': { directory: PATHS.queue, timeout: '10s', fsync: true },
        ...each(webhooks, 'bearertokenauth', ({ system }) => ({ filename: `${PATHS.given}/tokens/${system}` })),
      },
      receivers: Object.assign({}, ...sources.map((source) => receiver(source, props.tls))) as object,
      processors: {
        memory_limiter: { check_interval: '1s', limit_percentage: 75, spike_limit_percentage: 20 },
        ...each(sources, 'filter', ({ form }) => filter(form, props.bucket)),
      },
      exporters: each(sources, 'awss3', ({ system }) => exporter(system, props)),
      service: {
        extensions: [
          'health_check',
          'file_storage/queue',
          ...webhooks.map(({ system }) => `bearertokenauth/${system}`),
        ],
        pipelines: each(sources, 'logs', (source) => ({
          receivers: [receiverName(source)],
          processors: ['memory_limiter', `filter/${source.system}`],
          exporters: [`awss3/${source.system}`],
        })),
        telemetry: {
          logs: { encoding: 'json' },
          metrics: {
            readers: [
              {
                pull: {
                  exporter: {
                    prometheus: {
                      host: '0.0.0.0',
                      port: PORTS.metrics,
                      without_scope_info: true,
                      without_type_suffix: true,
                      without_units: true,
                    },
                  },
                },
              },
            ],
          },
        },
      },
    },
    { lineWidth: -1, noRefs: true },
  );
}

/** By the receivers' names of today: the collector complains of `webhookevent` and `tcplog`, which it still knows. */
function receiverName({ form, system }: Source): string {
  return `${form === 'webhook' ? 'webhook_event' : 'tcp_log'}/${system}`;
}

function receiver(source: Source, tls: boolean): Record<string, object> {
  const { form, port, system } = source;
  return {
    [receiverName(source)]:
      form === 'webhook'
        ? {
            endpoint: `0.0.0.0:${port}`,
            path: '/records',
            split_logs_at_newline: true,
            max_request_body_size: LARGEST_REQUEST,
            // The most that it takes; half a second unless told otherwise, which a busy disk may need to take a record.
            read_timeout: '10s',
            write_timeout: '10s',
            auth: { authenticator: `bearertokenauth/${system}` },
            ...(tls && {
              tls: { cert_file: `${PATHS.tls}/tls.crt`, key_file: `${PATHS.tls}/tls.key`, reload_interval: '1h' },
            }),
          }
        : {
            listen_address: `0.0.0.0:${port}`,
            // The peer waits while the queue takes nothing.
            retry_on_failure: { enabled: true, max_elapsed_time: '0s' },
          },
  };
}

/**
 * What isn't kept: the empty text after the last line of a request, and of MinIO's records those of the objects that the collector itself wrote.
 * Each would be a record to be written, and so on for ever. Only what is just that is left out: by the collector's key, into its bucket, done. What somebody
 * else does with the key is kept; so is what can't be read as JSON.
 *
 * @see https://github.com/open-telemetry/opentelemetry-collector-contrib/blob/v0.159.0/processor/filterprocessor/README.md
 */
function filter(form: Source['form'], bucket: IBucket): object {
  const of = (field: string) => `ParseJSON(log.body)${field}`;
  const own = [
    'IsMatch(log.body, "^[{]")',
    `${of('["accessKey"]')} == "\${env:AWS_ACCESS_KEY_ID}"`,
    `${of('["api"]["bucket"]')} == ${JSON.stringify(bucket.name)}`,
    `${of('["api"]["name"]')} == "PutObject"`,
    `${of('["api"]["statusCode"]')} == 200`,
  ];
  return {
    // A record without one of the fields isn't one of those; nothing is said of it.
    error_mode: 'silent',
    logs: { log_record: ['log.body == ""', ...(form === 'webhook' ? [own.join(' and ')] : [])] },
  };
}

/** @see https://github.com/open-telemetry/opentelemetry-collector-contrib/blob/v0.159.0/exporter/awss3exporter/config.go */
function exporter(system: string, { bucket, path, interval, queueBytes }: CollectorProps): object {
  return {
    s3uploader: {
      endpoint: bucket.url,
      region: bucket.region,
      s3_bucket: bucket.name,
      s3_prefix: `${path}/${system}`,
      s3_partition_format: 'year=%Y/month=%m/day=%d/hour=%H',
      s3_partition_timezone: 'UTC',
      s3_force_path_style: true,
      file_prefix: '${env:POD_NAME}_',
      unique_key_func_name: 'uuidv7',
      compression: 'gzip',
      // The helper's own retries go on for ever; those of S3's client don't, and know errors after which they stop.
      retry_mode: 'nop',
    },
    // The records as they came, one a line.
    marshaler: 'body',
    timeout: '60s',
    retry_on_failure: { enabled: true, initial_interval: '5s', max_interval: '60s', max_elapsed_time: '0s' },
    sending_queue: {
      enabled: true,
      storage: 'file_storage/queue',
      sizer: 'bytes',
      queue_size: queueBytes,
      num_consumers: 2,
      batch: {
        flush_timeout: `${interval.toSeconds()}s`,
        sizer: 'bytes',
        min_size: Math.min(BATCH / 2, queueBytes),
        max_size: BATCH,
      },
    },
  };
}
