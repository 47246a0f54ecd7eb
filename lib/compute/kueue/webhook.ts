import { Construct } from 'constructs';
import { type Stage } from '../../core';
import * as k8s from '../../core/k8s';
import { frameworkOf, type KueueFramework, type Reviewed } from './frameworks';

/** Kueue derives the names of the two configurations from it. @see https://github.com/kubernetes-sigs/kueue/blob/v0.19.2/pkg/util/cert/cert.go */
export const WEBHOOK_SERVICE = 'kueue-webhook-service';
export const MUTATING = 'kueue-mutating-webhook-configuration';
export const VALIDATING = 'kueue-validating-webhook-configuration';
/** The controller's own default. */
export const WEBHOOK_SECRET = 'kueue-webhook-server-cert';

/** The label of namespaces whose jobs wait in queues, as upstream's documentation has it. @see https://kueue.sigs.k8s.io/docs/tasks/manage/enforce_job_management/opt_in_namespace_management/ */
export const MANAGED = { 'managed-by-kueue': 'true' } as const;

const own = (resource: string, kind: string, more: Pick<Reviewed, 'defaulted' | 'validated'> = {}): Reviewed => ({
  group: 'kueue.x-k8s.io',
  version: 'v1beta2',
  resource,
  kind,
  ...more,
});

/** Kueue's own kinds. */
const OWN: readonly Reviewed[] = [
  own('clusterqueues', 'clusterqueue', { defaulted: ['CREATE'] }),
  own('cohorts', 'cohort'),
  own('resourceflavors', 'resourceflavor', { defaulted: ['CREATE'] }),
  own('workloads', 'workload', { defaulted: ['CREATE'], validated: ['workloads', 'workloads/status'] }),
];

/**
 * The admission webhooks: they hold jobs back when they are made, and refuse what would let them slip out. All refuse when Kueue doesn't
 * answer; those for jobs look only at namespaces of queues, so that the rest of the cluster doesn't depend on Kueue.
 *
 * Kueue makes their certificate: it fills the Secret, which must exist, and writes the authority into the configurations. Server-side apply
 * leaves both alone, since neither is stated here.
 */
export class Webhook extends Construct {
  constructor(stage: Stage, id: string, frameworks: readonly KueueFramework[]) {
    super(stage, id);
    const jobs = frameworks.map((name) => frameworkOf(name).reviewed);
    new k8s.KubeSecret(this, 'certificate', { metadata: { name: WEBHOOK_SECRET }, type: 'Opaque' });
    const mutating = [...OWN, ...jobs]
      .filter(({ defaulted }) => defaulted)
      .map((reviewed) => webhook(stage.namespace!, 'mutate', reviewed, [...reviewed.defaulted!]));
    new k8s.KubeMutatingWebhookConfiguration(this, 'mutating', { metadata: { name: MUTATING }, webhooks: mutating });
    const validating = [...OWN, ...jobs].map((reviewed) =>
      webhook(stage.namespace!, 'validate', reviewed, ['CREATE', 'UPDATE']),
    );
    new k8s.KubeValidatingWebhookConfiguration(this, 'validating', {
      metadata: { name: VALIDATING },
      webhooks: validating,
    });

    for (const [resource, name, { length }] of [
      ['mutatingwebhookconfiguration', MUTATING, mutating],
      ['validatingwebhookconfiguration', VALIDATING, validating],
    ] as const) {
      stage.addGate({
        type: 'field',
        resource,
        name,
        jsonPath: `{.webhooks[${length - 1}].clientConfig.caBundle}`,
      });
    }
    stage.addGate({
      type: 'admission',
      of: "Kueue's webhook",
      object: {
        apiVersion: 'kueue.x-k8s.io/v1beta2',
        kind: 'ResourceFlavor',
        metadata: { name: 'admission-gate' },
        spec: {},
      },
    });
  }
}

function webhook(
  namespace: string,
  verb: 'mutate' | 'validate',
  { group, version, resource, kind, validated }: Reviewed,
  operations: string[],
): k8s.ValidatingWebhook {
  const jobs = group !== 'kueue.x-k8s.io';
  return {
    name: `${verb[0]}${kind}.kb.io`,
    admissionReviewVersions: ['v1'],
    clientConfig: {
      service: {
        namespace,
        name: WEBHOOK_SERVICE,
        path: `/${verb}-${group.replaceAll('.', '-')}-${version}-${kind}`,
        port: 443,
      },
    },
    failurePolicy: 'Fail',
    sideEffects: 'None',
    timeoutSeconds: 10,
    ...(jobs && { namespaceSelector: { matchLabels: MANAGED } }),
    rules: [
      {
        apiGroups: [group],
        apiVersions: [version],
        operations,
        resources: verb === 'validate' && validated ? [...validated] : [resource],
      },
    ],
  };
}
