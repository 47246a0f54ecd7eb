import { Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import { dump } from 'js-yaml';
import { External, type Platform } from '../../lib/core';
import { MinIO } from '../../lib/data/minio';
import { AuditLog } from '../../lib/monitoring/audit';
import { CertManager } from '../../lib/security/cert-manager';
import { ExternalSecrets } from '../../lib/security/external-secrets';
import { expectGolden, findingsOf, objectOf, objectsOf, testPlatform } from '../support';
import {
  bucket,
  circle,
  configurationOf,
  containerOf,
  DRIVES,
  envOf,
  type Pods,
  podsOf,
  production,
  prometheus,
  textOf,
} from './audit-support';

const COLLECTOR = ['collector', 'audit', 'collector'] as const;

describe('what is collected', () => {
  test('three systems send, each to a place of its own; all links', () => {
    const { lab } = production();
    const { receivers, exporters, service, extensions } = configurationOf(lab);
    expect(Object.keys(receivers)).toEqual(['webhook_event/minio', 'tcp_log/harbor', 'webhook_event/vault']);
    expect(receivers['webhook_event/minio']).toMatchObject({
      endpoint: '0.0.0.0:9001',
      path: '/records',
      split_logs_at_newline: true,
      auth: { authenticator: 'bearertokenauth/minio' },
      tls: { cert_file: '/tls/tls.crt', key_file: '/tls/tls.key' },
    });
    expect(receivers['tcp_log/harbor']).toEqual({
      listen_address: '0.0.0.0:9002',
      retry_on_failure: { enabled: true, max_elapsed_time: '0s' },
    });
    expect(extensions['bearertokenauth/vault']).toEqual({ filename: '/given/tokens/vault' });
    expect(extensions).not.toHaveProperty('bearertokenauth/harbor');
    expect(Object.values(exporters).map(({ s3uploader }) => s3uploader.s3_prefix)).toEqual([
      'audit/minio',
      'audit/harbor',
      'audit/vault',
    ]);
    expect(service.pipelines['logs/vault']).toEqual({
      receivers: ['webhook_event/vault'],
      processors: ['memory_limiter', 'filter/vault'],
      exporters: ['awss3/vault'],
    });
    for (const extension of Object.keys(extensions)) expect(service.extensions).toContain(extension);
    expect(findingsOf(lab)).toEqual([]);
  });

  test('each has a token, a Service and a port that nobody else gets to', () => {
    const { lab } = production();
    const { volumes, containers } = podsOf(lab, 'collector', 'audit');
    expect(volumes!.find(({ name }) => name === 'given')!.projected!.sources).toEqual([
      { secret: { name: 'audit-minio', items: [{ key: 'token', path: 'tokens/minio' }] } },
      { secret: { name: 'audit-vault', items: [{ key: 'token', path: 'tokens/vault' }] } },
      { secret: { name: 'private-ca-authority', items: [{ key: 'ca.crt', path: 'authority/ca.crt' }] } },
    ]);
    expect(containers[0].ports!.map(({ name, containerPort }) => [name, containerPort])).toEqual([
      ['metrics', 8888],
      ['health', 13133],
      ['source-9001', 9001],
      ['source-9002', 9002],
      ['source-9003', 9003],
    ]);
    const service = objectOf<{ spec: { ports: object[] } }>(lab, 'Service', 'vault', 'audit');
    expect(service.spec.ports).toMatchObject([{ name: 'webhook', port: 9003, targetPort: 9003, appProtocol: 'https' }]);
    const { ingress } = objectOf<{ spec: { ingress: { from: object[]; ports: object[] }[] } }>(
      lab,
      'NetworkPolicy',
      'collector',
      'audit',
    ).spec;
    const from = (port: number) => ingress.filter(({ ports }) => JSON.stringify(ports).includes(String(port)));
    expect(from(9003)).toHaveLength(1);
    expect(JSON.stringify(from(9003)[0]!.from)).toMatch(/"vault"/);
    expect(JSON.stringify(from(9003)[0]!.from)).not.toMatch(/"minio"|"harbor"/);
  });

  test('the webhooks have a certificate for the names by which they are called', () => {
    const { lab } = production();
    expect(objectOf<{ spec: { dnsNames: string[] } }>(lab, 'Certificate', 'tls', 'audit').spec.dnsNames).toEqual([
      'minio.audit.svc.cluster.local',
      'vault.audit.svc.cluster.local',
    ]);
    const plain = circle().lab;
    expect(textOf(plain)).not.toContain('tls');
    expect(findingsOf(plain)).toEqual([]);
  });
});

describe('what is kept', () => {
  test('a record is in the queue on the volume until it is in the bucket, however long that is away', () => {
    const { lab } = circle({ storage: Size.gibibytes(2), interval: Duration.minutes(2), path: 'a/b' });
    const { extensions, exporters } = configurationOf(lab);
    expect(extensions['file_storage/queue']).toEqual({ directory: '/queue', timeout: '10s', fsync: true });
    expect(exporters['awss3/minio']).toMatchObject({
      s3uploader: {
        endpoint: 'http://minio.minio.svc.cluster.local:9000',
        s3_bucket: 'audit',
        s3_prefix: 'a/b/minio',
        s3_partition_format: 'year=%Y/month=%m/day=%d/hour=%H',
        s3_force_path_style: true,
        compression: 'gzip',
        retry_mode: 'nop',
      },
      marshaler: 'body',
      retry_on_failure: { enabled: true, max_elapsed_time: '0s' },
      sending_queue: {
        storage: 'file_storage/queue',
        sizer: 'bytes',
        queue_size: Math.floor(2 * 1024 ** 3 * 0.7),
        batch: { flush_timeout: '120s' },
      },
    });
  });

  test('the queues of all systems fit the volume together', () => {
    const { lab } = production();
    const sizes = Object.values(configurationOf(lab).exporters).map(({ sending_queue }) => sending_queue.queue_size);
    expect(sizes).toHaveLength(3);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(10 * 1024 ** 3 * 0.7);
  });

  test("what the collector itself wrote isn't recorded for ever", () => {
    const { lab } = production();
    const { processors } = configurationOf(lab);
    const [empty, own] = processors['filter/minio']!.logs!.log_record;
    expect(empty).toBe('log.body == ""');
    for (const part of [
      'ParseJSON(log.body)["accessKey"] == "${env:AWS_ACCESS_KEY_ID}"',
      'ParseJSON(log.body)["api"]["bucket"] == "audit"',
      'ParseJSON(log.body)["api"]["name"] == "PutObject"',
      'ParseJSON(log.body)["api"]["statusCode"] == 200',
    ]) {
      expect(own!.split(' and ')).toContain(part);
    }
    expect(processors['filter/harbor']!.logs!.log_record).toEqual(['log.body == ""']);
  });

  test("the store that reports here isn't waited for, and its key is", () => {
    const { lab, audit, objects } = circle();
    const [install] = audit.readyAfter;
    expect(install!.comesAfter(objects.readyAfter[0]!)).toBe(false);
    expect(objects.readyAfter[0]!.comesAfter(install!)).toBe(true);
    expect(envOf(containerOf(lab, ...COLLECTOR))).toMatchObject({
      POD_NAME: { fieldRef: { fieldPath: 'metadata.name' } },
      AWS_ACCESS_KEY_ID: { secretKeyRef: { name: 'minio-audit', key: 'access-key' } },
      AWS_SECRET_ACCESS_KEY: { secretKeyRef: { name: 'minio-audit', key: 'secret-key' } },
    });
  });

  test('a bucket elsewhere, by an authority of its own', () => {
    const { lab, objects } = circle((platform) => ({ bucket: bucket(platform) }));
    objects.addBucket('data');
    expect(configurationOf(lab).exporters['awss3/minio']!.s3uploader).toMatchObject({
      endpoint: 'https://s3.corp.example:9000',
      s3_bucket: 'records',
    });
    expect(envOf(containerOf(lab, ...COLLECTOR))).toMatchObject({ SSL_CERT_DIR: '/given/authority' });
    expect(JSON.stringify(podsOf(lab, 'collector', 'audit').volumes)).toContain(
      '{"secret":{"items":[{"key":"ca.crt","path":"authority/ca.crt"}],"name":"s3-ca"}}',
    );
    expect(findingsOf(lab)).toEqual([]);
  });
});

describe('the collectors', () => {
  test('have a volume each, which may grow', () => {
    const claims = (storage?: Size) => {
      const { lab } = circle({ storage, storageClass: 'warm' });
      const all = objectsOf(lab).filter(
        ({ kind, metadata }) => kind === 'PersistentVolumeClaim' && metadata.namespace === 'audit',
      );
      return {
        claims: all.map(({ metadata, spec }) => [metadata.name, spec]),
        template: objectOf<Pods>(lab, 'StatefulSet', 'collector').spec.volumeClaimTemplates,
      };
    };
    const large = claims(Size.gibibytes(50));
    expect(large.claims).toMatchObject([
      ['queue-collector-0', { storageClassName: 'large', resources: { requests: { storage: '50Gi' } } }],
      ['queue-collector-1', { storageClassName: 'large', resources: { requests: { storage: '50Gi' } } }],
    ]);
    expect(large.template).toEqual(claims().template);
  });

  test('are two, of which one stays when nodes are drained; one on request', () => {
    const of = (lab: Platform) => objectOf<Pods>(lab, 'StatefulSet', 'collector').spec;
    const two = circle().lab;
    expect(of(two)).toMatchObject({ replicas: 2, podManagementPolicy: 'Parallel' });
    expect(objectOf(two, 'PodDisruptionBudget', 'collector', 'audit')).toBeDefined();
    const one = circle({ replicas: 1 }).lab;
    expect(of(one).replicas).toBe(1);
    expect(objectsOf(one).filter(({ kind }) => kind === 'PodDisruptionBudget')).toEqual([]);
  });

  test('memory and cpu, and the same configuration restarts nothing', () => {
    const { lab } = circle({ memory: Size.gibibytes(1), cpu: 0.5 });
    const container = containerOf(lab, ...COLLECTOR);
    expect(container.resources!.limits).toMatchObject({ memory: '1Gi', cpu: '2' });
    expect(envOf(container).GOMEMLIMIT).toBe('819MiB');
    const digest = (given: Parameters<typeof circle>[0]) =>
      JSON.stringify(objectOf<Pods>(circle(given).lab, 'StatefulSet', 'collector').spec.template);
    expect(digest({})).toBe(digest({}));
    expect(digest({ interval: Duration.minutes(1) })).not.toBe(digest({}));
  });

  test('are scraped, and alerts say what is not taken or not kept', () => {
    const { lab } = circle((platform) => ({ metrics: prometheus(platform) }));
    const rules = JSON.stringify(objectOf(lab, 'PrometheusRule', 'audit', 'audit'));
    for (const alert of ['AuditLogNotTaken', 'AuditLogNotKept', 'AuditLogQueueFilling', 'AuditLogDown'])
      expect(rules).toContain(`"${alert}"`);
    expect(rules).toContain(
      'otelcol_exporter_sent_log_records{namespace=\\"audit\\", job=\\"collector-metrics\\"}[15m]',
    );
    expect(objectOf(lab, 'ServiceMonitor', /collector/)).toBeDefined();
    expect(findingsOf(lab)).toEqual([]);
  });

  test('golden', () => {
    const { lab } = circle();
    const own = objectsOf(lab).filter(({ metadata }) => metadata.namespace === 'audit');
    expectGolden(
      'monitoring/golden/audit.yaml',
      own.map((object) => dump(object, { lineWidth: -1, noRefs: true })).join('---\n'),
    );
  });
});

describe('errors', () => {
  test.each([
    [{ replicas: 6 }, 'lab/audit: replicas must be a whole number from 1 to 5, got 6; two outlive one of them'],
    [
      { interval: Duration.seconds(5) },
      'lab/audit: interval must be from 10 seconds to an hour, got 5 seconds; give Duration.minutes(5)',
    ],
    [{ path: '/audit' }, 'lab/audit: path must be words with "/" between them, got "/audit"; write it as "audit/lab"'],
    [{ storage: Size.mebibytes(500) }, 'lab/audit: storage must be at least 1Gi, got 500Mi; give more'],
    [{ memory: Size.mebibytes(64) }, 'lab/audit: memory must be at least 256Mi, got 64Mi; give more'],
  ])('%j', (props, message) => {
    expect(() => circle(props)).toThrow(message);
  });

  test('nowhere to keep them, twice, or nobody who sends', () => {
    const nowhere = testPlatform();
    new MinIO(nowhere, 'minio', { ...DRIVES, audit: new AuditLog(nowhere, 'audit') });
    expect(() => objectsOf(nowhere)).toThrow(
      /^lab\/audit: has nowhere to keep records; pass bucket, or call keepIn\(objects.addBucket\("audit"\)\) once the store is made$/,
    );
    const { audit, objects } = circle();
    expect(() => audit.keepIn(objects.addBucket('more'))).toThrow(
      'lab/audit: keeps its records in "audit" already, and was given "more"; give one of the two',
    );
    const idle = testPlatform();
    new AuditLog(idle, 'audit', { bucket: bucket(idle) });
    expect(() => objectsOf(idle)).toThrow(
      'lab/audit: gets no records; pass it as audit to MinIO, Vault or Harbor, or leave it out',
    );
  });

  test("the store's authority, where nobody issues certificates for the collectors", () => {
    const lab = testPlatform();
    const audit = new AuditLog(lab, 'audit');
    const objects = new MinIO(lab, 'minio', { ...DRIVES, audit, certificates: new CertManager(lab, 'cert-manager') });
    expect(() => audit.keepIn(objects.addBucket('audit'))).toThrow(
      'lab/audit/install/authority: may be applied before lab/cert-manager issues certificates; give the issuer to the stage as a need',
    );
  });

  test('a name that is taken', () => {
    const { lab, audit } = circle();
    const scope = new Construct(lab, 'mine');
    expect(() => audit.addSyslog(scope, 'minio')).toThrow(
      'lab/mine: audit records of "minio" are another system\'s; give another id',
    );
    expect(() => audit.addSyslog(scope, 'collector')).toThrow('audit records of "collector"');
    expect(() => audit.addWebhook(scope, 'My App')).toThrow('did you mean "my-app"?');
  });

  test("a key that comes from Vault, which itself waits for the collectors, can't be waited for", () => {
    const lab = testPlatform();
    const audit = new AuditLog(lab, 'audit');
    const store = External.secretStore(lab, { host: 'vault.corp.example', mount: 'kv' });
    const certificates = new CertManager(lab, 'cert-manager');
    lab.useCredentials(new ExternalSecrets(lab, 'external-secrets', { store, certificates }));
    const objects = new MinIO(lab, 'minio', { ...DRIVES, audit });
    expect(() => audit.keepIn(objects.addBucket('audit'))).toThrow(
      /^lab\/audit: can't wait for the key of "audit", which lab\/external-secrets\/.* brings: .*; make the store before another source of credentials is used, or pass bucket$/,
    );
  });
});
