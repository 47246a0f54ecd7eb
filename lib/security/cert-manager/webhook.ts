import { Construct } from 'constructs';
import { CREATES, Deployment, type Stage } from '../../core';
import * as k8s from '../../core/k8s';
import { type PartProps } from './controllers';
import { images } from './images';
import { scrape } from './metrics';
import { webhookClusterRules, webhookRules } from './rbac';

const NAME = 'cert-manager-webhook';
const AUTHORITY = 'cert-manager-webhook-ca';
const PORT = 10250;

/**
 * The admission webhook: refuses what cert-manager could not act on, and notes who asked for a certificate. It makes its own
 * authority, which the CA injector puts into the two configurations.
 */
export class Webhook extends Construct {
  constructor(stage: Stage, id: string, props: PartProps) {
    super(stage, id);
    const { namespace, replicas, resources, logLevel, metrics } = props;
    const workload = new Deployment(stage, NAME, {
      replicas,
      rules: webhookRules(AUTHORITY),
      clusterRules: webhookClusterRules,
      containers: [
        {
          name: 'webhook',
          image: images.webhook,
          args: [
            `--v=${logLevel}`,
            `--secure-port=${PORT}`,
            `--dynamic-serving-ca-secret-namespace=${namespace}`,
            `--dynamic-serving-ca-secret-name=${AUTHORITY}`,
            `--dynamic-serving-dns-names=${[NAME, `${NAME}.${namespace}`, `${NAME}.${namespace}.svc`].join(',')}`,
          ],
          env: { POD_NAMESPACE: { fieldRef: { fieldPath: 'metadata.namespace' } } },
          ports: { https: PORT, healthcheck: 6080, 'http-metrics': 9402 },
          resources,
          livenessProbe: probe('/livez', { initialDelaySeconds: 60, periodSeconds: 10 }),
          readinessProbe: probe('/healthz', { initialDelaySeconds: 5, periodSeconds: 5 }),
        },
      ],
    });
    // The API server calls from an address that depends on the network plugin.
    workload.allowFrom('anywhere', PORT);
    workload.addService({ ports: { https: { port: 443, target: PORT } } });
    if (metrics) scrape(stage, metrics, workload);
    this.configurations(namespace);
  }

  private configurations(namespace: string): void {
    const made = [{ kind: 'Secret', namespace, name: AUTHORITY, keys: ['tls.crt', 'tls.key', 'ca.crt'] }];
    // caBundle is the injector's field: given here, each apply would take it away again.
    const metadata = {
      name: NAME,
      annotations: {
        'cert-manager.io/inject-ca-from-secret': `${namespace}/${AUTHORITY}`,
        [CREATES]: JSON.stringify(made),
      },
    };
    const common = {
      name: 'webhook.cert-manager.io',
      admissionReviewVersions: ['v1'],
      matchPolicy: 'Equivalent',
      timeoutSeconds: 10,
      failurePolicy: 'Fail',
      sideEffects: 'None',
    };
    const clientConfig = (path: string) => ({ service: { name: NAME, namespace, path, port: 443 } });
    new k8s.KubeMutatingWebhookConfiguration(this, 'mutating', {
      metadata,
      webhooks: [
        {
          ...common,
          clientConfig: clientConfig('/mutate'),
          rules: [
            {
              apiGroups: ['cert-manager.io'],
              apiVersions: ['v1'],
              operations: ['CREATE'],
              resources: ['certificaterequests'],
            },
          ],
        },
      ],
    });
    new k8s.KubeValidatingWebhookConfiguration(this, 'validating', {
      metadata,
      webhooks: [
        {
          ...common,
          clientConfig: clientConfig('/validate'),
          namespaceSelector: {
            matchExpressions: [{ key: 'cert-manager.io/disable-validation', operator: 'NotIn', values: ['true'] }],
          },
          rules: [
            {
              apiGroups: ['cert-manager.io', 'acme.cert-manager.io'],
              apiVersions: ['v1'],
              operations: ['CREATE', 'UPDATE'],
              resources: ['*/*'],
            },
          ],
        },
      ],
    });
  }

  /** Ready only when the API server is answered: the pods may be up long before. */
  static addGates(stage: Stage, namespace: string): void {
    for (const kind of ['mutating', 'validating']) {
      stage.addGate({
        type: 'field',
        resource: `${kind}webhookconfiguration`,
        name: NAME,
        jsonPath: '{.webhooks[0].clientConfig.caBundle}',
      });
    }
    stage.addGate({
      type: 'admission',
      of: "cert-manager's webhook",
      object: {
        apiVersion: 'cert-manager.io/v1',
        kind: 'Issuer',
        metadata: { name: 'admission-probe', namespace },
        spec: { selfSigned: {} },
      },
    });
  }
}

function probe(path: string, times: Pick<k8s.Probe, 'initialDelaySeconds' | 'periodSeconds'>): k8s.Probe {
  return { httpGet: { path, port: k8s.IntOrString.fromString('healthcheck') }, timeoutSeconds: 5, ...times };
}
