import { join } from 'node:path';
import { type Image } from '../../../lib';
import { REPOSITORY } from '../paths';
import type * as program from './program';
import type * as training from './training/program';

/** Where the library says which versions it runs. */
const VERSIONS = [
  'core/images',
  'data/minio/images',
  'data/postgres/images',
  'mlops/mlflow/images',
  'networking/haproxy/images',
  'networking/metallb/images',
  'security/cert-manager/images',
];

/** Those of the systems for training. */
const TRAINING_VERSIONS = [
  'compute/jobset/images',
  'compute/kueue/images',
  'compute/node-feature-discovery/images',
  'compute/nvidia-gpu-operator/images',
  'mlops/kubeflow-trainer/images',
  'networking/nvidia-network-operator/images',
];

/** What other tables know, of which system runs on which Kubernetes and which driver drives which GPU, and what is a part of other tags. */
const KNOWN = ['DRIVER_VERSION', 'nodeImages'];
const KNOWN_VERSIONS = ['compute/nvidia-gpu-operator/images', 'networking/nvidia-network-operator/images'];

/** The program with a later release of the library, which is the same but for later tags of all images: `-2`. */
export async function laterRelease(): Promise<typeof program> {
  return released(VERSIONS, async () => import('./program'));
}

/** The same, of the platform for training. The GPUs' driver is the same. */
export async function laterTrainingRelease(): Promise<typeof training> {
  return released([...VERSIONS, ...TRAINING_VERSIONS], async () => import('./training/program'));
}

async function released<P>(versions: readonly string[], load: () => Promise<P>): Promise<P> {
  const modules = versions.map((path) => ({ path, file: join(REPOSITORY, 'lib', path) }));
  let made: P | undefined;
  await jest.isolateModulesAsync(async () => {
    for (const { path, file } of modules) {
      const known = KNOWN_VERSIONS.includes(path) ? [...KNOWN, 'VERSION'] : [];
      jest.doMock(file, () => later(jest.requireActual<Readonly<Record<string, Versions>>>(file), known));
    }
    made = await load();
    for (const { file } of modules) jest.dontMock(file);
  });
  return made!;
}

/** Images by name, the version of all of them, and numbers such as a user's. */
type Versions = string | number | Readonly<Record<string, Image>>;

function later(module: Readonly<Record<string, Versions>>, known: readonly string[]): Record<string, Versions> {
  return Object.fromEntries(
    Object.entries(module).map(([name, value]) => [name, known.includes(name) ? value : laterVersions(value)]),
  );
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
