import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import {
  type IDashboard,
  type IMetrics,
  type ISecret,
  type RuleGroup,
  type RunTimeService,
  type ScrapeProps,
} from '../contracts';
import { fail, show } from '../errors';
import * as k8s from '../k8s';
import { SELECTS_AT_RUN_TIME } from '../labels';
import { NetworkEdges } from '../network';
import { platformOf, systemOf } from '../scope';
import { type Stage } from '../stage';
import { ServiceEndpoint } from '../workload/service';
import { ruleFile } from './rules';

/** A Prometheus operator, and a Grafana whose sidecar collects dashboards. */
export interface PrometheusProps {
  /** The Prometheus pods, which the NetworkPolicies let in. */
  readonly pods: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> };
  /** Labels by which it selects ServiceMonitors and PrometheusRules. @default - none */
  readonly monitorLabels?: Readonly<Record<string, string>>;
  /**
   * Labels by which Grafana's sidecar finds ConfigMaps with dashboards; it must look into all namespaces.
   * @default { grafana_dashboard: '1' }
   * @see https://github.com/grafana/helm-charts/blob/main/charts/grafana/README.md
   */
  readonly dashboardLabels?: Readonly<Record<string, string>>;
  /** Folder that the dashboards are put into, as the annotation `grafana_folder`, which the sidecar's `folderAnnotation` must name. @default - the sidecar's own */
  readonly dashboardFolder?: string;
}

/** Metrics as the Prometheus operator's objects: endpoints become ServiceMonitors, rules PrometheusRules, dashboards ConfigMaps. */
export function prometheusObjects(props: PrometheusProps): IMetrics {
  return {
    readyAfter: [],
    scrape: (stage, id, scrape) => serviceMonitor(stage, id, props, scrape),
    addRules: (stage, id, groups) => prometheusRule(stage, id, props, groups),
    addDashboard: (stage, id, dashboard) => dashboardConfigMap(stage, id, props, dashboard),
  };
}

