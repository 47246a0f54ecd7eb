import { Duration, Size } from 'cdk8s';
import { ConfigFiles, Deployment, type ISecret, type ServiceEndpoint, volume } from '../../core';
import { databaseEnv, httpProbe, httpProbes, metricsOf, PORTS, type Parts, redisEnv, tmp, trust } from './environment';
import { HARBOR_USER, images } from './images';

export interface CoreProps {
  /** `https://harbor.lab.example`, by which everybody reaches it. */
  readonly externalUrl: string;
  /** Of the identity provider. */
  readonly identityAuthority?: ISecret;
  /** That of the gateway's certificate, which people may download. */
  readonly ownAuthority?: ISecret;
}

export interface Core {
  readonly workload: Deployment;
  readonly endpoint: ServiceEndpoint;
  readonly metrics?: ServiceEndpoint;
}

/**
 * The API, the tokens, and the way to the registry for all who pull and push. It brings the database's schema up to date when it starts, one
 * pod at a time by a lock in the database, for which the first start and an upgrade have ten minutes.
 *
 * @see https://github.com/goharbor/harbor-helm/tree/v1.19.1/templates/core
 */
export function addCore(parts: Parts, props: CoreProps): Core {
  const { stage, secrets, urls } = parts;
  const own = secrets.core.in(stage.namespace!);
  const registry = secrets.registry.in(stage.namespace!);
  const config = new ConfigFiles(stage, 'core-config', {
    'app.conf': 'appname = Harbor\nrunmode = prod\nenablegzip = true\n\n[prod]\nhttpport = 8080\n',
  });
  const { env, mounts } = trust({
    database: parts.database.authority(stage),
    redis: parts.redis.authority(stage),
    identity: props.identityAuthority,
  });
  const workload = new Deployment(stage, 'core', {
    replicas: parts.replicas,
    user: HARBOR_USER,
    restartOn: [config],
    terminationGracePeriod: Duration.seconds(120),
    containers: [
      {
        name: 'core',
        image: images.core,
        command: ['/harbor/harbor_core'],
        env: {
          PORT: String(PORTS.http),
          CONFIG_PATH: '/config/app.conf',
          KEY_PATH: '/secrets/key/secret-key',
          TOKEN_PRIVATE_KEY_PATH: '/secrets/token/private_key.pem',
          LOG_LEVEL: 'info',
          EXT_ENDPOINT: props.externalUrl,
          CORE_URL: urls.core,
          CORE_LOCAL_URL: `http://127.0.0.1:${PORTS.http}`,
          TOKEN_SERVICE_URL: `${urls.core}/service/token`,
          PORTAL_URL: urls.portal,
          JOBSERVICE_URL: urls.jobservice,
          REGISTRY_URL: urls.registry,
          REGISTRY_CONTROLLER_URL: urls.registryController,
          REGISTRY_STORAGE_PROVIDER_NAME: 's3',
          WITH_TRIVY: String(parts.scanner),
          TRIVY_ADAPTER_URL: urls.trivy,
          DATABASE_TYPE: 'postgresql',
          ...databaseEnv(parts, 'POSTGRESQL'),
          ...redisEnv(parts, { _REDIS_URL_CORE: 'core', _REDIS_URL_REG: 'registry' }),
          CORE_SECRET: own.env('secret'),
          CSRF_KEY: own.env('csrf-key'),
          JOBSERVICE_SECRET: secrets.jobs.in(stage.namespace!).env('secret'),
          REGISTRY_CREDENTIAL_USERNAME: registry.env('username'),
          REGISTRY_CREDENTIAL_PASSWORD: registry.env('password'),
          // Taken when the database is made, and never again.
          HARBOR_ADMIN_PASSWORD: secrets.administrator.in(stage.namespace!).env('password'),
          PERMITTED_REGISTRY_TYPES_FOR_PROXY_CACHE:
            'docker-hub,harbor,azure-acr,ali-acr,aws-ecr,google-gcr,docker-registry,github-ghcr,jfrog-artifactory',
          METRIC_ENABLE: String(parts.metrics),
          METRIC_PATH: '/metrics',
          METRIC_PORT: String(PORTS.metrics),
          METRIC_NAMESPACE: 'harbor',
          METRIC_SUBSYSTEM: 'core',
          ...env,
        },
        ports: { http: PORTS.http, metrics: PORTS.metrics },
        resources: { cpu: 0.25, memory: Size.mebibytes(768) },
        mounts: [
          { path: '/config', volume: volume.config('config', config) },
          { path: '/secrets/key', volume: volume.secret('key', own, { 'secret-key': 'secret-key' }) },
          { path: '/secrets/token', volume: volume.secret('token', secrets.token) },
          ...(props.ownAuthority
            ? [{ path: '/etc/core/ca', volume: volume.secret('ca', props.ownAuthority, { 'ca.crt': 'ca.crt' }) }]
            : []),
          tmp(),
          ...mounts,
        ],
        startupProbe: httpProbe('/api/v2.0/ping', PORTS.http, { periodSeconds: 5, failureThreshold: 120 }),
        readinessProbe: httpProbe('/api/v2.0/ping', PORTS.http, { periodSeconds: 10, failureThreshold: 2 }),
        livenessProbe: httpProbe('/api/v2.0/ping', PORTS.http, { periodSeconds: 20, failureThreshold: 4 }),
      },
    ],
  });
  workload.connectTo(parts.database.endpoint, parts.redis.endpoint);
  const { http } = workload.addService({
    name: 'core',
    ports: { http: { port: 80, target: PORTS.http, appProtocol: 'http' } },
  });
  return { workload, endpoint: http, metrics: metricsOf(parts, workload) };
}

/**
 * The user interface: files, by nginx. Its configuration is told to write to /tmp alone.
 *
 * @see https://github.com/goharbor/harbor-helm/blob/v1.19.1/templates/portal/configmap.yaml
 */
export function addPortal({ stage, replicas }: Parts): ServiceEndpoint {
  const config = new ConfigFiles(stage, 'portal-config', {
    'nginx.conf': `worker_processes 2;
pid /tmp/nginx.pid;
events {
  worker_connections 1024;
}
http {
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `  ${kind}_temp_path /tmp/${kind};\n`).join('')}  include /etc/nginx/mime.types;
  access_log off;
  server_tokens off;
  gzip on;
  gzip_min_length 1000;
  gzip_proxied any;
  gzip_types text/plain text/css application/json application/javascript text/javascript image/svg+xml;
  server {
    listen ${PORTS.http};
    root /usr/share/nginx/html;
    location /devcenter-api-2.0 {
      try_files $uri $uri/ /swagger-ui-index.html;
    }
    location / {
      try_files $uri $uri/ /index.html;
    }
    location = /index.html {
      add_header Cache-Control "no-store, no-cache, must-revalidate";
    }
  }
}
`,
  });
  const workload = new Deployment(stage, 'portal', {
    replicas,
    user: HARBOR_USER,
    restartOn: [config],
    containers: [
      {
        name: 'portal',
        image: images.portal,
        command: ['nginx', '-c', '/config/nginx.conf', '-g', 'daemon off;'],
        ports: { http: PORTS.http },
        resources: { cpu: 0.05, memory: Size.mebibytes(64), scratch: Size.mebibytes(128) },
        mounts: [{ path: '/config', volume: volume.config('config', config) }, tmp(Size.mebibytes(64))],
        ...httpProbes('/', PORTS.http),
      },
    ],
  });
  return workload.addService({ name: 'portal', ports: { http: { port: 80, target: PORTS.http, appProtocol: 'http' } } })
    .http;
}
