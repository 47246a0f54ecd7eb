import { type k8s, type Platform } from '../../lib/core';
import { CertManager } from '../../lib/security/cert-manager';
import { circle, containerOf, envOf, podsOf } from '../monitoring/audit-support';
import { findingsOf, objectOf, testPlatform } from '../support';
import { LARGE, pool, SMALL } from './minio-support';
import { MinIO } from '../../lib/data/minio';
import { AuditLog } from '../../lib/monitoring/audit';

function serverOf(lab: Platform): k8s.Container {
  return containerOf(lab, 'pool-0', 'minio', 'minio');
}

test('a record of each request goes to the collector, by way of a queue on disk', () => {
  const { lab } = circle();
  const container = serverOf(lab);
  expect(envOf(container)).toMatchObject({
    AUDIT_TOKEN: { secretKeyRef: { name: 'audit-minio', key: 'token' } },
    MINIO_AUDIT_WEBHOOK_ENABLE_COLLECTOR: 'on',
    MINIO_AUDIT_WEBHOOK_ENDPOINT_COLLECTOR: 'http://minio.audit.svc.cluster.local:9001/records',
    MINIO_AUDIT_WEBHOOK_AUTH_TOKEN_COLLECTOR: 'Bearer $(AUDIT_TOKEN)',
    MINIO_AUDIT_WEBHOOK_QUEUE_DIR_COLLECTOR: '/audit',
    MINIO_AUDIT_WEBHOOK_QUEUE_SIZE_COLLECTOR: '10000',
  });
  // Kubernetes fills in only what stands before.
  const names = container.env!.map(({ name }) => name);
  expect(names.indexOf('AUDIT_TOKEN')).toBeLessThan(names.indexOf('MINIO_AUDIT_WEBHOOK_AUTH_TOKEN_COLLECTOR'));
  expect(container.volumeMounts).toContainEqual(expect.objectContaining({ name: 'audit', mountPath: '/audit' }));
  expect(podsOf(lab, 'pool-0', 'minio').volumes).toContainEqual({ name: 'audit', emptyDir: { sizeLimit: '4Gi' } });
});

test('the queue, when it is full, fits what the pod may write to its node', () => {
  expect(serverOf(circle().lab).resources!.limits).toMatchObject({ 'ephemeral-storage': '5Gi' });
  expect(pool(SMALL).spec.template.spec.containers[0].resources).toMatchObject({
    limits: { 'ephemeral-storage': '1Gi' },
  });
});

test('without an audit log nothing of it is there, and an installed StatefulSet keeps what cannot be changed', () => {
  const without = pool(SMALL);
  expect(JSON.stringify(without)).not.toMatch(/audit/i);
  const { lab } = circle();
  const { spec } = objectOf<typeof without>(lab, 'StatefulSet', 'pool-0', 'minio');
  expect(spec.volumeClaimTemplates).toHaveLength(1);
  expect(spec.selector).toEqual(without.spec.selector);
});

test('all servers of all pools may reach the collector, and verify it', () => {
  const lab = testPlatform();
  const certificates = new CertManager(lab, 'cert-manager');
  const audit = new AuditLog(lab, 'audit', { certificates });
  const objects = new MinIO(lab, 'minio', { ...LARGE, expansions: [LARGE], audit });
  audit.keepIn(objects.addBucket('audit'));
  for (const name of ['pool-0', 'pool-1']) {
    const { egress } = objectOf<{ spec: { egress: object[] } }>(lab, 'NetworkPolicy', name, 'minio').spec;
    expect(JSON.stringify(egress)).toContain('"kubernetes.io/metadata.name":"audit"');
    const { volumes } = podsOf(lab, name, 'minio');
    expect(volumes!.find((one) => one.name === 'certificates')!.projected!.sources).toEqual([
      { secret: { name: 'private-ca-authority', items: [{ key: 'ca.crt', path: 'CAs/audit.crt' }] } },
    ]);
  }
  expect(findingsOf(lab)).toEqual([]);
});

test('an authority that MinIO has already is not there twice', () => {
  const lab = testPlatform();
  circle({ certificates: new CertManager(lab, 'cert-manager') }, lab);
  const { volumes } = podsOf(lab, 'pool-0', 'minio');
  const text = JSON.stringify(volumes!.find((one) => one.name === 'certificates'));
  expect(text.match(/CAs\//g)).toEqual(['CAs/']);
});
