import { type DemandOf } from './demand';

/**
 * The pods that the controllers of custom kinds make, by kind: what the rule `fit` counts besides Kubernetes' own workloads. A function
 * reads the custom resource and says which pods become of it, how many, and which of them must run together:
 *
 *     'Server.example.com': ({ spec, labels }) => [{ labels, spec: obj(spec.pod), count: Number(spec.size), field: 'spec.size', gang: 'all' }]
 *
 * A kind that isn't here makes no pods that are known of.
 */
export const CUSTOM_DEMAND: Readonly<Record<string, DemandOf>> = {};
