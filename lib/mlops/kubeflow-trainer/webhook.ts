import { Construct } from 'constructs';
import { type Stage } from '../../core';
import * as k8s from '../../core/k8s';

/** The program knows the two by these names. @see https://github.com/kubeflow/trainer/blob/v2.3.0/cmd/trainer-controller-manager/main.go */
export const CONFIGURATIONS = {
  mutating: 'defaulter.trainer.kubeflow.org',
  validating: 'validator.trainer.kubeflow.org',
};

const VALIDATED = [
  { kind: 'clustertrainingruntime', scope: 'Cluster' },
  { kind: 'trainingruntime', scope: 'Namespaced' },
  { kind: 'trainjob', scope: 'Namespaced' },
];

/**
 * The admission webhook: refuses TrainJobs and runtimes that can't work, and notes when a job was changed by whom. The program makes its own
 * certificate: it fills the Secret, which must exist, and writes the authority into both configurations. Server-side apply leaves
 * both alone, since neither is stated here.
 */
export class Webhook extends Construct {
  constructor(stage: Stage, id: string, service: string, secret: string) {
    super(stage, id);
    new k8s.KubeSecret(this, 'certificate', { metadata: { name: secret }, type: 'Opaque' });
    const webhook = (does: 'mutate' | 'validate', kind: string, scope: string) => ({
      name: `${does === 'mutate' ? 'defaulter' : 'validator'}.${kind}.trainer.kubeflow.org`,
      admissionReviewVersions: ['v1'],
      clientConfig: {
        service: {
          name: service,
          namespace: stage.namespace!,
          path: `/${does}-trainer-kubeflow-org-v1alpha1-${kind}`,
          port: 443,
        },
      },
      failurePolicy: 'Fail',
      sideEffects: 'None',
      timeoutSeconds: 10,
      rules: [
        {
          apiGroups: ['trainer.kubeflow.org'],
          apiVersions: ['v1alpha1'],
          operations: ['CREATE', 'UPDATE'],
          resources: [`${kind}s`],
          scope,
        },
      ],
    });
    new k8s.KubeMutatingWebhookConfiguration(this, 'mutating', {
      metadata: { name: CONFIGURATIONS.mutating },
      webhooks: [webhook('mutate', 'trainjob', 'Namespaced')],
    });
    new k8s.KubeValidatingWebhookConfiguration(this, 'validating', {
      metadata: { name: CONFIGURATIONS.validating },
      webhooks: VALIDATED.map(({ kind, scope }) => webhook('validate', kind, scope)),
    });
    Webhook.addGates(stage);
  }

  /** Ready only when the API server is answered: the pods may be up before the authority is in the configurations. */
  private static addGates(stage: Stage): void {
    const last = { mutating: 0, validating: VALIDATED.length - 1 };
    for (const kind of ['mutating', 'validating'] as const) {
      stage.addGate({
        type: 'field',
        resource: `${kind}webhookconfiguration`,
        name: CONFIGURATIONS[kind],
        jsonPath: `{.webhooks[${last[kind]}].clientConfig.caBundle}`,
      });
    }
    stage.addGate({
      type: 'admission',
      of: "kubeflow trainer's webhook",
      object: {
        apiVersion: 'trainer.kubeflow.org/v1alpha1',
        kind: 'TrainingRuntime',
        metadata: { name: 'admission-gate', namespace: stage.namespace! },
        spec: { mlPolicy: { numNodes: 1 } },
      },
    });
  }
}
