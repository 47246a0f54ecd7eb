export { fit, type FitOptions, type Shortfall, type Verdict } from './fit';
export { type NodeReason } from './explain';
export { mends } from './mends';
export { isBytes, parseQuantity, showAmount } from './quantity';
export { readPod, type PodContext } from './read-pod';
export * from './types';
