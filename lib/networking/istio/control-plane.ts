import { Construct } from 'constructs';
import {
  ConfigFiles,
  Deployment,
  type ICredentials,
  type IEndpoint,
  type IMetrics,
  type Resources,
  type Stage,
  systemOf,
  volume,
} from '../../core';
import * as k8s from '../../core/k8s';
import { images } from './images';
import { type MeshConfigProps, meshConfig } from './mesh-config';
import { istiodClusterRules, istiodRules } from './rbac';

/** The API server's own name of a cluster in a mesh of several; there is one. */
export const CLUSTER_ID = 'Kubernetes';
/** The audience of tokens that istiod takes. */
const TOKEN_AUDIENCE = 'istio-ca';
const PORTS = { debug: 8080, xds: 15012, webhook: 15017, metrics: 15014 } as const;

export interface ControlPlaneProps extends Omit<MeshConfigProps, 'discoveryAddress' | 'rootNamespace' | 'counted'> {
  /** Name that tells control planes apart that run side by side. @default - the one there is */
  readonly revision?: string;
  readonly replicas: number;
  readonly resources: Resources;
  readonly logLevel: string;
  /** Whether workloads join through ztunnel. */
  readonly ambient: boolean;
  /** The service account that ztunnel runs as, which asks for certificates in the name of others. */
  readonly ztunnel: string;
  /** Signs the workloads' certificates. @default - an authority that istiod makes and keeps in the Secret `istio-ca-secret` */
  readonly authority?: ICredentials;
  readonly metrics?: IMetrics;
}

/** Where proxies connect to, and what they trust. */
export class ControlPlane extends Construct {
  /** Where proxies get their configuration and certificates. */
  readonly endpoint: IEndpoint;
  /** The same as `host:port`, by the short name that istiod's certificate bears. */
  readonly address: string;
  readonly deployment: Deployment;

  constructor(stage: Stage, props: ControlPlaneProps) {
    super(stage, 'control-plane');
    const { revision, replicas, resources, logLevel, ambient, authority, metrics } = props;
    const { namespace, platform } = systemOf(stage);
    const name = suffixed('istiod', revision);
    const webhook = `istio-validator-${namespace}`;
    this.address = `${name}.${namespace}.svc:${PORTS.xds}`;
    // istiod watches it and puts changes into effect.
    new ConfigFiles(stage, suffixed('istio', revision), {
      mesh: meshConfig({ ...props, rootNamespace: namespace, discoveryAddress: this.address, counted: !!metrics }),
      meshNetworks: '{"networks":{}}',
    });
    this.deployment = new Deployment(stage, name, {
      replicas,
      user: 1337,
      extraPodLabels: { 'istio.io/rev': revision ?? 'default' },
      rules: istiodRules,
      clusterRules: istiodClusterRules(webhook),
      containers: [
        {
          name: 'discovery',
          image: images.pilot,
          args: [
            'discovery',
            `--monitoringAddr=:${PORTS.metrics}`,
            `--log_output_level=default:${logLevel}`,
            `--domain=${platform.distribution.clusterDomain}`,
            '--keepaliveMaxServerConnectionAge=30m',
            // Plain text for clients without an identity: there are none.
            '--grpcAddr=',
          ],
          env: {
            REVISION: revision ?? 'default',
            CLUSTER_ID,
            PILOT_CERT_PROVIDER: 'istiod',
            POD_NAME: { fieldRef: { fieldPath: 'metadata.name' } },
            POD_NAMESPACE: { fieldRef: { fieldPath: 'metadata.namespace' } },
            SERVICE_ACCOUNT: { fieldRef: { fieldPath: 'spec.serviceAccountName' } },
            GOMAXPROCS: { resourceFieldRef: { resource: 'limits.cpu', divisor: k8s.Quantity.fromString('1') } },
            PILOT_ENABLE_AMBIENT: String(ambient),
            CA_TRUSTED_NODE_ACCOUNTS: ambient ? `${namespace}/${props.ztunnel}` : undefined,
            INJECT_ENABLED: 'false',
            // Gateways are Deployments of ours, and so is their class.
            PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER: 'false',
            PILOT_ENABLE_GATEWAY_API_GATEWAYCLASS_CONTROLLER: 'false',
            PILOT_ENABLE_WORKLOAD_ENTRY_AUTOREGISTRATION: 'false',
            // Tells sidecars by TLS what they speak to each other.
            PILOT_ENABLE_ALPN_FILTER: 'false',
            // Who is at the other end, for metrics: worth asking where somebody collects them.
            PILOT_ENABLE_METADATA_EXCHANGE: metrics ? undefined : 'false',
            AUTO_RELOAD_PLUGIN_CERTS: authority ? 'true' : undefined,
          },
          ports: {
            'http-debug': PORTS.debug,
            'tls-xds': PORTS.xds,
            webhook: PORTS.webhook,
            metrics: PORTS.metrics,
          },
          resources,
          mounts: [
            { path: '/var/run/secrets/tokens', volume: tokenVolume(), readOnly: true },
            { path: '/var/run/secrets/istio-dns', volume: volume.scratch('local-certs', { memory: true }) },
            ...(authority
              ? [{ path: '/etc/cacerts', volume: volume.secret('cacerts', authority.in(namespace)), readOnly: true }]
              : []),
          ],
          startupProbe: { ...ready(), periodSeconds: 2, failureThreshold: 60 },
          readinessProbe: { ...ready(), periodSeconds: 3, timeoutSeconds: 5 },
          livenessProbe: {
            tcpSocket: { port: k8s.IntOrString.fromString('metrics') },
            periodSeconds: 10,
            failureThreshold: 6,
          },
        },
      ],
    });
    // The API server, whose address depends on the network plugin.
    this.deployment.allowFrom('anywhere', PORTS.webhook);
    const { xds } = this.deployment.addService({
      ports: { xds: PORTS.xds, webhook: { port: 443, target: PORTS.webhook } },
    });
    this.endpoint = xds;
    if (revision !== undefined) this.addDefaultTag(name, revision);
    this.addWebhook(stage, webhook, name, revision);
    if (metrics) {
      const { metrics: endpoint } = this.deployment.addService({
        name: `${name}-metrics`,
        ports: { metrics: PORTS.metrics },
      });
      metrics.scrape(stage, name, { endpoint });
    }
  }