function serviceMonitor(stage: Stage, id: string, props: PrometheusProps, scrape: ScrapeProps): void {
  const {
    endpoint,
    path = '/metrics',
    params,
    scheme = 'http',
    interval,
    authority,
    token,
    basicAuth,
    bearer,
  } = scrape;
  const own = endpoint instanceof ServiceEndpoint;
  if (!own && authority) {
    fail(
      stage.node.path,
      `scrape ${show(id)}: an authority verifies a host, and a Service that is made at run time has none here; leave authority out`,
    );
  }
  if (own) endpoint.allow({ namespace: props.pods.namespace, podLabels: props.pods.labels });
  else letIn(stage, id, props, endpoint);
  const tls = authority
    ? { ca: { secret: { name: authority.name, key: 'ca.crt' } }, serverName: own ? endpoint.host : undefined }
    : { insecureSkipVerify: true };
  if (scheme === 'https' && !authority)
    platformOf(stage).justify({
      kind: 'ServiceMonitor',
      namespace: stage.namespace,
      name: id,
      field: 'spec.endpoints[0].tlsConfig.insecureSkipVerify',
      reason:
        'the pods sign the certificate of their metrics themselves, of which no authority is kept; what is read are numbers',
    });
  const relabelings = relabel(stage, id, scrape);
  new ApiObject(new Construct(stage, `monitor-${id}`), 'service-monitor', {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: {
      name: id,
      labels: { ...props.monitorLabels },
      ...(own ? {} : { annotations: { [SELECTS_AT_RUN_TIME]: 'true' } }),
    },
    spec: {
      ...(scrape.nodePools ? { attachMetadata: { node: true } } : {}),
      selector: {
        matchLabels: own ? { ...systemOf(stage).labels, ...endpoint.workload.podLabels } : { ...endpoint.labels },
      },
      endpoints: [
        {
          port: own ? endpoint.portName : endpoint.port,
          path,
          ...(params ? { params } : {}),
          scheme,
          interval: `${interval?.toSeconds() ?? 30}s`,
          ...(scrape.honorLabels ? { honorLabels: true } : {}),
          ...(relabelings.length > 0 ? { relabelings } : {}),
          ...(scheme === 'https' ? { tlsConfig: tls } : {}),
          ...(bearer
            ? { authorization: { type: 'Bearer', credentials: { name: bearer.secret.name, key: bearer.key } } }
            : {}),
          ...(token ? { bearerTokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token' } : {}),
          ...(basicAuth ? { basicAuth: basicAuthOf(basicAuth) } : {}),
        },
      ],
    },
  });
}

/** The pods are a controller's; all else that they may do is said by who installs the controller. */
function letIn(stage: Stage, id: string, { pods: scraper }: PrometheusProps, { pods }: RunTimeService): void {
  const edges = new NetworkEdges();
  edges.addIngress({
    peer: { namespace: scraper.namespace, podLabels: scraper.labels },
    ports: [{ port: pods.port, protocol: 'TCP' }],
  });
  new k8s.KubeNetworkPolicy(new Construct(stage, `scrape-${id}`), 'network-policy', {
    metadata: { name: `scrape-${id}`, annotations: { [SELECTS_AT_RUN_TIME]: 'true' } },
    spec: { ...edges.policySpec({ ...pods.labels }), policyTypes: ['Ingress'], egress: undefined },
  });
}

interface Relabeling {
  readonly action?: string;
  readonly sourceLabels?: readonly string[];
  readonly regex?: string;
  readonly targetLabel?: string;
  readonly replacement?: string;
}

function relabel(stage: Stage, id: string, { honorLabels, nodePools }: ScrapeProps): Relabeling[] {
  const relabelings: Relabeling[] = honorLabels ? [{ action: 'labeldrop', regex: 'namespace|pod|container' }] : [];
  if (!nodePools) return relabelings;
  relabelings.push({ sourceLabels: ['__meta_kubernetes_pod_node_name'], targetLabel: 'node' });
  for (const [pool, labels] of Object.entries(nodePools)) {
    const entries = Object.entries(labels);
    if (entries.length === 0) {
      fail(
        stage.node.path,
        `scrape ${show(id)}: node pool ${show(pool)} has no labels to know its nodes by, got {}; give its nodes one in the site`,
      );
    }
    relabelings.push({
      sourceLabels: entries.map(([name]) => nodeLabel(name)),
      regex: entries.map(([, value]) => value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join(';'),
      targetLabel: 'pool',
      replacement: pool,
    });
  }
  return relabelings;
}

/** @see https://prometheus.io/docs/prometheus/latest/configuration/configuration/#kubernetes_sd_config */
function nodeLabel(name: string): string {
  return `__meta_kubernetes_node_label_${name.replace(/[^a-zA-Z0-9_]/g, '_')}`;
}

function basicAuthOf({ name }: ISecret): Record<'username' | 'password', { name: string; key: string }> {
  return { username: { name, key: 'username' }, password: { name, key: 'password' } };
}

function prometheusRule(stage: Stage, id: string, props: PrometheusProps, groups: readonly RuleGroup[]): void {
  const name = 'prometheusrules.monitoring.coreos.com';
  const platform = platformOf(stage);
  if (!platform.externals.some((external) => external.name === name))
    platform.addExternal({ kind: 'CustomResourceDefinition', name });
  new ApiObject(new Construct(stage, `rules-${id}`), 'prometheus-rule', {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: id, labels: { ...props.monitorLabels } },
    spec: ruleFile(`${stage.node.path}: rules ${id}`, groups),
  });
}

/** @see https://kubernetes.io/docs/concepts/configuration/configmap/#motivation */
const MOST_BYTES = 1_048_576;

function dashboardConfigMap(stage: Stage, id: string, props: PrometheusProps, dashboard: IDashboard): void {
  const json = dashboard.json();
  const bytes = Buffer.byteLength(json);
  if (bytes > MOST_BYTES) {
    fail(
      stage.node.path,
      `dashboard ${show(dashboard.title)} must fit into a ConfigMap of 1 MiB, got ${bytes} bytes; split it`,
    );
  }
  new k8s.KubeConfigMap(new Construct(stage, `dashboard-${id}`), 'config-map', {
    metadata: {
      name: id,
      labels: { ...(props.dashboardLabels ?? { grafana_dashboard: '1' }) },
      ...(props.dashboardFolder === undefined ? {} : { annotations: { grafana_folder: props.dashboardFolder } }),
    },
    data: { [`${dashboard.uid}.json`]: json },
  });
}
