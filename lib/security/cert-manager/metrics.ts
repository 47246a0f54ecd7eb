import { type Deployment, type IMetrics, type Stage } from '../../core';
import * as k8s from '../../core/k8s';

/** The port that each part has its metrics on, at `/metrics`. */
export const METRICS = { 'http-metrics': 9402 } as const;

/** Has a part scraped through a Service of its own. */
export function scrape(stage: Stage, metrics: IMetrics, workload: Deployment): void {
  const { 'http-metrics': endpoint } = workload.addService({ name: `${workload.name}-metrics`, ports: METRICS });
  metrics.scrape(stage, workload.name, { endpoint });
}

/** Ready when the metrics are served, which all pods do, leader or not. */
export function metricsProbe(): k8s.Probe {
  return {
    httpGet: { path: '/metrics', port: k8s.IntOrString.fromString('http-metrics') },
    periodSeconds: 10,
    timeoutSeconds: 5,
  };
}
