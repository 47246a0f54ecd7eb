import { Duration, Size } from 'cdk8s';
import { ConfigFiles, type ContainerProps, Deployment, type Mount, type ServiceEndpoint, volume } from '../../core';
import { httpProbes, metricsOf, PORTS, type Parts, registryRedis, storageEnv, tmp, trust } from './environment';
import { HARBOR_USER, images } from './images';

export interface Registry {
  readonly workload: Deployment;
  readonly endpoint: ServiceEndpoint;
  readonly controller: ServiceEndpoint;
  readonly metrics?: ServiceEndpoint;
}

/**
 * The registry proper, upstream's build of Docker Distribution 2.8, which core alone talks to, and the controller beside it that deletes
 * blobs in the bucket. Both are stateless. Layers go through the registry: clients can't reach the bucket, so redirects are off.
 *
 * @see https://github.com/goharbor/harbor-helm/blob/v1.19.1/templates/registry/registry-cm.yaml
 */
export function addRegistry(parts: Parts): Registry {
  const { stage, secrets } = parts;
  const own = secrets.registry.in(stage.namespace!);
  const redis = parts.redis.credentials.in(stage.namespace!);
  const config = new ConfigFiles(stage, 'registry-config', {
    'config.yml': registryConfiguration(parts),
    'ctl-config.yml': `protocol: http\nport: ${PORTS.http}\nlog_level: info\nregistry_config: /config/config.yml\n`,
  });
  const { env, mounts } = trust({ storage: parts.storage.authority(stage), redis: parts.redis.authority(stage) });
  const configuration: Mount = { path: '/config', volume: volume.config('config', config) };
  const rendered: Mount = {
    path: '/etc/registry',
    volume: volume.scratch('registry-config', { memory: true, limit: Size.mebibytes(1) }),
  };
  const shared: Pick<ContainerProps, 'env'>['env'] = {
    ...storageEnv(parts),
    REGISTRY_HTTP_SECRET: own.env('http-secret'),
    ...env,
  };
  const workload = new Deployment(stage, 'registry', {
    replicas: parts.replicas,
    user: HARBOR_USER,
    restartOn: [config],
    // Uploads under way.
    terminationGracePeriod: Duration.seconds(120),
    initContainers: [
      {
        // Its configuration takes the user's name for Redis from the file only.
        name: 'configure',
        image: images.registry,
        command: ['/bin/sh', '-ec', RENDER],
        env: { REDIS_USERNAME: redis.env('username'), REDIS_PASSWORD: redis.env('password') },
        resources: { cpu: 0.05, memory: Size.mebibytes(32) },
        mounts: [configuration, rendered],
      },
    ],
    containers: [
      {
        name: 'registry',
        image: images.registry,
        command: ['/usr/bin/registry_DO_NOT_USE_GC', 'serve', '/etc/registry/config.yml'],
        env: shared,
        ports: { registry: PORTS.registry, metrics: PORTS.metrics },
        resources: { cpu: 0.25, memory: Size.gibibytes(1) },
        mounts: [
          { ...rendered, readOnly: true },
          { path: '/passwords', volume: volume.secret('passwords', secrets.passwords) },
          tmp(),
          ...mounts,
        ],
        ...httpProbes('/', PORTS.registry),
      },
      {
        name: 'registryctl',
        image: images.registryController,
        command: ['/home/harbor/harbor_registryctl', '-c', '/config/ctl-config.yml'],
        env: {
          ...shared,
          CORE_SECRET: secrets.core.in(stage.namespace!).env('secret'),
          JOBSERVICE_SECRET: secrets.jobs.in(stage.namespace!).env('secret'),
        },
        ports: { controller: PORTS.http },
        resources: { cpu: 0.05, memory: Size.mebibytes(256) },
        mounts: [configuration, tmp(), ...mounts],
        ...httpProbes('/api/health', PORTS.http),
      },
    ],
  });
  workload.connectTo(parts.storage.endpoint, parts.redis.endpoint);
  const { registry, controller } = workload.addService({
    name: 'registry',
    ports: {
      registry: { port: PORTS.registry, appProtocol: 'http' },
      controller: { port: PORTS.http, appProtocol: 'http' },
    },
  });
  return { workload, endpoint: registry, controller, metrics: metricsOf(parts, workload) };
}

/** Both are letters and digits. */
const RENDER = `umask 077
cp /config/config.yml /etc/registry/config.yml
chmod u+w /etc/registry/config.yml
printf '  username: %s\\n  password: %s\\n' "$REDIS_USERNAME" "$REDIS_PASSWORD" >> /etc/registry/config.yml
`;

/** The registry's configuration, with Redis last: user and password are appended to it. */
export function registryConfiguration(parts: Parts): string {
  const { storage } = parts;
  const { address, number, tls } = registryRedis(parts);
  return `version: 0.1
log:
  level: info
  fields:
    service: registry
storage:
  s3:
    region: ${storage.region}
    bucket: ${storage.name}
    regionendpoint: ${storage.url}
    secure: ${storage.url.startsWith('https:')}
    v4auth: true
    # The parts of an upload, of which S3 takes ten thousand: a layer of 320 GB.
    chunksize: 33554432
    multipartcopychunksize: 33554432
    multipartcopymaxconcurrency: 100
  cache:
    layerinfo: redis
  maintenance:
    uploadpurging:
      enabled: true
      age: 168h
      interval: 24h
      dryrun: false
  delete:
    enabled: true
  redirect:
    disable: true
http:
  addr: :${PORTS.registry}
  relativeurls: false
  debug:
    addr: :${PORTS.metrics}
    prometheus:
      enabled: true
      path: /metrics
auth:
  htpasswd:
    realm: harbor-registry-basic-realm
    path: /passwords/passwd
validation:
  disabled: true
compatibility:
  schema1:
    enabled: true
redis:
  addr: ${address}
  db: ${number}
  enableTLS: ${tls}
  dialtimeout: 10s
  readtimeout: 10s
  writetimeout: 10s
  pool:
    maxidle: 100
    maxactive: 500
    idletimeout: 60s
`;
}
