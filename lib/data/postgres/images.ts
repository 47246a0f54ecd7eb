import { image } from '../../core';

/**
 * The server's image is also that of its jobs. `mc` is copied out of the object store's client image: one static program, which the
 * official PostgreSQL image has nothing like.
 *
 * @see https://github.com/docker-library/postgres/blob/master/17/trixie/Dockerfile what the server's holds
 * @see https://github.com/minio/mc/blob/RELEASE.2025-08-13T08-35-41Z/Dockerfile.release what the client's holds
 */
export const images = {
  postgres: image('docker.io/library/postgres:17.11-trixie'),
  client: image(
    'quay.io/minio/mc:RELEASE.2025-08-13T08-35-41Z@sha256:a7fe349ef4bd8521fb8497f55c6042871b2ae640607cf99d9bede5e9bdf11727',
  ),
  exporter: image('quay.io/prometheuscommunity/postgres-exporter:v0.20.1'),
} as const;

/** The `postgres` user and group of the official image. */
export const POSTGRES_USER = 999;
