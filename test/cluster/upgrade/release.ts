import { join } from 'node:path';
import { type Image } from '../../../lib';
import { REPOSITORY } from '../paths';
import type * as program from './program';

/** What a program is that makes platforms. */
export type Program = typeof program;

/** Where the library says which versions it runs. */
const VERSIONS = [
  'core/images',
  'data/minio/images',
  'data/postgres/images',
  'mlops/mlflow/images',
  'networking/haproxy/images',
  'networking/metallb/images',
  'security/cert-manager/images',
].map((path) => join(REPOSITORY, 'lib', path));

/** The program with a later release of the library, which is the same but for later tags of all images: `-2`. */
export async function laterRelease(): Promise<Program> {
  let made: Program | undefined;
  await jest.isolateModulesAsync(async () => {
    for (const path of VERSIONS) {
      jest.doMock(path, () => later(jest.requireActual<Readonly<Record<string, Versions>>>(path)));
    }
    made = await import('./program');
    for (const path of VERSIONS) jest.dontMock(path);
  });
  return made!;
}

/** Images by name, the version of all of them, and numbers such as a user's. */
type Versions = string | number | Readonly<Record<string, Image>>;

function later(module: Readonly<Record<string, Versions>>): Record<string, Versions> {
  return Object.fromEntries(Object.entries(module).map(([name, value]) => [name, laterVersions(value)]));
}

function laterVersions(value: Versions): Versions {
  if (typeof value === 'string') return `${value}-2`;
  if (typeof value === 'number') return value;
  return Object.fromEntries(Object.entries(value).map(([name, image]) => [name, laterImage(image)]));
}

/** Of two files that name one image, the second has the first's. */
function laterImage(image: Image): Image {
  if (image.tag.endsWith('-2')) return image;
  return { ...image, tag: `${image.tag}-2`, digest: undefined };
}
