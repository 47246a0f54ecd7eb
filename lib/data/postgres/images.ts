import { image, tools } from '../../core';

/**
 * The server's image is also that of its jobs. `mc` is copied out of the object store's client image: one static program, which the
 * official PostgreSQL image has nothing like.
 *
 * @see https://github.com/docker-library/postgres/blob/master/17/trixie/Dockerfile what the server's holds
 */
export const images = {
  postgres: image('docker.io/library/postgres:17.11-trixie'),
  client: tools.mc,
  exporter: image('quay.io/prometheuscommunity/postgres-exporter:v0.20.1'),
} as const;

/** The `postgres` user and group of the official image. */
export const POSTGRES_USER = 999;
