import { fail, type Image, show, type System } from '../../core';
import { nodeImages } from './images';

/** An image as the operator's resources name it: `repository/image:version`, or `@version` where that is a digest. */
export interface ImageFields {
  readonly repository: string;
  readonly image: string;
  readonly version: string;
}

/** Puts an image on the platform's list, and says it as the operator's resources do, from the mirror where there is one. */
export function imageFields(system: System, image: Image): ImageFields {
  return split(system.image(image));
}

/** Which of the images that depend on the nodes' system. */
export type NodeImage = keyof typeof nodeImages;

/**
 * The same for an image whose tag ends in what the operator appends: the nodes' system, after the kernel for precompiled drivers. Each variant
 * is put on the list.
 *
 * @param endings what is appended: `ubuntu24.04`, `6.8.0-60-generic-ubuntu24.04`
 */
export function nodeImageFields(
  system: System,
  which: NodeImage,
  version: string | undefined,
  endings: readonly string[],
): ImageFields {
  const { registry, repository, tag } = nodeImages[which];
  const image = { registry, repository };
  const tagVersion = version ?? tag.slice(0, tag.lastIndexOf('-'));
  const all = endings.map((ending) => {
    const fields = split(system.image({ ...image, tag: `${tagVersion}-${ending}` }, { composedTag: true }));
    if (fields.version.startsWith('sha256:')) {
      // The operator appends nothing to a digest, which is one for one system.
      if (endings.length === 1) return fields;
      fail(
        system.node.path,
        `images gives ${image.registry}/${image.repository} a digest, but it is needed for ${endings.join(', ')}; give a tag without the ending`,
      );
    }
    if (!fields.version.endsWith(`-${ending}`)) {
      fail(
        system.node.path,
        `images gives ${image.registry}/${image.repository} the tag ${show(fields.version)}, to which the operator appends the nodes' system; name one that ends in "-${ending}"`,
      );
    }
    return { ...fields, version: fields.version.slice(0, -ending.length - 1) };
  });
  const [first, ...others] = all;
  const different = others.find(({ version: each }) => each !== first!.version);
  if (different) {
    fail(
      system.node.path,
      `images gives ${image.registry}/${image.repository} one tag for all of ${endings.join(', ')}; mirror it under upstream's tags instead`,
    );
  }
  return first!;
}

function split(reference: string): ImageFields {
  const [name = '', digest] = reference.split('@');
  const slash = name.lastIndexOf('/');
  const [image = '', tag = ''] = name.slice(slash + 1).split(':');
  return { repository: name.slice(0, slash), image, version: digest ?? tag };
}
