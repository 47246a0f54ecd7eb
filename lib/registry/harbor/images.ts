import { image, tools } from '../../core';

/**
 * Harbor 2.15 is the first whose registry and jobs name a user to Redis, rather than a password alone. `prepare` is upstream's own installer: it
 * has `htpasswd` and `openssl`.
 *
 * @see https://github.com/goharbor/harbor-helm/blob/v1.19.1/values.yaml
 * @see https://github.com/goharbor/harbor/blob/v2.15.1/make/photon/prepare/Dockerfile.base
 */
export const images = {
  core: image('docker.io/goharbor/harbor-core:v2.15.1'),
  portal: image('docker.io/goharbor/harbor-portal:v2.15.1'),
  jobservice: image('docker.io/goharbor/harbor-jobservice:v2.15.1'),
  registry: image('docker.io/goharbor/registry-photon:v2.15.1'),
  registryController: image('docker.io/goharbor/harbor-registryctl:v2.15.1'),
  trivy: image('docker.io/goharbor/trivy-adapter-photon:v2.15.1'),
  exporter: image('docker.io/goharbor/harbor-exporter:v2.15.1'),
  prepare: image('docker.io/goharbor/prepare:v2.15.1'),
  curl: tools.curl,
  /** What Trivy knows of vulnerabilities: no images, but kept in registries like them. The tags are those of the format, under which upstream publishes anew each day. */
  trivyDatabase: image('ghcr.io/aquasecurity/trivy-db:2'),
  trivyJavaDatabase: image('ghcr.io/aquasecurity/trivy-java-db:1'),
} as const;

/** The user and group of all of Harbor's images. @see https://github.com/goharbor/harbor/blob/v2.15.1/make/photon/core/Dockerfile.base */
export const HARBOR_USER = 10000;
