import { image } from '../../core';

/** @see https://github.com/kubernetes-sigs/node-feature-discovery/tree/v0.19.0 */
export const images = {
  /** All four programs. */
  nodeFeatureDiscovery: image('registry.k8s.io/nfd/node-feature-discovery:v0.19.0'),
};
