import { reference } from '../image';
import { taggedName } from '../image-lock';
import { type Platform, type UsedImage } from '../platform';

/** Every image, one a line, as the manifests name it. */
export function imageList(platform: Platform): string {
  return [...platform.images.keys()]
    .sort()
    .map((reference) => `${reference}\n`)
    .join('');
}

/**
 * Every image with where it comes from and where it goes, a line each of four words: the source, as the system has it; its digest, or `-` where none is known; its place
 * below the mirror, or `=` where it stays; the systems that run it.
 */
export function mirrorList(platform: Platform): string {
  const lines = [...platform.images.values()].map((used) => {
    const source = used.locked ? taggedName(used.image) : reference(used.image);
    return `${[source, used.image.digest ?? '-', placeOf(platform, used), ownersOf(platform, used)].join(' ')}\n`;
  });
  const title =
    '# source, digest or -, place below the mirror or =, systems; read by mirror.sh and `onprem-ml images`\n';
  return title + [...new Set(lines)].sort().join('');
}

/** Without its digest, by which nothing can be written. */
function placeOf({ mirror }: Platform, { image, mirrored, replaces, reference: used }: UsedImage): string {
  if (!mirror) return `${image.repository}:${image.tag}`;
  // What takes an image's place may be meant to be among the copies: then it is brought there with them.
  const placed = mirrored || (replaces && used.startsWith(`${mirror.base}/`));
  return placed ? used.split('@')[0]!.slice(mirror.base.length + 1) : '=';
}

function ownersOf({ node }: Platform, { owners }: UsedImage): string {
  const names = [...owners].map((path) => path.slice(node.path.length + 1).replaceAll('/', '.'));
  return names.length > 0 ? names.sort().join(',') : '-';
}
