import { image } from '../../core';

/**
 * One release. The `distroless` variant has no shell; Envoy in `proxyv2` is Istio's own build.
 *
 * @see https://github.com/istio/istio/tree/1.30.3
 */
export const images = {
  pilot: image('registry.istio.io/release/pilot:1.30.3-distroless'),
  proxy: image('registry.istio.io/release/proxyv2:1.30.3-distroless'),
  cni: image('registry.istio.io/release/install-cni:1.30.3-distroless'),
  ztunnel: image('registry.istio.io/release/ztunnel:1.30.3-distroless'),
} as const;
