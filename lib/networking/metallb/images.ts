import { image } from '../../core';

/** @see https://github.com/metallb/metallb/tree/v0.16.1 */
export const images = {
  controller: image('quay.io/metallb/controller:v0.16.1'),
  speaker: image('quay.io/metallb/speaker:v0.16.1'),
  /** The version that MetalLB's own chart of v0.16.1 depends on. */
  frrK8s: image('quay.io/metallb/frr-k8s:v0.0.25'),
  frr: image('quay.io/frrouting/frr:10.4.3'),
};