  /** Has this revision look after what names none; the newest that is applied takes over. */
  private addDefaultTag(name: string, revision: string): void {
    const { service } = this.deployment.addService({
      name: 'istiod-revision-tag-default',
      ports: { xds: PORTS.xds, webhook: { port: 443, target: PORTS.webhook } },
    });
    service.metadata.addLabel('istio.io/rev', revision);
    service.metadata.addLabel('istio.io/tag', 'default');
    service.metadata.addLabel('app', name);
  }

  /**
   * Refuses what proxies could not act on. istiod finds the configuration by the label of its revision and writes its authority into it, which
   * server-side apply leaves alone, since it isn't stated here.
   */
  private addWebhook(stage: Stage, webhook: string, service: string, revision = 'default'): void {
    const { namespace } = systemOf(stage);
    new k8s.KubeValidatingWebhookConfiguration(this, 'webhook', {
      metadata: { name: webhook, labels: { 'istio.io/rev': revision } },
      webhooks: [
        {
          name: 'validation.istio.io',
          admissionReviewVersions: ['v1'],
          clientConfig: { service: { namespace, name: service, path: '/validate', port: 443 } },
          failurePolicy: 'Fail',
          sideEffects: 'None',
          timeoutSeconds: 10,
          rules: ['security', 'networking', 'telemetry', 'extensions'].map((group) => ({
            apiGroups: [`${group}.istio.io`],
            // All of what istiod is there for, in whatever version it is written.
            apiVersions: ['*'],
            operations: ['CREATE', 'UPDATE'],
            resources: ['*'],
            scope: 'Namespaced',
          })),
        },
      ],
    });
    stage.addGate({
      type: 'field',
      resource: 'validatingwebhookconfiguration',
      name: webhook,
      jsonPath: '{.webhooks[0].clientConfig.caBundle}',
    });
    stage.addGate({
      type: 'admission',
      of: "istiod's webhook",
      object: {
        apiVersion: 'security.istio.io/v1',
        kind: 'PeerAuthentication',
        metadata: { name: 'admission-probe', namespace },
        spec: { selector: { matchLabels: { 'admission-probe': 'true' } }, mtls: { mode: 'STRICT' } },
      },
    });
  }
}

/** A name, with the revision behind it where there is one. */
export function suffixed(name: string, revision: string | undefined): string {
  return revision === undefined ? name : `${name}-${revision}`;
}

/** A token that istiod takes for the pod's service account, renewed by kubelet. */
export function tokenVolume(): k8s.Volume {
  return {
    name: 'istio-token',
    projected: {
      sources: [{ serviceAccountToken: { audience: TOKEN_AUDIENCE, expirationSeconds: 43200, path: 'istio-token' } }],
    },
  };
}

/** The authority's certificate, which istiod writes into each namespace. */
export function rootVolume(): k8s.Volume {
  return volume.config('istiod-ca-cert', { name: 'istio-ca-root-cert' });
}

function ready(): k8s.Probe {
  return { httpGet: { path: '/ready', port: k8s.IntOrString.fromString('http-debug') } };
}
