import { image } from '../../core/image';

/** @see https://github.com/external-secrets/external-secrets/releases/tag/v2.9.0 */
export const VERSION = 'v2.9.0';

/** One static program, the controller and the webhook. @see https://github.com/external-secrets/external-secrets/blob/v2.9.0/Dockerfile */
export const images = {
  externalSecrets: image(`ghcr.io/external-secrets/external-secrets:${VERSION}`),
} as const;
