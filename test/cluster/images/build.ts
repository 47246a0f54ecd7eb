import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from '../paths';
import { run } from '../shell';
import { BASE, CLIENT_LAYERS, DIRECTORY } from './layers';
import { digest, type PackagesLayer } from './layer';
import { aptSettings, debianMirror, KEYRING, machineEnvironment } from './sources';

const LAYERS = join(CACHE, 'layers');
const LISTS = join(CACHE, 'apt-lists');
const RELEASE = 'trixie';

const APT = ['Acquire::Languages "none"', 'Acquire::GzipIndexes "true"'];

/** As Debian's slim images: no documents, no translations. */
const DPKG = [
  'force-unsafe-io',
  'path-exclude=/usr/share/doc/*',
  'path-include=/usr/share/doc/*/copyright',
  'path-exclude=/usr/share/info/*',
  'path-exclude=/usr/share/locale/*',
  'path-exclude=/usr/share/man/*',
];

export type Tell = (line: string) => void;

/** Changes when anything changes that the layer is made of. */
export function layerKey(layer: PackagesLayer): string {
  return digest(RELEASE, APT, DPKG, layer).slice(0, 12);
}

/** Where the layer's files are, once it is built. */
export function layerDirectory(layer: PackagesLayer): string {
  return join(LAYERS, `${layer.name}-${layerKey(layer)}`);
}

/** Overlay directories, topmost first, with Python, MLflow and boto3: for programs that run as clients of the cluster. */
export async function clientRoot(tell: Tell): Promise<readonly string[]> {
  await buildLayers(CLIENT_LAYERS, tell);
  return CLIENT_LAYERS.map(layerDirectory).reverse();
}

/** As those of clients, with OpenLDAP's server. */
export async function directoryRoot(tell: Tell): Promise<readonly string[]> {
  await buildLayers([BASE, DIRECTORY], tell);
  return [layerDirectory(DIRECTORY), layerDirectory(BASE)];
}

/** Builds those that the cache doesn't have. Each is whole or not there. */
export async function buildLayers(layers: readonly PackagesLayer[], tell: Tell): Promise<void> {
  // What is made from here on ends up in images, with the modes that files usually have.
  process.umask(0o022);
  mkdirSync(LAYERS, { recursive: true });
  removeRemains(LAYERS);
  const missing = layers.filter((layer) => !existsSync(layerDirectory(layer)));
  if (missing.length === 0) return;
  if (existsSync(layerDirectory(BASE))) await refreshLists();

  const started = new Map<PackagesLayer, Promise<void>>();
  const start = (layer: PackagesLayer): Promise<void> => {
    const known = started.get(layer);
    if (known) return known;
    const built = Promise.all(layer.on.map(start)).then(async () => build(layer, tell));
    started.set(layer, built);
    return built;
  };
  await Promise.all(missing.map(start));
}

/** Removes layers that no longer belong to any of these. */
export function removeOtherLayers(layers: readonly PackagesLayer[]): void {
  const wanted = new Set(layers.map((layer) => `${layer.name}-${layerKey(layer)}`));
  for (const name of readdirSync(LAYERS)) {
    if (!name.startsWith('.') && !wanted.has(name)) rmSync(join(LAYERS, name), { recursive: true });
  }
}

async function build(layer: PackagesLayer, tell: Tell): Promise<void> {
  if (existsSync(layerDirectory(layer))) return;
  tell(`layer ${layer.name}: building`);
  const begin = Date.now();
  const place = join(LAYERS, `.${process.pid}-${layer.name}`);
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place);
  const root = join(place, 'root');
  await (layer === BASE ? debootstrap(root, place) : install(layer, root, place));
  renameSync(root, layerDirectory(layer));
  rmSync(place, { recursive: true });
  tell(`layer ${layer.name}: built in ${Math.round((Date.now() - begin) / 1000)} s`);
}

async function debootstrap(root: string, place: string): Promise<void> {
  const mirror = await debianMirror();
  const settings = join(place, 'apt.conf');
  writeFileSync(settings, await aptSettings());
  await contained([
    ...['mmdebstrap', '--mode=root', '--variant=essential', `--include=${BASE.packages.join(',')}`],
    ...[`--keyring=${KEYRING}`, '--skip=cleanup/apt/lists', `--aptopt=${settings}`],
    ...APT.map((option) => `--aptopt=${option}`),
    ...DPKG.map((option) => `--dpkgopt=${option}`),
    ...[RELEASE, root, ...(mirror ? [mirror] : [])],
  ]);
  await contained(['chroot', root, 'sh', '-e'], BASE.after);
  rmSync(LISTS, { recursive: true, force: true });
  renameSync(join(root, 'var/lib/apt/lists'), LISTS);
  mkdirSync(join(root, 'var/lib/apt/lists'));
}

async function install(layer: PackagesLayer, root: string, place: string): Promise<void> {
  mkdirSync(root);
  const requirements = join(place, 'requirements.txt');
  writeFileSync(requirements, layer.requirements);
  const apt = 'apt-get install -qq -y --no-install-recommends';
  const script = [layer.before, layer.packages.length > 0 ? `${apt} ${layer.packages.join(' ')}` : '', layer.after];
  await inRoot(layer.on, root, place, script.join('\n'), { REQUIREMENTS: requirements });
}

/** Package lists grow old; a layer that comes later must not ask for versions that the mirror has dropped. */
async function refreshLists(): Promise<void> {
  const place = join(LAYERS, `.${process.pid}-lists`);
  mkdirSync(join(place, 'root'), { recursive: true });
  await inRoot([BASE], join(place, 'root'), place, 'apt-get update -qq', { REQUIREMENTS: '' });
  rmSync(place, { recursive: true });
}

async function inRoot(
  on: readonly PackagesLayer[],
  upper: string,
  work: string,
  script: string,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  const lower = on.map(layerDirectory).reverse().join(':');
  await contained([join(__dirname, 'in-root.sh'), lower, upper, work, LISTS], script, environment);
}

/** Mounts and processes of its own, which end with this process, however that ends. */
async function contained(
  command: readonly string[],
  input?: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  const spaces = [
    'unshare',
    '--mount',
    '--propagation',
    'private',
    '--pid',
    '--mount-proc',
    '--fork',
    '--kill-child=KILL',
  ];
  await run(['setpriv', '--pdeathsig', 'KILL', ...spaces, ...command], {
    input,
    env: { ...machineEnvironment(), ...environment },
  });
}

/** Removes what work that was broken off has left: it goes by the process's number. */
export function removeRemains(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = /^\.(\d+)-/.exec(name)?.[1];
    if (pid && !existsSync(`/proc/${pid}`)) rmSync(join(folder, name), { recursive: true });
  }
}
