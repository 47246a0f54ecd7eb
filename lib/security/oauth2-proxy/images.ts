import { image } from '../../core';

/**
 * Upstream's image on Alpine: the other one has no `sleep`, by which a pod that stops waits until the gateway has forgotten it.
 *
 * @see https://github.com/oauth2-proxy/oauth2-proxy/blob/v7.15.3/Makefile
 */
export const images = {
  oauth2Proxy: image('quay.io/oauth2-proxy/oauth2-proxy:v7.15.3-alpine'),
} as const;
