import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CACHE } from '../paths';
import { run } from '../shell';
import { isAnyUp } from '../state';
import { buildLayers, layerDirectory, removeOtherLayers, removeRemains, type Tell } from './build';
import { Containerd } from './containerd';
import { fillFiles } from './fill';
import { digest, type Layer } from './layer';
import { PACKAGES_LAYERS } from './layers';
import { chainId, type ImageDocument, type LayerReference, writeArchive } from './oci';
import { configOf, layerId, packagesLayers } from './plan';
import { parseName } from './names';
import { type Recipe, recipe } from './recipes';

const PREFIX = 'image-store-';

/** Another store is made when these change. */
const MAKERS = ['store.ts', 'fill.ts', 'oci.ts'].map((name) => readFileSync(join(__dirname, name), 'utf8'));

/** An image to be made, and under which names. */
interface Plan {
  readonly names: readonly string[];
  readonly version: string;
  readonly recipe: Recipe;
}

/**
 * Root directories for containerd, one for each set of images, under exactly their names; unpacked, for the snapshotter overlayfs. They are
 * templates in the cache: nodes get copies. The cache keeps no others, but while a cluster is up: nodes have links to them.
 */
export async function imageStores(sets: readonly (readonly string[])[], tell: Tell): Promise<readonly string[]> {
  const known = readStores();
  const stores: string[] = [];
  for (const names of sets) stores.push(await imageStore(names, tell));
  if (stores.some((store) => !known.includes(store)) && !isAnyUp()) {
    for (const other of readStores().filter((store) => !stores.includes(store))) rmSync(other, { recursive: true });
    removeOtherLayers(PACKAGES_LAYERS);
  }
  return stores;
}

async function imageStore(names: readonly string[], tell: Tell): Promise<string> {
  const plans = [...new Set(names)].sort().map(plan);
  await buildLayers(packagesLayers(plans.flatMap((each) => each.recipe.layers)), tell);
  const identity = plans.map((each) => [each.names, each.version, each.recipe.config, each.recipe.layers.map(layerId)]);
  const store = join(CACHE, `${PREFIX}${digest(identity, MAKERS).slice(0, 12)}`);
  if (existsSync(store)) return store;

  tell(`image store: ${plans.length} images`);
  const begin = Date.now();
  removeRemains(CACHE);
  const place = join(CACHE, `.${process.pid}-image-store`);
  rmSync(place, { recursive: true, force: true });
  await fill(plans, place);
  renameSync(join(place, 'root'), store);
  rmSync(place, { recursive: true });
  tell(`image store: done in ${Math.round((Date.now() - begin) / 1000)} s`);
  return store;
}

/** A store for one node. Files are shared with the template, its databases are not. */
export async function copyStore(template: string, destination: string): Promise<void> {
  mkdirSync(dirname(destination), { recursive: true });
  await run(['cp', '-al', '--no-target-directory', template, destination]);
  for (const plugin of readdirSync(template)) {
    for (const file of readdirSync(join(template, plugin)).filter((name) => name.endsWith('.db'))) {
      rmSync(join(destination, plugin, file));
      copyFileSync(join(template, plugin, file), join(destination, plugin, file));
    }
  }
}

function plan(name: string): Plan {
  const { repository, tag, digest: byDigest } = parseName(name);
  const names = [`${repository}:${tag}`, ...(byDigest ? [`${repository}@${byDigest}`] : [])];
  return { names, version: tag, recipe: recipe(name) };
}

async function fill(plans: readonly Plan[], place: string): Promise<void> {
  const containerd = new Containerd(join(place, 'root'), place);
  try {
    await containerd.ready();
    const sizes = new Map<string, number>();
    const documents: ImageDocument[] = [];
    for (const { names, version, recipe } of plans) {
      const layers: LayerReference[] = [];
      for (const layer of recipe.layers) {
        const below = layers.map((each) => each.digest);
        const id = `sha256:${layerId(layer)}`;
        const chain = chainId([...below, id]);
        const size = sizes.get(chain) ?? (await unpack(containerd, layer, chain, below));
        sizes.set(chain, size);
        layers.push({ digest: id, size });
      }
      documents.push({ names, layers, config: configOf(recipe.config, version) });
    }
    await containerd.ctr('images', 'import', '--local', await writeArchive(documents, place));
  } finally {
    await containerd.stop();
  }
}

/**
 * Makes the snapshot that containerd would make of the layer's archive, without writing such an archive first. Whoever
 * unpacks the image then finds its layers there. Their digests are keys of what they are made of: nobody reads them.
 */
async function unpack(containerd: Containerd, layer: Layer, chain: string, below: readonly string[]): Promise<number> {
  const parent = below.length > 0 ? [chainId(below)] : [];
  const active = `filling-${chain}`;
  const mounts = JSON.parse(await containerd.ctr('snapshots', 'prepare', '--mounts', active, ...parent)) as Mount[];
  const directory = upperDirectory(mounts);
  if (layer.kind === 'packages') await run(['cp', '-al', `${layerDirectory(layer)}/.`, directory]);
  else await fillFiles(layer, directory);
  await containerd.ctr('snapshots', 'commit', chain, active);
  const size = await run(['du', '--summarize', '--apparent-size', '--block-size=1', directory]);
  return Number(size.split('\t')[0]);
}

interface Mount {
  readonly Type: string;
  readonly Source: string;
  readonly Options: readonly string[];
}

function upperDirectory(mounts: readonly Mount[]): string {
  const [{ Type, Source, Options } = { Type: '', Source: '', Options: [] }] = mounts;
  const upper = Type === 'bind' ? Source : Options.find((option) => option.startsWith('upperdir='))?.slice(9);
  if (!upper) throw new Error(`containerd gave no directory for a layer: ${JSON.stringify(mounts)}`);
  return upper;
}

function readStores(): readonly string[] {
  const names = existsSync(CACHE) ? readdirSync(CACHE) : [];
  return names.filter((name) => name.startsWith(PREFIX)).map((name) => join(CACHE, name));
}
