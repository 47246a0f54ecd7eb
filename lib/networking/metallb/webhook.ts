import { Construct } from 'constructs';
import { type Stage } from '../../core';
import * as k8s from '../../core/k8s';

/** One kind that a webhook looks at. */
export interface Reviewed {
  readonly group: string;
  readonly version: string;
  /** Plural. */
  readonly resource: string;
  /** Kind in lower case, as it stands in the webhook's path. */
  readonly kind: string;
  /** @default ['CREATE', 'UPDATE'] */
  readonly operations?: string[];
}

export interface ValidatingWebhookProps {
  /** Name of the configuration, which the program knows. */
  readonly name: string;
  readonly service: string;
  /** Name of the Secret that the program fills with its certificate. */
  readonly secret: string;
  readonly reviewed: readonly Reviewed[];
}

/**
 * An admission webhook whose program makes its own certificate: it fills the Secret, which must exist, and writes the
 * authority into the configuration. Server-side apply leaves both alone, since neither is stated here.
 */
export class ValidatingWebhook extends Construct {
  constructor(stage: Stage, id: string, props: ValidatingWebhookProps) {
    super(stage, id);
    new k8s.KubeSecret(this, 'certificate', { metadata: { name: props.secret }, type: 'Opaque' });
    new k8s.KubeValidatingWebhookConfiguration(this, 'configuration', {
      metadata: { name: props.name },
      webhooks: props.reviewed.map(({ group, version, resource, kind, operations }) => ({
        name: `${kind}validationwebhook.metallb.io`,
        admissionReviewVersions: ['v1'],
        clientConfig: {
          service: {
            namespace: stage.namespace!,
            name: props.service,
            path: `/validate-${group.replaceAll('.', '-')}-${version}-${kind}`,
            port: 443,
          },
        },
        failurePolicy: 'Fail',
        sideEffects: 'None',
        timeoutSeconds: 10,
        rules: [
          {
            apiGroups: [group],
            apiVersions: [version],
            operations: operations ?? ['CREATE', 'UPDATE'],
            resources: [resource],
            scope: 'Namespaced',
          },
        ],
      })),
    });
    stage.addGate({
      type: 'field',
      resource: 'validatingwebhookconfiguration',
      name: props.name,
      jsonPath: `{.webhooks[${props.reviewed.length - 1}].clientConfig.caBundle}`,
    });
  }
}
