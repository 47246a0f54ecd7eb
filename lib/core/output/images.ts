import { type Platform } from '../platform';

/** Every image, one a line, as the manifests name it. */
export function imageList(platform: Platform): string {
  return [...platform.images.keys()]
    .sort()
    .map((reference) => `${reference}\n`)
    .join('');
}
