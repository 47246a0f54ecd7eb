import { image } from '../../core';

/** A branch with long-term support. @see https://github.com/docker-library/haproxy/blob/master/3.2/Dockerfile */
export const images = {
  haproxy: image('docker.io/library/haproxy:3.2.21'),
} as const;
