import { image } from '../../core/image';

/** @see https://github.com/cert-manager/cert-manager/releases/tag/v1.21.1 */
export const VERSION = 'v1.21.1';

const component = (name: string) => image(`quay.io/jetstack/cert-manager-${name}:${VERSION}`);

/** cert-manager's images; the controller starts `acmesolver` at run time, for ACME's HTTP-01 proofs alone. */
export const images = {
  controller: component('controller'),
  webhook: component('webhook'),
  cainjector: component('cainjector'),
  acmesolver: component('acmesolver'),
} as const;
