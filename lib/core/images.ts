import { image } from './image';

/** Images of tools that more than one system runs; each stands here once. What is a system's own stands in its `images.ts`. */
export const tools = {
  /** curl's own image: a shell, curl and busybox's tools, runs as any user. @see https://github.com/curl/curl-container */
  curl: image('quay.io/curl/curl:8.17.0'),
  /** A branch with long-term support. @see https://github.com/docker-library/haproxy/blob/master/3.2/Dockerfile */
  haproxy: image('docker.io/library/haproxy:3.2.21'),
  /**
   * MinIO's client `mc`, a static program, with a shell and coreutils: the last image that upstream published, of August 2025. The digest
   * is that of the multi-architecture index, so that every copy of it, whatever its registry, is the same image.
   * @see https://github.com/minio/mc/blob/RELEASE.2025-08-13T08-35-41Z/Dockerfile.release
   */
  mc: image(
    'quay.io/minio/mc:RELEASE.2025-08-13T08-35-41Z@sha256:a7fe349ef4bd8521fb8497f55c6042871b2ae640607cf99d9bede5e9bdf11727',
  ),
} as const;
