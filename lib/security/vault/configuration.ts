import { type Hcl, type HclBlock, renderHcl } from './hcl';
import { PATHS, PORTS } from './paths';

export interface ConfigurationProps {
  readonly clusterName: string;
  readonly logLevel: string;
  /** Full host names of all servers. */
  readonly servers: readonly string[];
  /** Whether clients verify the servers by an authority of its own. */
  readonly privateAuthority: boolean;
  readonly metrics: boolean;
  readonly seal?: HclBlock;
}

/** How long the metrics of an event are shown: more than two scrapes of half a minute. */
const RETENTION = '120s';

/**
 * The servers' configuration, the same for all: what differs is in environment variables.
 *
 * @see https://developer.hashicorp.com/vault/docs/v1.21.x/configuration
 */
export function configuration(props: ConfigurationProps): string {
  const tls = { tls_cert_file: `${PATHS.tls}/tls.crt`, tls_key_file: `${PATHS.tls}/tls.key` };
  const entries: Hcl = [
    {
      cluster_name: props.clusterName,
      ui: true,
      log_level: props.logLevel,
      // Locked memory needs IPC_LOCK, and upstream advises against it with integrated storage, whose database is mapped into memory whole.
      disable_mlock: true,
    },
    {
      block: 'listener',
      label: 'tcp',
      body: [{ address: `[::]:${PORTS.https}`, cluster_address: `[::]:${PORTS.cluster}`, ...tls }],
    },
    ...(props.metrics ? [metricsListener(tls)] : []),
    {
      block: 'storage',
      label: 'raft',
      body: [
        { path: PATHS.data },
        // A server alone has nobody to join. Of several each tries all, itself too, until one is initialized.
        ...(props.servers.length > 1 ? props.servers.map((host) => retryJoin(host, props.privateAuthority)) : []),
      ],
    },
    { block: 'service_registration', label: 'kubernetes', body: [] },
    ...(props.metrics
      ? [{ block: 'telemetry', body: [{ prometheus_retention_time: RETENTION, disable_hostname: true }] }]
      : []),
    ...(props.seal ? [props.seal] : []),
  ];
  return renderHcl(entries);
}

/**
 * A listener of its own for the metrics, which answers without a token: the NetworkPolicy lets the scraper in there and nobody else. It is the
 * whole API, but for a token as ever.
 *
 * @see https://developer.hashicorp.com/vault/docs/v1.21.x/configuration/listener/tcp#telemetry-parameters
 */
function metricsListener(tls: Readonly<Record<string, string>>): HclBlock {
  return {
    block: 'listener',
    label: 'tcp',
    body: [
      // Left out, the address for the servers among themselves would be the next port, at all addresses.
      { address: `[::]:${PORTS.metrics}`, cluster_address: `127.0.0.1:${PORTS.metricsCluster}`, ...tls },
      { block: 'telemetry', body: [{ unauthenticated_metrics_access: true }] },
    ],
  };
}

function retryJoin(host: string, privateAuthority: boolean): HclBlock {
  return {
    block: 'retry_join',
    body: [
      {
        leader_api_addr: `https://${host}:${PORTS.https}`,
        leader_ca_cert_file: privateAuthority ? `${PATHS.authority}/ca.crt` : undefined,
      },
    ],
  };
}
