import { image, tools } from '../../core';

/**
 * The server is the last that upstream published for the community, of September 2025; releases since then are source only. The digest is
 * that of the multi-architecture index, so that every copy of it, whatever its registry, is the same image.
 *
 * @see https://github.com/minio/minio/blob/RELEASE.2025-09-07T16-13-09Z/Dockerfile.release what it holds
 */
export const images = {
  server: image(
    'quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z@sha256:14cea493d9a34af32f524e538b8346cf79f3321eff8e708c1e2960462bd8936e',
  ),
  client: tools.mc,
  curl: tools.curl,
} as const;
