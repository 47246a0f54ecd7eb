import { Construct } from 'constructs';
import { External, type ExternalAuditSinkProps } from '../../lib/core';
import { MinIO } from '../../lib/data/minio';
import { lab as harborLab } from '../registry/harbor-support';
import { containerOf, DRIVES, envOf } from '../monitoring/audit-support';
import { findingsOf, objectOf, objectsOf, testPlatform } from '../support';

const SPLUNK: ExternalAuditSinkProps['webhook'] = {
  host: 'splunk.corp.example',
  port: 8088,
  cidr: '10.30.0.5/32',
  path: '/services/collector/raw?source={system}',
  tokenType: 'Splunk',
  credentials: { name: 'splunk-token' },
  authority: { name: 'corp-ca' },
};

test("MinIO sends to a company's collector by HTTP, with its token and authority", () => {
  const lab = testPlatform();
  const audit = External.auditSink(lab, { webhook: SPLUNK });
  new MinIO(lab, 'minio', { ...DRIVES, audit }).addBucket('data');
  const container = containerOf(lab, 'pool-0', 'minio', 'minio');
  expect(envOf(container)).toMatchObject({
    AUDIT_TOKEN: { secretKeyRef: { name: 'splunk-token', key: 'token' } },
    MINIO_AUDIT_WEBHOOK_ENDPOINT_COLLECTOR: 'https://splunk.corp.example:8088/services/collector/raw?source=minio',
    MINIO_AUDIT_WEBHOOK_AUTH_TOKEN_COLLECTOR: 'Splunk $(AUDIT_TOKEN)',
  });
  const policy = JSON.stringify(objectOf(lab, 'NetworkPolicy', 'pool-0', 'minio'));
  expect(policy).toContain('"10.30.0.5/32"');
  expect(JSON.stringify(objectsOf(lab))).toContain('"path":"CAs/audit.crt"');
});

test('Harbor sends to it as syslog, over TCP', () => {
  const { platform } = harborLab((lab) => ({
    audit: External.auditSink(lab, { syslog: { host: 'syslog.corp.example', port: 601, cidr: '10.30.0.6/32' } }),
  }));
  const plan = objectOf<{ data: Record<string, string> }>(platform, 'ConfigMap', 'plan', 'harbor').data;
  expect(plan.steps).toContain('remote audit syslog.corp.example 601\n');
  expect(JSON.stringify(objectOf(platform, 'NetworkPolicy', 'core', 'harbor'))).toContain('"10.30.0.6/32"');
  expect(findingsOf(platform)).toEqual([]);
});

test.each<[ExternalAuditSinkProps, string]>([
  [{}, 'lab: the collector of audit records takes nothing; give webhook, syslog or both'],
  [
    { webhook: { ...SPLUNK, path: 'services/collector' } },
    'lab: webhook.path must be the path of a URL, got "services/collector"; write it as "/services/collector/raw"',
  ],
  [
    { webhook: { ...SPLUNK, tokenType: 'Bearer ' } },
    'lab: webhook.tokenType must be a word, got "Bearer "; write it as "Bearer"',
  ],
  [
    { webhook: { ...SPLUNK, scheme: 'http' } },
    'lab: webhook "splunk.corp.example" has an authority but speaks http; leave authority out or use https',
  ],
  [{ syslog: { host: 'syslog.corp.example', port: 0 } }, 'port of syslog.corp.example must be a port from 1 to 65535'],
])('%j', (props, message) => {
  expect(() => External.auditSink(testPlatform(), props)).toThrow(message);
});

test('one that takes the other form only', () => {
  const lab = testPlatform();
  const syslog = External.auditSink(lab, { syslog: { host: 'syslog.corp.example', port: 601 } });
  expect(() => new MinIO(lab, 'minio', { ...DRIVES, audit: syslog })).toThrow(
    'lab/minio: sends audit records by HTTP, and the collector that lab was given takes none; give it webhook',
  );
  const webhook = External.auditSink(lab, { webhook: SPLUNK });
  expect(() => webhook.addSyslog(new Construct(lab, 'harbor'), 'harbor')).toThrow(
    'lab/harbor: sends audit records as syslog, and the collector that lab was given takes none; give it syslog',
  );
});
