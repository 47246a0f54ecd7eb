import { image } from '../../core';

/**
 * The last that upstream published for the community, September and August 2025; releases since then are source only. The digests are
 * those of the multi-architecture indexes, so that every copy of them, whatever its registry, is the same image.
 *
 * @see https://github.com/minio/minio/blob/RELEASE.2025-09-07T16-13-09Z/Dockerfile.release what the server's holds
 * @see https://github.com/minio/mc/blob/RELEASE.2025-08-13T08-35-41Z/Dockerfile.release what the client's holds
 */
export const images = {
  server: image(
    'quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z@sha256:14cea493d9a34af32f524e538b8346cf79f3321eff8e708c1e2960462bd8936e',
  ),
  client: image(
    'quay.io/minio/mc:RELEASE.2025-08-13T08-35-41Z@sha256:a7fe349ef4bd8521fb8497f55c6042871b2ae640607cf99d9bede5e9bdf11727',
  ),
} as const;
