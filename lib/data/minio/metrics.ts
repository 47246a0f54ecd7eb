import { type Construct } from 'constructs';
import { type IMetrics, SecretReference, type ServiceEndpoint, systemOf } from '../../core';
import { addAdminJob, type MinIOServers, userPolicy } from './admin-job';
import { images } from './images';
import { SIGN_TOKEN, STORE_TOKEN } from './scripts';

/** May read metrics and do nothing else. */
const POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: ['admin:Prometheus'] },
    { Effect: 'Deny', Action: ['admin:CreateServiceAccount', 'admin:CreateUser'] },
  ],
});

/**
 * Has the metrics scraped. They are on the S3 API's own port and path, and so within reach of all its clients, those behind the gateway
 * too: a token lets none but the scraper read them, which names the buckets and their sizes. A Job signs it with the key of a user who
 * has no other right.
 *
 * @see https://github.com/minio/minio/blob/RELEASE.2025-09-07T16-13-09Z/docs/metrics/prometheus/README.md
 */
export function scrapeMetrics(
  scope: Construct,
  { metrics, servers, endpoint }: { metrics: IMetrics; servers: MinIOServers; endpoint: ServiceEndpoint },
): void {
  const { stage } = servers;
  const system = systemOf(scope);
  const id = system.node.id;
  const name = 'metrics-token';
  const user = `${id}.metrics`;
  addAdminJob(name, {
    servers,
    policy: userPolicy(user, POLICY),
    user: system.platform.credentials.generate(scope, 'metrics-user', {
      'access-key': { value: user },
      'secret-key': { length: 40 },
    }),
    after: SIGN_TOKEN,
    store: { image: images.curl, script: STORE_TOKEN, env: { WRITE_TO: name } },
    rules: [
      { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
      { apiGroups: [''], resources: ['secrets'], verbs: ['update'], resourceNames: [name] },
    ],
    creates: () => [{ kind: 'Secret', namespace: system.namespace, name, keys: ['token'] }],
  });
  const secret = new SecretReference(system.namespace, name, ['token'], stage.readyAfter);
  for (const kind of ['cluster', 'node'] as const) {
    metrics.scrape(stage, `${id}-${kind}`, {
      endpoint,
      path: `/minio/v2/metrics/${kind}`,
      scheme: servers.url.startsWith('https:') ? 'https' : 'http',
      authority: servers.authority(stage),
      bearer: { secret, key: 'token' },
    });
  }
}
