import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  createWriteStream,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CACHE } from '../paths';
import { run } from '../shell';
import { isAnyUp } from '../state';
import { buildLayers, layerDirectory, removeRemains, type Tell } from './build';
import { fillFiles } from './fill';
import { digest, files, from, type Layer } from './layer';
import { type ImageDocument, type LayerReference, writeLayout } from './oci';
import { configOf, layerId, packagesLayers } from './plan';
import { parseName } from './names';
import { isSimulated, recipe } from './recipes';

const PREFIX = 'image-layout-';

/** Which blob each layer is, so that the next layout needs to pack only what is new. */
const LAYERS = 'layers.json';

/** Other layers are packed when these change. */
const MAKERS = ['layout.ts', 'fill.ts', 'oci.ts'].map((name) => readFileSync(join(__dirname, name), 'utf8'));

/** When the files were written that the bench writes itself: a digest must not depend on when it was computed. */
const WRITTEN = '@946684800';

interface Plan {
  readonly name: string;
  readonly layers: readonly Layer[];
  readonly config: ImageDocument['config'];
}

/**
 * A folder with these images as `mirror.sh --save` would leave it, in the cache, which keeps no other but while a cluster is up. Layers are archives that aren't compressed: packing
 * and unpacking them costs little. What is only simulated is an image of one small file.
 *
 * @param names with registry; a digest is of no account, since what is made here has another one
 */
export async function imageLayout(names: readonly string[], tell: Tell): Promise<string> {
  const plans = [...new Set(names.map(withoutDigest))].sort().map(plan);
  const layers = [...new Map(plans.flatMap((each) => each.layers).map((layer) => [keyOf(layer), layer]))];
  await buildLayers(packagesLayers(layers.map(([, layer]) => layer)), tell);
  const identity = plans.map((each) => [each.name, each.config, each.layers.map(keyOf)]);
  const layout = join(CACHE, `${PREFIX}${digest(identity).slice(0, 12)}`);
  if (existsSync(layout)) return layout;

  tell(`images to be mirrored: ${plans.length}`);
  const begin = Date.now();
  removeRemains(CACHE);
  const place = join(CACHE, `.${process.pid}-image-layout`);
  rmSync(place, { recursive: true, force: true });
  const folder = join(place, 'layout');
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
  const known = knownLayers();
  const blobs = new Map<string, LayerReference>();
  for (const [key, layer] of layers)
    blobs.set(key, reused(known.get(key), folder) ?? (await pack(layer, folder, place)));
  writeFileSync(join(folder, LAYERS), JSON.stringify(Object.fromEntries(blobs), undefined, 1));
  const documents = plans.map(({ name, layers, config }) => ({
    names: [name],
    config,
    layers: layers.map((layer) => blobs.get(keyOf(layer))!),
  }));
  const digests = writeLayout(documents, folder, 'org.opencontainers.image.ref.name');
  writeFileSync(join(folder, 'saved.txt'), [...digests].map((words) => `${words.join(' ')}\n`).join(''));
  renameSync(folder, layout);
  rmSync(place, { recursive: true });
  if (!isAnyUp()) for (const other of layouts().filter((path) => path !== layout)) rmSync(other, { recursive: true });
  tell(`images to be mirrored: done in ${Math.round((Date.now() - begin) / 1000)} s`);
  return layout;
}

/** Without its digest, with all else. */
function withoutDigest(name: string): string {
  const { repository, tag } = parseName(name);
  return `${repository}:${tag}`;
}

function plan(name: string): Plan {
  const { tag } = parseName(name);
  if (isSimulated(name)) {
    const layers = [
      files({ '/simulated': from.text(`In place of ${name}, whose programs no package registry has.\n`) }),
    ];
    return { name, layers, config: configOf({}, tag) };
  }
  const { layers, config } = recipe(name);
  return { name, layers, config: configOf(config, tag) };
}

function keyOf(layer: Layer): string {
  return digest(layerId(layer), MAKERS);
}

function layouts(): readonly string[] {
  return readdirSync(CACHE)
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => join(CACHE, name));
}

/** Layers of the layouts that are there, by their keys. */
function knownLayers(): ReadonlyMap<string, Known> {
  const found = layouts().flatMap((layout) => {
    const layers = JSON.parse(readFileSync(join(layout, LAYERS), 'utf8')) as Record<string, LayerReference>;
    return Object.entries(layers).map(([key, reference]): [string, Known] => [key, { layout, reference }]);
  });
  return new Map(found);
}

interface Known {
  readonly layout: string;
  readonly reference: LayerReference;
}

function reused(known: Known | undefined, folder: string): LayerReference | undefined {
  if (!known) return undefined;
  const { layout, reference } = known;
  const to = blob(folder, reference.digest);
  if (!existsSync(to)) linkSync(blob(layout, reference.digest), to);
  return reference;
}

/** Writes a layer's archive into the layout. */
async function pack(layer: Layer, folder: string, place: string): Promise<LayerReference> {
  if (layer.kind === 'packages') return archive(layerDirectory(layer), [], folder, place);
  const directory = join(place, 'files');
  mkdirSync(directory);
  await fillFiles(layer, directory);
  const packed = await archive(directory, [`--mtime=${WRITTEN}`], folder, place);
  rmSync(directory, { recursive: true });
  return packed;
}

/**
 * What an overlay file system has as a device of number 0, since it hides what is below, an archive has as an empty file. Directories that overlay file systems
 * call opaque are new ones here: no recipe puts one in a lower one's place.
 *
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md#whiteouts
 */
async function archive(
  directory: string,
  options: readonly string[],
  folder: string,
  place: string,
): Promise<LayerReference> {
  const removed = (await run(['find', directory, '-type', 'c', '-printf', '%P\\0'])).split('\0').slice(0, -1);
  const whiteouts = removed.map((path) => path.replace(/([^/]+)$/, '.wh.$1'));
  const empty = join(place, 'whiteouts');
  for (const path of whiteouts) {
    mkdirSync(join(empty, path, '..'), { recursive: true });
    writeFileSync(join(empty, path), '');
  }
  const [command, ...args] = [
    ...['tar', '--create', '--file=-', '--format=gnu', '--sort=name', '--numeric-owner'],
    ...['--warning=no-file-changed', ...options],
    ...['--anchored', '--no-wildcards', ...removed.map((path) => `--exclude=./${path}`)],
    ...['-C', directory, '.'],
    ...(whiteouts.length > 0 ? [`--mtime=${WRITTEN}`, '-C', empty, ...whiteouts] : []),
  ];
  const tar = spawn(command!, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve, reject) => tar.on('error', reject).on('close', resolve));
  const hash = createHash('sha256');
  let size = 0;
  tar.stdout.on('data', (chunk: Buffer) => {
    hash.update(chunk);
    size += chunk.length;
  });
  const file = join(place, 'archive');
  await pipeline(tar.stdout, createWriteStream(file));
  const code = await ended;
  // 1: a file changed meanwhile. Only the number of its links does, where another image store is made or removed.
  if (code !== 0 && code !== 1) throw new Error(`tar: exit code ${code} for ${directory}`);
  rmSync(empty, { recursive: true, force: true });
  const packed = { digest: `sha256:${hash.digest('hex')}`, size };
  renameSync(file, blob(folder, packed.digest));
  return packed;
}

function blob(folder: string, name: string): string {
  return join(folder, 'blobs', name.replace(':', '/'));
}
