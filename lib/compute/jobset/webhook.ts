import { Construct } from 'constructs';
import { type Stage } from '../../core';
import * as k8s from '../../core/k8s';

/** The program knows the two by these names. @see https://github.com/kubernetes-sigs/jobset/blob/v0.12.0/pkg/util/cert/cert.go */
export const CONFIGURATIONS = {
  mutating: 'jobset-mutating-webhook-configuration',
  validating: 'jobset-validating-webhook-configuration',
} as const;

const JOB_SETS: k8s.RuleWithOperations = {
  apiGroups: ['jobset.x-k8s.io'],
  apiVersions: ['v1alpha2'],
  resources: ['jobsets'],
  scope: 'Namespaced',
};
const PODS: k8s.RuleWithOperations = {
  apiGroups: [''],
  apiVersions: ['v1'],
  operations: ['CREATE'],
  resources: ['pods'],
  scope: 'Namespaced',
};

/**
 * The admission webhook: fills in what JobSets leave out, refuses what can't work, and has the pods of JobSets that ask for a place of their
 * own follow their leader. The program makes its own certificate: it fills the Secret, which must exist, and writes the authority
 * into both configurations. Server-side apply leaves both alone, since neither is stated here.
 */
export class Webhook extends Construct {
  constructor(stage: Stage, id: string, service: string, secret: string) {
    super(stage, id);
    new k8s.KubeSecret(this, 'certificate', { metadata: { name: secret }, type: 'Opaque' });
    const webhook = (name: string, path: string, rule: k8s.RuleWithOperations, objectSelector?: k8s.LabelSelector) => ({
      name,
      admissionReviewVersions: ['v1'],
      clientConfig: { service: { name: service, namespace: stage.namespace!, path, port: 443 } },
      failurePolicy: 'Fail',
      sideEffects: 'None',
      timeoutSeconds: 10,
      objectSelector,
      rules: [rule],
    });
    // Only pods of JobSets: else no pod of the cluster could start while the webhook is away.
    const ofJobSets = { matchExpressions: [{ key: 'jobset.sigs.k8s.io/jobset-name', operator: 'Exists' }] };
    new k8s.KubeMutatingWebhookConfiguration(this, 'mutating', {
      metadata: { name: CONFIGURATIONS.mutating },
      webhooks: [
        webhook('mjobset.kb.io', '/mutate-jobset-x-k8s-io-v1alpha2-jobset', { ...JOB_SETS, operations: ['CREATE'] }),
        webhook('mpod.kb.io', '/mutate--v1-pod', PODS, ofJobSets),
      ],
    });
    new k8s.KubeValidatingWebhookConfiguration(this, 'validating', {
      metadata: { name: CONFIGURATIONS.validating },
      webhooks: [
        webhook('vjobset.kb.io', '/validate-jobset-x-k8s-io-v1alpha2-jobset', {
          ...JOB_SETS,
          operations: ['CREATE', 'UPDATE'],
        }),
        webhook('vpod.kb.io', '/validate--v1-pod', PODS, ofJobSets),
      ],
    });
    Webhook.addGates(stage);
  }

  /** Ready only when the API server is answered: the pods may be up before the authority is in the configurations. */
  private static addGates(stage: Stage): void {
    for (const kind of ['mutating', 'validating'] as const) {
      stage.addGate({
        type: 'field',
        resource: `${kind}webhookconfiguration`,
        name: CONFIGURATIONS[kind],
        jsonPath: '{.webhooks[1].clientConfig.caBundle}',
      });
    }
    const container = { name: 'probe' };
    stage.addGate({
      type: 'admission',
      of: "jobset's webhook",
      object: {
        apiVersion: 'jobset.x-k8s.io/v1alpha2',
        kind: 'JobSet',
        metadata: { name: 'admission-gate', namespace: stage.namespace! },
        spec: {
          replicatedJobs: [{ name: 'probe', template: { spec: { template: { spec: { containers: [container] } } } } }],
        },
      },
    });
  }
}
