import { Deployment, type IMetrics, type Resources, type Stage } from '../../core';
import * as k8s from '../../core/k8s';
import { images } from './images';
import { METRICS, metricsProbe, scrape } from './metrics';
import { acmeRules, cainjectorRules, controllerRules, http01Rules, leaseRules } from './rbac';

/** What the three parts have in common. */
export interface PartProps {
  readonly namespace: string;
  readonly replicas: number;
  readonly resources: Resources;
  /** 0 to 6. */
  readonly logLevel: number;
  readonly metrics?: IMetrics;
}

export interface ControllerProps extends PartProps {
  /** Whether an ACME server signs. Else the controllers for it are off, and so are their rights. */
  readonly acme: boolean;
  /** The image that answers HTTP-01 proofs. @default - there are none */
  readonly solverImage?: string;
}

/** Watches Certificates and keeps their Secrets fresh. One pod leads, the others stand by. */
export function addController(stage: Stage, props: ControllerProps): Deployment {
  const { namespace, replicas, resources, logLevel, acme, solverImage, metrics } = props;
  const off = ['ingress-shim', ...(acme ? [] : ['orders', 'challenges', 'certificaterequests-issuer-acme'])];
  const workload = new Deployment(stage, 'cert-manager', {
    replicas,
    rules: leaseRules('cert-manager-controller'),
    containers: [
      {
        name: 'controller',
        image: images.controller,
        args: [
          `--v=${logLevel}`,
          `--cluster-resource-namespace=${namespace}`,
          `--leader-election-namespace=${namespace}`,
          `--controllers=${['*', ...off.map((name) => `-${name}`)].join(',')}`,
          ...(solverImage === undefined ? [] : [`--acme-http01-solver-image=${solverImage}`]),
        ],
        env: { POD_NAMESPACE: { fieldRef: { fieldPath: 'metadata.namespace' } } },
        ports: { ...METRICS, 'http-healthz': 9403 },
        resources,
        livenessProbe: {
          httpGet: { path: '/livez', port: k8s.IntOrString.fromString('http-healthz') },
          initialDelaySeconds: 10,
          periodSeconds: 10,
          timeoutSeconds: 15,
          failureThreshold: 8,
        },
        readinessProbe: metricsProbe(),
      },
    ],
  });
  for (const [name, rules] of Object.entries(controllerRules)) workload.grantCluster(name, rules);
  if (acme) {
    workload.grantCluster('acme', acmeRules);
    // The server, the DNS servers that are asked whether a proof is to be seen, and the API of whoever hosts the zone.
    workload.allowTo('anywhere', 443, { port: 53, protocol: 'UDP' }, { port: 53, protocol: 'TCP' });
  }
  if (solverImage !== undefined) {
    workload.grantCluster('http01', http01Rules);
    // It tries each proof itself before the server is asked to.
    workload.allowTo('anywhere', 80);
  }
  if (metrics) scrape(stage, metrics, workload);
  return workload;
}

/** Puts authorities into webhook configurations, CRDs and API services that ask for it. One pod leads, the others stand by. */
export function addCainjector(stage: Stage, props: PartProps): void {
  const { namespace, replicas, resources, logLevel, metrics } = props;
  const workload = new Deployment(stage, 'cert-manager-cainjector', {
    replicas,
    rules: leaseRules('cert-manager-cainjector-leader-election'),
    clusterRules: cainjectorRules,
    containers: [
      {
        name: 'cainjector',
        image: images.cainjector,
        args: [`--v=${logLevel}`, `--leader-election-namespace=${namespace}`],
        env: { POD_NAMESPACE: { fieldRef: { fieldPath: 'metadata.namespace' } } },
        ports: METRICS,
        resources,
        livenessProbe: {
          tcpSocket: { port: k8s.IntOrString.fromString('http-metrics') },
          initialDelaySeconds: 20,
          periodSeconds: 10,
        },
        readinessProbe: metricsProbe(),
      },
    ],
  });
  if (metrics) scrape(stage, metrics, workload);
}
