import { Size } from 'cdk8s';
import { Deployment, type ServiceEndpoint, systemOf, volume } from '../../core';
import { httpProbe, PORTS, type Parts, redisEnv, tmp, trust } from './environment';
import { HARBOR_USER, images } from './images';

/**
 * Trivy, which looks for known vulnerabilities in what was pushed. What it knows it fetches when it starts and twice a day, by name like images, so that
 * the platform's mirror is asked where there is one. Upstream keeps it on a volume; here a pod that starts fetches it again.
 *
 * @see https://github.com/goharbor/harbor-scanner-trivy/blob/v0.36.0/README.md
 */
export function addScanner(parts: Parts, core: ServiceEndpoint): ServiceEndpoint {
  const { stage } = parts;
  const system = systemOf(stage);
  const { env, mounts } = trust({ redis: parts.redis.authority(stage) });
  const cache = Size.gibibytes(8);
  const workload = new Deployment(stage, 'trivy', {
    user: HARBOR_USER,
    containers: [
      {
        name: 'trivy',
        image: images.trivy,
        command: ['/home/scanner/bin/scanner-trivy'],
        env: {
          HOME: '/tmp',
          SCANNER_LOG_LEVEL: 'info',
          SCANNER_API_SERVER_ADDR: `:${PORTS.http}`,
          SCANNER_TRIVY_CACHE_DIR: '/cache/trivy',
          SCANNER_TRIVY_REPORTS_DIR: '/cache/reports',
          SCANNER_TRIVY_SECURITY_CHECKS: 'vuln',
          SCANNER_TRIVY_TIMEOUT: '30m0s',
          SCANNER_TRIVY_DB_REPOSITORY: system.image(images.trivyDatabase),
          SCANNER_TRIVY_JAVA_DB_REPOSITORY: system.image(images.trivyJavaDatabase),
          // Otherwise it asks Maven's own servers about each archive without a name.
          SCANNER_TRIVY_OFFLINE_SCAN: 'true',
          ...redisEnv(parts, {
            SCANNER_REDIS_URL: 'trivy',
            SCANNER_STORE_REDIS_URL: 'trivy',
            SCANNER_JOB_QUEUE_REDIS_URL: 'trivy',
          }),
          ...env,
        },
        ports: { http: PORTS.http },
        resources: { cpu: 0.25, memory: Size.gibibytes(2), scratch: Size.gibibytes(24) },
        mounts: [
          { path: '/cache', volume: volume.scratch('cache', { limit: cache }) },
          // Layers of the image that is scanned.
          tmp(Size.gibibytes(16)),
          ...mounts,
        ],
        readinessProbe: httpProbe('/probe/ready', PORTS.http, { periodSeconds: 10, failureThreshold: 3 }),
        livenessProbe: httpProbe('/probe/healthy', PORTS.http, {
          periodSeconds: 20,
          failureThreshold: 4,
          initialDelaySeconds: 10,
        }),
      },
    ],
  });
  workload.connectTo(parts.redis.endpoint, core);
  // The registry that has its databases: the mirror, or the public one.
  workload.allowTo('anywhere', 443);
  return workload.addService({ name: 'trivy', ports: { http: { port: PORTS.http, appProtocol: 'http' } } }).http;
}
