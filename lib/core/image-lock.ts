import { readFileSync } from 'node:fs';
import { OnPremError, fail, show } from './errors';
import { type Image } from './image';

/** What `onprem-ml images lock` writes: the digest of each tag, as it was found in a registry. */
export interface ImageLockFile {
  readonly version: 1;
  /** `linux/amd64` where the digests are of that platform's images; `all` where they are of the multi-architecture indexes. */
  readonly platform: string;
  /** Digests by reference, `registry/repository:tag`, in the order of the references. */
  readonly images: Readonly<Record<string, string>>;
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/**
 * The digests that the tags of images had when they were looked up: what runs is then what was looked at, whatever becomes of the tags. Reads a file and
 * nothing else; `npx onprem-ml images lock` writes it.
 */
export class ImageLock {
  /** @throws when it can't be read, or is no lock file */
  static fromFile(file: string): ImageLock {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      fail(
        file,
        `can't be read: ${error instanceof Error ? error.message : String(error)}; synthesize once without imageLock, and run npx onprem-ml images lock`,
      );
    }
    return ImageLock.fromText(text, file);
  }

  /** @param file what the text is called in errors */
  static fromText(text: string, file = 'images.lock'): ImageLock {
    return new ImageLock(parseLock(text, file), file);
  }

  private constructor(
    private readonly lock: ImageLockFile,
    private readonly file: string,
  ) {}

  /** The digest of an image's tag; undefined where the lock has none, or one of another tag only. */
  digestOf(image: Image): string | undefined {
    const name = taggedName(image);
    return Object.hasOwn(this.lock.images, name) ? this.lock.images[name] : undefined;
  }

  /** What is wrong with a lock that lacks these images, and the one command that mends it. */
  lacks(images: readonly Image[]): string {
    const others = Object.keys(this.lock.images);
    const named = images.map((image) => {
      const repository = `${image.registry}/${image.repository}:`;
      const tags = others.filter((name) => name.startsWith(repository)).map((name) => name.slice(repository.length));
      return `${taggedName(image)}${tags.length > 0 ? ` (it has ${tags.join(', ')})` : ''}`;
    });
    const platform = this.lock.platform === 'all' ? '' : ` --platform ${this.lock.platform}`;
    const add = images.map((image) => `--add ${taggedName(image)}`).join(' ');
    return `imageLock: ${this.file} lacks ${named.join(', ')}; run npx onprem-ml images lock --file ${this.file}${platform} ${add}`;
  }
}

/** `registry/repository:tag`, by which a lock knows an image. */
export function taggedName({ registry, repository, tag }: Image): string {
  return `${registry}/${repository}:${tag}`;
}

/** @throws OnPremError with all that is wrong */
export function parseLock(text: string, file: string): ImageLockFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    fail(
      file,
      `is no lock of images: ${error instanceof Error ? error.message : String(error)}; write it with npx onprem-ml images lock`,
    );
  }
  const lock =
    typeof value === 'object' && value !== null ? (value as Partial<Record<keyof ImageLockFile, unknown>>) : {};
  if (
    lock.version !== 1 ||
    typeof lock.platform !== 'string' ||
    typeof lock.images !== 'object' ||
    lock.images === null
  ) {
    fail(file, 'is no lock of images of version 1, with platform and images; write it with npx onprem-ml images lock');
  }
  const images = Object.entries(lock.images as Record<string, unknown>);
  const wrong = images.filter(([, digest]) => typeof digest !== 'string' || !DIGEST.test(digest));
  if (wrong.length > 0) {
    throw new OnPremError(
      wrong.map(
        ([name, digest]) =>
          `${file}: images[${show(name)}] must be "sha256:" and 64 hexadecimal digits, got ${show(digest)}; write it with npx onprem-ml images lock`,
      ),
    );
  }
  return { version: 1, platform: lock.platform, images: lock.images as Record<string, string> };
}

/** The file's text: stable, one line an image. */
export function formatLock(platform: string, images: ReadonlyMap<string, string>): string {
  const sorted = [...images].sort(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify({ version: 1, platform, images: Object.fromEntries(sorted) }, null, 2)}\n`;
}
