import { image } from '../../core';

/**
 * Upstream's image on Alpine, which holds gomplate besides Dex: its entry program fills in a configuration that is a template.
 *
 * @see https://github.com/dexidp/dex/blob/v2.45.1/Dockerfile
 */
export const images = {
  dex: image('ghcr.io/dexidp/dex:v2.45.1'),
} as const;
