import { Duration, Size } from 'cdk8s';
import { ConfigFiles, Deployment, type ServiceEndpoint, volume } from '../../core';
import { databaseEnv, httpProbes, metricsOf, PORTS, type Parts, redisEnv, tmp, trust } from './environment';
import { HARBOR_USER, images } from './images';

export interface Jobs {
  readonly workload: Deployment;
  readonly endpoint: ServiceEndpoint;
  readonly metrics?: ServiceEndpoint;
}

/**
 * Runs what takes its time: replication, scans, garbage collection, retention. Logs of jobs are in the database, so that any pod can show them and none needs
 * a volume.
 *
 * @see https://github.com/goharbor/harbor-helm/tree/v1.19.1/templates/jobservice
 */
export function addJobs(parts: Parts, workers: number): Jobs {
  const { stage, secrets, urls } = parts;
  const config = new ConfigFiles(stage, 'jobservice-config', {
    'config.yml': jobsConfiguration(workers, parts.metrics),
  });
  const registry = secrets.registry.in(stage.namespace!);
  const { env, mounts } = trust({
    database: parts.database.authority(stage),
    redis: parts.redis.authority(stage),
  });
  const workload = new Deployment(stage, 'jobservice', {
    replicas: parts.replicas,
    user: HARBOR_USER,
    restartOn: [config],
    terminationGracePeriod: Duration.seconds(120),
    containers: [
      {
        name: 'jobservice',
        image: images.jobservice,
        command: ['/harbor/harbor_jobservice', '-c', '/config/config.yml'],
        env: {
          LOG_LEVEL: 'info',
          CORE_URL: urls.core,
          TOKEN_SERVICE_URL: `${urls.core}/service/token`,
          REGISTRY_URL: urls.registry,
          REGISTRY_CONTROLLER_URL: urls.registryController,
          ...redisEnv(parts, { JOB_SERVICE_POOL_REDIS_URL: 'jobs', _REDIS_URL_CORE: 'core' }),
          CORE_SECRET: secrets.core.in(stage.namespace!).env('secret'),
          JOBSERVICE_SECRET: secrets.jobs.in(stage.namespace!).env('secret'),
          REGISTRY_CREDENTIAL_USERNAME: registry.env('username'),
          REGISTRY_CREDENTIAL_PASSWORD: registry.env('password'),
          // Where and how the database is, it asks core; how to verify it, it can't.
          PGSSLROOTCERT: databaseEnv(parts, 'POSTGRESQL').PGSSLROOTCERT,
          METRIC_NAMESPACE: 'harbor',
          METRIC_SUBSYSTEM: 'jobservice',
          ...env,
        },
        ports: { http: PORTS.http, metrics: PORTS.metrics },
        resources: { cpu: 0.25, memory: Size.mebibytes(768), scratch: Size.gibibytes(4) },
        mounts: [{ path: '/config', volume: volume.config('config', config) }, tmp(Size.gibibytes(2)), ...mounts],
        ...httpProbes('/api/v1/stats', PORTS.http),
      },
    ],
  });
  workload.connectTo(parts.database.endpoint, parts.redis.endpoint);
  const { http } = workload.addService({
    name: 'jobservice',
    ports: { http: { port: 80, target: PORTS.http, appProtocol: 'http' } },
  });
  return { workload, endpoint: http, metrics: metricsOf(parts, workload) };
}

/** The Redis URL, which holds a password, comes by environment, over what stands here. */
function jobsConfiguration(workers: number, metrics: boolean): string {
  return `protocol: http
port: ${PORTS.http}
worker_pool:
  workers: ${workers}
  backend: redis
  redis_pool:
    redis_url: by-environment
    namespace: harbor_job_service_namespace
    idle_timeout_second: 3600
job_loggers:
  - name: DB
    level: INFO
    sweeper:
      duration: 14
loggers:
  - name: STD_OUTPUT
    level: INFO
metric:
  enabled: ${metrics}
  path: /metrics
  port: ${PORTS.metrics}
reaper:
  max_update_hours: 24
  max_dangling_hours: 168
`;
}

/**
 * Counts projects, repositories and the queue of jobs, which no single part knows.
 *
 * @see https://github.com/goharbor/harbor-helm/tree/v1.19.1/templates/exporter
 */
export function addExporter(parts: Parts, core: ServiceEndpoint): ServiceEndpoint {
  const { stage } = parts;
  const { env, mounts } = trust({ database: parts.database.authority(stage), redis: parts.redis.authority(stage) });
  const workload = new Deployment(stage, 'exporter', {
    user: HARBOR_USER,
    containers: [
      {
        name: 'exporter',
        image: images.exporter,
        command: ['/harbor/harbor_exporter', '-log-level', 'info'],
        env: {
          LOG_LEVEL: 'info',
          HARBOR_EXPORTER_PORT: String(PORTS.metrics),
          HARBOR_EXPORTER_METRICS_PATH: '/metrics',
          HARBOR_EXPORTER_METRICS_ENABLED: 'true',
          HARBOR_EXPORTER_CACHE_TIME: '23',
          HARBOR_EXPORTER_CACHE_CLEAN_INTERVAL: '14400',
          HARBOR_METRIC_NAMESPACE: 'harbor',
          HARBOR_METRIC_SUBSYSTEM: 'exporter',
          HARBOR_REDIS_NAMESPACE: 'harbor_job_service_namespace',
          HARBOR_REDIS_TIMEOUT: '3600',
          HARBOR_SERVICE_SCHEME: 'http',
          HARBOR_SERVICE_HOST: core.host,
          HARBOR_SERVICE_PORT: String(core.port),
          ...databaseEnv({ ...parts, connections: 3 }, 'HARBOR_DATABASE'),
          ...redisEnv(parts, { HARBOR_REDIS_URL: 'jobs' }),
          ...env,
        },
        ports: { metrics: PORTS.metrics },
        resources: { cpu: 0.05, memory: Size.mebibytes(128) },
        mounts: [tmp(Size.mebibytes(64)), ...mounts],
        ...httpProbes('/', PORTS.metrics),
      },
    ],
  });
  workload.connectTo(parts.database.endpoint, parts.redis.endpoint, core);
  return workload.addService({ name: 'exporter', ports: { metrics: PORTS.metrics } }).metrics;
}
