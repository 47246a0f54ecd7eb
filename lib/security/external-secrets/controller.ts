import { Deployment, lazy, type IMetrics, type Resources, type Stage } from '../../core';
import * as k8s from '../../core/k8s';
import { images } from './images';

/** What the programs have in common. */
export interface PartProps {
  readonly resources: Resources;
  readonly logLevel: string;
  readonly metrics?: IMetrics;
}

export interface ControllerProps extends PartProps {
  /** Name of the Deployment. */
  readonly name: string;
  /** The namespace that it serves, and nothing beyond it. */
  readonly serves: string;
  /** ServiceAccount of that namespace that it signs in to the store as. */
  readonly account: string;
  /** Names of the Secrets that it keeps there; all where others make ExternalSecrets of their own. */
  readonly secrets: () => readonly string[];
  /** Whether it serves what others make there, too. */
  readonly open: boolean;
}

/** The port that each program has its metrics on, at `/metrics`. */
export const METRICS = { metrics: 8080 } as const;

const READ = ['get', 'list', 'watch'];

/**
 * The controller of one namespace: reads its ExternalSecrets, asks the store, and writes its Secrets. It has rights in that namespace only.
 *
 * One pod, replaced rather than doubled: the Secrets stay while it is away, so there is nobody to elect.
 */
export function addController(stage: Stage, props: ControllerProps): Deployment {
  const { name, serves, resources, logLevel, metrics } = props;
  const workload = new Deployment(stage, name, {
    strategy: 'Recreate',
    rules: [],
    containers: [
      {
        name: 'controller',
        image: images.externalSecrets,
        args: [
          `--namespace=${serves}`,
          // The kinds that reach beyond a namespace, and those that write to the store.
          ...['cluster-store', 'cluster-external-secret', 'cluster-push-secret', 'push-secret'].map(
            (kind) => `--enable-${kind}-reconciler=false`,
          ),
          `--metrics-addr=:${METRICS.metrics}`,
          `--loglevel=${logLevel}`,
          '--zap-time-encoding=iso8601',
        ],
        ports: METRICS,
        resources,
        livenessProbe: { ...metricsProbe(), initialDelaySeconds: 10, failureThreshold: 6 },
        readinessProbe: metricsProbe(),
      },
    ],
  });
  workload.grant(rules(props), serves);
  if (metrics) scrape(stage, metrics, workload);
  return workload;
}

/**
 * What it may do in the namespace it serves. Informers list and watch all Secrets there, which can't be limited by name; what it writes can.
 * @see https://github.com/external-secrets/external-secrets/tree/v2.9.0/pkg/controllers/externalsecret
 */
function rules({ account, secrets, open }: ControllerProps): k8s.PolicyRule[] {
  const names = open ? {} : { resourceNames: lazy(() => [...secrets()]) };
  return [
    { apiGroups: ['external-secrets.io'], resources: ['externalsecrets', 'secretstores'], verbs: READ },
    // Its finalizer, and what it found.
    { apiGroups: ['external-secrets.io'], resources: ['externalsecrets'], verbs: ['patch'] },
    {
      apiGroups: ['external-secrets.io'],
      resources: ['externalsecrets/status', 'secretstores/status'],
      verbs: ['update', 'patch'],
    },
    // Where the API server checks who may block an owner's deletion, an owner reference needs this.
    ...(open
      ? [{ apiGroups: ['external-secrets.io'], resources: ['externalsecrets/finalizers'], verbs: ['update'] }]
      : []),
    // Watched from the start, though only generators make one.
    { apiGroups: ['generators.external-secrets.io'], resources: ['generatorstates'], verbs: READ },
    // Creation can't be limited by name.
    { apiGroups: [''], resources: ['secrets'], verbs: [...READ, 'create'] },
    { apiGroups: [''], resources: ['secrets'], ...names, verbs: ['update', 'patch', ...(open ? ['delete'] : [])] },
    // Where no token can be had it looks for one of the old kind, and without this would wait for ever.
    { apiGroups: [''], resources: ['serviceaccounts'], verbs: READ },
    {
      apiGroups: [''],
      resources: ['serviceaccounts/token'],
      ...(open ? {} : { resourceNames: [account] }),
      verbs: ['create'],
    },
    ...(open ? [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }] : []),
    { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
  ];
}

/** Has a program scraped through a Service of its own. */
export function scrape(stage: Stage, metrics: IMetrics, workload: Deployment): void {
  const { metrics: endpoint } = workload.addService({ name: `${workload.name}-metrics`, ports: METRICS });
  metrics.scrape(stage, workload.name, { endpoint });
}

/** The controller's own health port answers as soon as it is open, as the metrics do. */
function metricsProbe(): k8s.Probe {
  return {
    httpGet: { path: '/metrics', port: k8s.IntOrString.fromString('metrics') },
    periodSeconds: 10,
    timeoutSeconds: 5,
  };
}
