import { Construct } from 'constructs';
import { type Stage } from '../../core';
import * as k8s from '../../core/k8s';

export const WEBHOOK_SERVICE = 'network-operator-webhook';
export const WEBHOOK_PORT = 9443;
const CONFIGURATION = 'nvidia-network-operator';

/** The kinds that the operator checks. @see https://github.com/Mellanox/network-operator/tree/v26.4.1/api/v1alpha1/validator */
const REVIEWED = [
  { kind: 'hostdevicenetwork', resource: 'hostdevicenetworks' },
  { kind: 'nicclusterpolicy', resource: 'nicclusterpolicies' },
  { kind: 'nicnodepolicy', resource: 'nicnodepolicies' },
];

/** Host names that the API server calls the webhook by. */
export function webhookNames(namespace: string, clusterDomain: string): string[] {
  const host = `${WEBHOOK_SERVICE}.${namespace}.svc`;
  return [host, `${host}.${clusterDomain}`];
}

/** The operator's admission webhook: refuses policies and networks that it couldn't act on. */
export class Webhook extends Construct {
  /** @param annotations by which the issuer puts its authority into the configuration; stated here, each apply would take it away again */
  constructor(stage: Stage, annotations: Readonly<Record<string, string>>) {
    super(stage, 'webhook');
    new k8s.KubeValidatingWebhookConfiguration(this, 'configuration', {
      metadata: { name: CONFIGURATION, annotations: { ...annotations } },
      webhooks: REVIEWED.map(({ kind, resource }) => ({
        name: `v${kind}.kb.io`,
        admissionReviewVersions: ['v1'],
        clientConfig: {
          service: {
            namespace: stage.namespace!,
            name: WEBHOOK_SERVICE,
            path: `/validate-mellanox-com-v1alpha1-${kind}`,
            port: 443,
          },
        },
        failurePolicy: 'Fail',
        sideEffects: 'None',
        timeoutSeconds: 10,
        rules: [
          {
            apiGroups: ['mellanox.com'],
            apiVersions: ['v1alpha1'],
            operations: ['CREATE', 'UPDATE'],
            resources: [resource],
            scope: 'Cluster',
          },
        ],
      })),
    });
    stage.addGate({
      type: 'field',
      resource: 'validatingwebhookconfiguration',
      name: CONFIGURATION,
      jsonPath: `{.webhooks[${REVIEWED.length - 1}].clientConfig.caBundle}`,
    });
    stage.addGate({
      type: 'admission',
      of: "the network operator's webhook",
      object: {
        apiVersion: 'mellanox.com/v1alpha1',
        kind: 'HostDeviceNetwork',
        metadata: { name: 'admission-gate' },
        spec: { resourceName: 'gate' },
      },
    });
  }
}
