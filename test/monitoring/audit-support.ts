import { Size } from 'cdk8s';
import { load } from 'js-yaml';
import { External, type k8s, type Platform } from '../../lib/core';
import { MinIO, type MinIOProps } from '../../lib/data/minio';
import { AuditLog, type AuditLogProps } from '../../lib/monitoring/audit';
import { CertManager } from '../../lib/security/cert-manager';
import { Vault } from '../../lib/security/vault';
import { lab as harborLab } from '../registry/harbor-support';
import { objectOf, testPlatform } from '../support';

export const DRIVES: MinIOProps = { driveSize: Size.gibibytes(100) };

/** Where there is no bucket of the platform's own. */
export function bucket(platform: Platform) {
  return External.bucket(platform, {
    bucket: 'records',
    host: 's3.corp.example',
    port: 9000,
    credentials: { name: 'records-s3' },
    authority: { name: 's3-ca' },
  });
}

export { prometheus } from '../support';

/** MinIO reports to the log that it keeps, as in production; in plain HTTP where nobody issues certificates. */
export function circle(props: AuditLogProps | ((lab: Platform) => AuditLogProps) = {}, lab = testPlatform()) {
  const given = typeof props === 'function' ? props(lab) : props;
  const audit = new AuditLog(lab, 'audit', given);
  const objects = new MinIO(lab, 'minio', { ...DRIVES, audit, certificates: given.certificates });
  if (!given.bucket) audit.keepIn(objects.addBucket('audit', { versioning: true }));
  return { lab, audit, objects };
}

/** All three that report, with certificates. */
export function production() {
  let made: ReturnType<typeof circle> | undefined;
  const { harbor } = harborLab((lab) => {
    made = circle({ certificates: new CertManager(lab, 'cert-manager') }, lab);
    return { audit: made.audit };
  });
  const { lab, audit, objects } = made!;
  const certificates = lab.node.findChild('cert-manager') as CertManager;
  return { lab, audit, objects, harbor, vault: new Vault(lab, 'vault', { certificates, audit }) };
}

interface Exporter {
  readonly s3uploader: Readonly<Record<string, unknown>>;
  readonly sending_queue: { readonly queue_size: number; readonly batch: Readonly<Record<string, unknown>> };
}

export interface Configuration {
  readonly extensions: Readonly<Record<string, object>>;
  readonly receivers: Readonly<Record<string, { readonly [option: string]: unknown }>>;
  readonly processors: Readonly<Record<string, { readonly logs?: { readonly log_record: readonly string[] } }>>;
  readonly exporters: Readonly<Record<string, Exporter>>;
  readonly service: { readonly extensions: readonly string[]; readonly pipelines: Readonly<Record<string, object>> };
}

export function textOf(lab: Platform): string {
  return objectOf<{ data: Record<string, string> }>(lab, 'ConfigMap', 'config', 'audit').data['collector.yaml']!;
}

export const configurationOf = (lab: Platform): Configuration => load(textOf(lab)) as Configuration;

export interface Pods {
  readonly spec: {
    readonly replicas: number;
    readonly volumeClaimTemplates?: readonly object[];
    readonly template: { readonly spec: k8s.PodSpec };
  };
}

export const podsOf = (lab: Platform, name: string, namespace: string): k8s.PodSpec =>
  objectOf<Pods>(lab, 'StatefulSet', name, namespace).spec.template.spec;

export function containerOf(lab: Platform, name: string, namespace: string, container: string): k8s.Container {
  return podsOf(lab, name, namespace).containers.find((one) => one.name === container)!;
}

export function envOf({ env = [] }: k8s.Container): Record<string, unknown> {
  return Object.fromEntries(env.map(({ name, value, valueFrom }) => [name, value ?? valueFrom]));
}
