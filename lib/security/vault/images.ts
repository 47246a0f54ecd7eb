import { image, tools } from '../../core';

/**
 * Vault's image is also that of its Jobs, for its command line and busybox's shell. What is in it, and what its entry script would do as root
 * (which isn't used here: it changes owners and capabilities of files):
 *
 * @see https://github.com/hashicorp/vault/blob/v1.21.0/Dockerfile
 * @see https://github.com/hashicorp/vault/blob/v1.21.0/.release/docker/docker-entrypoint.sh
 */
export const images = {
  vault: image('docker.io/hashicorp/vault:1.21.0'),
  client: tools.mc,
  sender: tools.curl,
} as const;
