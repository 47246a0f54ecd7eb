import { image, tools } from '../../core';

/**
 * Valkey is what Redis 7.2 was, developed on under the same BSD licence: Redis' own images are under RSALv2 or SSPLv1 since 7.4, with AGPLv3
 * besides since 8.0, and Harbor's chart has brought Valkey in Redis' place since. Its server image is that of the sentinels too.
 *
 * @see https://github.com/valkey-io/valkey-container/blob/master/Dockerfile.template
 */
export const images = {
  valkey: image('docker.io/valkey/valkey:8.1.4'),
  haproxy: tools.haproxy,
  exporter: image('docker.io/oliver006/redis_exporter:v1.69.0'),
} as const;

/** The `valkey` user and group of the image. */
export const VALKEY_USER = 999;
