import { Construct } from 'constructs';
import { Deployment, type ISecret, type Stage, volume } from '../../core';
import * as k8s from '../../core/k8s';
import { METRICS, type PartProps, scrape } from './controller';
import { images } from './images';

const NAME = 'external-secrets-webhook';
const PORT = 10250;
const CERTIFICATES = '/tmp/certs';

export interface WebhookProps extends PartProps {
  readonly namespace: string;
  readonly replicas: number;
  /** With the keys `tls.crt`, `tls.key` and `ca.crt`. */
  readonly certificate: ISecret;
  /** By which the issuer puts its authority into the configurations. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** Host names that the API server calls the webhook by. */
export function webhookNames(namespace: string, clusterDomain: string): string[] {
  const host = `${NAME}.${namespace}.svc`;
  return [host, `${host}.${clusterDomain}`];
}

/** The admission webhook: refuses stores and ExternalSecrets that the controllers couldn't act on. */
export class Webhook extends Construct {
  constructor(stage: Stage, id: string, props: WebhookProps) {
    super(stage, id);
    const { namespace, replicas, certificate, resources, logLevel, metrics } = props;
    const workload = new Deployment(stage, NAME, {
      replicas,
      // It reads the API's discovery, which everybody may.
      rules: [],
      containers: [
        {
          name: 'webhook',
          image: images.externalSecrets,
          args: [
            'webhook',
            `--port=${PORT}`,
            `--dns-name=${NAME}.${namespace}.svc`,
            `--cert-dir=${CERTIFICATES}`,
            '--check-interval=5m',
            // By default it ends 90 days before its certificate does: with one of 90 days, at once.
            '--lookahead-interval=1h',
            `--metrics-addr=:${METRICS.metrics}`,
            '--healthz-addr=:8081',
            `--loglevel=${logLevel}`,
            '--zap-time-encoding=iso8601',
          ],
          ports: { ...METRICS, https: PORT, health: 8081 },
          resources,
          mounts: [{ path: CERTIFICATES, volume: volume.secret('certificates', certificate) }],
          livenessProbe: { ...probe('/healthz'), initialDelaySeconds: 20, failureThreshold: 6 },
          // Ready while its certificate is valid for an hour more.
          readinessProbe: probe('/readyz'),
        },
      ],
    });
    // The API server calls from an address that depends on the network plugin.
    workload.allowFrom('anywhere', PORT);
    workload.addService({ ports: { https: { port: 443, target: PORT } } });
    if (metrics) scrape(stage, metrics, workload);
    for (const kind of ['secretstore', 'externalsecret']) this.configuration(stage, kind, props);
    stage.addGate({
      type: 'admission',
      of: "External Secrets' webhook",
      object: {
        apiVersion: 'external-secrets.io/v1',
        kind: 'ExternalSecret',
        metadata: { name: 'admission-probe', namespace },
        spec: {
          secretStoreRef: { kind: 'SecretStore', name: 'none' },
          data: [{ secretKey: 'none', remoteRef: { key: 'none' } }],
        },
      },
    });
  }

  /** caBundle is the issuer's field: given here, each apply would take it away again. */
  private configuration(stage: Stage, kind: string, { namespace, annotations }: WebhookProps): void {
    const name = `${kind}-validate`;
    new k8s.KubeValidatingWebhookConfiguration(this, name, {
      metadata: { name, annotations: { ...annotations } },
      webhooks: [
        {
          name: `validate.${kind}.external-secrets.io`,
          admissionReviewVersions: ['v1'],
          clientConfig: {
            service: { name: NAME, namespace, path: `/validate-external-secrets-io-v1-${kind}`, port: 443 },
          },
          failurePolicy: 'Fail',
          matchPolicy: 'Equivalent',
          sideEffects: 'None',
          timeoutSeconds: 5,
          rules: [
            {
              apiGroups: ['external-secrets.io'],
              apiVersions: ['v1'],
              operations: ['CREATE', 'UPDATE', 'DELETE'],
              resources: [`${kind}s`],
              scope: 'Namespaced',
            },
          ],
        },
      ],
    });
    stage.addGate({
      type: 'field',
      resource: 'validatingwebhookconfiguration',
      name,
      jsonPath: '{.webhooks[0].clientConfig.caBundle}',
    });
  }
}

function probe(path: string): k8s.Probe {
  return {
    httpGet: { path, port: k8s.IntOrString.fromString('health') },
    periodSeconds: 5,
    timeoutSeconds: 5,
  };
}
