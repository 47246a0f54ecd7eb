import { fail, show } from './errors';

/** A container image as data. Each system keeps its own in `images.ts`; nothing else in a system names an image. */
export interface Image {
  /** Registry host, with a port where it has one: `quay.io`. */
  readonly registry: string;
  /** Path within the registry: `metallb/controller`. */
  readonly repository: string;
  /** Version tag, never `latest`. */
  readonly tag: string;
  /** `sha256:...`, pinned next to the tag where known. */
  readonly digest?: string;
}

const REFERENCE =
  /^(?<registry>[a-z0-9.-]+\.[a-z]+(?::\d+)?|localhost(?::\d+)?|[a-z0-9.-]+:\d+)\/(?<repository>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*):(?<tag>[\w][\w.-]{0,127})(?:@(?<digest>sha256:[0-9a-f]{64}))?$/;

/**
 * Reads a full reference, `registry/repository:tag[@digest]`, into an Image.
 *
 * @throws when the registry or the tag is missing, or the tag is `latest`
 */
export function image(reference: string): Image {
  const parts = REFERENCE.exec(reference)?.groups;
  if (!parts)
    fail(
      'image',
      `${show(reference)} must be registry/repository:tag, such as "quay.io/metallb/controller:v0.16.1"; write it in full`,
    );
  if (parts.tag === 'latest')
    fail(
      'image',
      `${show(reference)} must not be tagged latest, which changes under a running platform; give a version`,
    );
  return { registry: parts.registry!, repository: parts.repository!, tag: parts.tag!, digest: parts.digest };
}

/** The reference that a container runtime pulls. @param prefix what takes the registry's place */
export function reference(image: Image, prefix: string = image.registry): string {
  return `${prefix}/${image.repository}:${image.tag}${image.digest ? `@${image.digest}` : ''}`;
}
