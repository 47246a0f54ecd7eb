import { existsSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { count, OnPremError, show } from '../core/errors';
import { image, type Image } from '../core/image';
import { formatLock, parseLock, taggedName, type ImageLockFile } from '../core/image-lock';
import { type Command } from './main';
import { readText, Unreadable } from './read-objects';
import { RegistryClient, type RemoteImage } from './registry/client';
import { DockerConfig } from './registry/docker-config';

const HELP = `usage: onprem-ml images lock [FOLDER]... [OPTION]...

Looks up in the registries which digest each tag of a platform's images stands for, and writes them to a file. A Platform that is given the file
(imageLock: 'images.lock') names each image by tag and digest. The only command here that uses the network; synthesis never does.

FOLDER is a platform's output, or one that holds some [default: dist]: what its mirror.txt lists is looked up. Images that have a digest
already keep it.

  --file FILE         the lock [default: images.lock]
  --platform OS/ARCH  digests of the images for one platform, such as linux/amd64; all for those of the multi-architecture indexes
                      [default: what FILE says, else all]
  --from REGISTRY     ask this registry, with port and path, for the copies that mirror.sh made; http:// before it where it has no TLS
                      [default: each image's own]
  --add IMAGE         look up only this one, registry/repository:tag, and leave the others as they are; may be given many times
  --check             write nothing; say what FILE lacks, what has another digest by now, and what nobody runs
  --ca FILE           an authority, PEM, that is trusted besides the public ones
  -h, --help          this text

Logins are those of docker login, crane auth login and skopeo login; HTTPS_PROXY and NO_PROXY are heeded.
Exit code: 0 written, or nothing is stale; 1 an image can't be looked up, and nothing is written, or something is stale; 2 wrong usage.`;

/** `onprem-ml images`: the digests of images. */
export const imagesCommand: Command = {
  summary: "pin images: look up their tags' digests",
  run(args, out, err) {
    if (args.includes('--help') || args.includes('-h')) {
      out(HELP);
      return 0;
    }
    return lock(args, out, err).catch((error: unknown) => {
      if (!(error instanceof Unreadable) && !(error instanceof OnPremError)) throw error;
      err(`onprem-ml images: ${error.message}`);
      return 2;
    });
  },
};

interface Wanted {
  readonly image: Image;
  /** Below the mirror; undefined where it stays. */
  readonly place?: string;
}

type Write = (line: string) => void;

async function lock(args: readonly string[], out: Write, err: Write): Promise<number> {
  const options = parse(args);
  const { file, add, check } = options;
  const known = existsSync(file) ? parseLock(readText(file), file) : undefined;
  if (check && !known) throw new Unreadable(`${file}: there is no such file to check`);
  const platform = options.platform ?? known?.platform ?? 'all';
  if (add.length > 0 && known && platform !== known.platform) {
    throw new Unreadable(
      `--add keeps what ${file} has, which is for ${known.platform}, and can't be for ${platform}; leave --platform out, or lock all anew`,
    );
  }
  const wanted = add.length > 0 ? add.map((name) => added(name)) : readLists(options.folders);
  const client = new RegistryClient(DockerConfig.read(), {
    authority: options.ca === undefined ? undefined : readText(options.ca),
  });
  const { digests, failures } = await lookUp(wanted, platform, options.from, client, err);
  if (failures.length > 0) {
    err(
      `onprem-ml images: ${count(failures.length, 'image')} can't be looked up${check ? '' : ', nothing is written'}:`,
    );
    failures.forEach((failure) => err(`  - ${failure}`));
    return 1;
  }
  if (check) return report(known!, digests, file, out);
  const all = add.length > 0 && known ? new Map([...Object.entries(known.images), ...digests]) : digests;
  writeFileSync(`${file}.new`, formatLock(platform, all));
  renameSync(`${file}.new`, file);
  for (const line of changes(known, all)) out(line);
  out(`${count(all.size, 'image')} in ${file}, for ${platform === 'all' ? 'all platforms' : platform}`);
  return 0;
}

async function lookUp(
  wanted: readonly Wanted[],
  platform: string,
  from: Arguments['from'],
  client: RegistryClient,
  err: Write,
): Promise<{ digests: Map<string, string>; failures: string[] }> {
  const digests = new Map<string, string>();
  const failures: string[] = [];
  for (const [i, each] of wanted.entries()) {
    const name = taggedName(each.image);
    try {
      digests.set(name, await client.digest(remote(each, from), platform));
      err(`[${i + 1}/${wanted.length}] ${name}`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      failures.push(`${name}: ${reason}${/certificate/.test(reason) ? '; give its authority by --ca' : ''}`);
    }
  }
  return { digests, failures };
}

function remote({ image, place }: Wanted, from: Arguments['from']): RemoteImage {
  if (!from || place === undefined) return image;
  const [name, tag] = [place.slice(0, place.lastIndexOf(':')), place.slice(place.lastIndexOf(':') + 1)];
  return { ...from, repository: from.path === '' ? name : `${from.path}/${name}`, tag };
}

/** What of a lock isn't so any more. */
function report(known: ImageLockFile, digests: ReadonlyMap<string, string>, file: string, out: Write): number {
  const stale = changes(known, digests);
  stale.forEach((line) => out(line));
  out(
    `${count(digests.size, 'image')}, ${stale.length} of which ${stale.length === 1 ? 'is' : 'are'} stale in ${file}`,
  );
  return stale.length === 0 ? 0 : 1;
}

function changes(known: ImageLockFile | undefined, digests: ReadonlyMap<string, string>): string[] {
  if (!known) return [];
  const before = new Map(Object.entries(known.images));
  const names = [...new Set([...before.keys(), ...digests.keys()])].sort();
  return names.flatMap((name) => {
    const [old, now] = [before.get(name), digests.get(name)];
    if (old === now) return [];
    if (old === undefined) return [`+ ${name} ${now}`];
    if (now === undefined) return [`- ${name}, which nobody runs`];
    return [`! ${name} was ${old}, is ${now}`];
  });
}

function added(name: string): Wanted {
  const { digest, ...asked } = image(name);
  if (digest !== undefined) throw new Unreadable(`--add ${name} has a digest already; give registry/repository:tag`);
  return { image: asked, place: `${asked.repository}:${asked.tag}` };
}

/** The images of all mirror.txt, once each, but for those that have a digest of their own. */
function readLists(folders: readonly string[]): Wanted[] {
  const files = folders.flatMap(listsOf);
  const wanted = new Map<string, Wanted>();
  for (const file of files) {
    for (const line of readText(file).split('\n')) {
      if (line === '' || line.startsWith('#')) continue;
      const [source = '', , place] = line.split(' ');
      if (place === undefined)
        throw new Unreadable(`${file}: ${show(line)} is no line of mirror.txt; synthesize again`);
      if (source.includes('@')) continue;
      wanted.set(source, { image: image(source), ...(place !== '=' && { place }) });
    }
  }
  return [...wanted.keys()].sort().map((name) => wanted.get(name)!);
}

function listsOf(folder: string): string[] {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new Unreadable(`${folder}: there is no such folder; synthesize first, or name the output's`);
  }
  const own = join(folder, 'mirror.txt');
  if (existsSync(own)) return [own];
  const below = readdirSync(folder)
    .sort()
    .map((name) => join(folder, name, 'mirror.txt'))
    .filter((file) => existsSync(file));
  if (below.length === 0) throw new Unreadable(`${folder}: holds no platform's mirror.txt; synthesize first`);
  return below;
}

interface Arguments {
  readonly folders: readonly string[];
  readonly file: string;
  readonly platform?: string;
  readonly from?: { readonly registry: string; readonly path: string; readonly scheme?: 'http' | 'https' };
  readonly add: readonly string[];
  readonly check: boolean;
  readonly ca?: string;
}

const VALUES = ['--file', '--platform', '--from', '--add', '--ca'];

function parse(args: readonly string[]): Arguments {
  const [subcommand, ...rest] = args;
  if (subcommand !== 'lock') {
    throw new Unreadable(
      subcommand === undefined
        ? 'says not what to do; there is lock'
        : `there is no subcommand ${show(subcommand)}; there is lock`,
    );
  }
  const folders: string[] = [];
  const add: string[] = [];
  const values = new Map<string, string>();
  let check = false;
  for (let i = 0; i < rest.length; i++) {
    const arg = rest[i];
    const equals = arg.startsWith('--') ? arg.indexOf('=') : -1;
    const option = equals < 0 ? arg : arg.slice(0, equals);
    if (option === '--check') check = true;
    else if (VALUES.includes(option)) {
      const value = equals < 0 ? rest[++i] : arg.slice(equals + 1);
      if (value === undefined || value === '') throw new Unreadable(`${option} needs a value; see --help`);
      if (option === '--add') add.push(value);
      else values.set(option, value);
    } else if (arg.startsWith('-')) throw new Unreadable(`there is no option ${show(arg)}; see --help`);
    else folders.push(arg);
  }
  if (add.length > 0 && (folders.length > 0 || check)) {
    throw new Unreadable('--add goes with no FOLDER and no --check; see --help');
  }
  const platform = values.get('--platform');
  if (platform !== undefined && platform !== 'all' && !/^[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9]+)?$/.test(platform)) {
    throw new Unreadable(`--platform must be OS/ARCH, such as linux/amd64, or all, got ${show(platform)}`);
  }
  const from = values.get('--from');
  return {
    folders: folders.length > 0 ? folders : ['dist'],
    file: values.get('--file') ?? 'images.lock',
    platform,
    from: from === undefined ? undefined : parseFrom(from),
    add,
    check,
    ca: values.get('--ca'),
  };
}

function parseFrom(text: string): NonNullable<Arguments['from']> {
  const [, scheme, registry, path = ''] =
    /^(?:(https?):\/\/)?([a-zA-Z0-9.-]+(?::\d+)?)(?:\/(.+?))?\/?$/.exec(text) ?? [];
  if (registry === undefined) throw new Unreadable(`--from must be HOST[:PORT][/PATH], got ${show(text)}`);
  return { registry, path, ...(scheme && { scheme: scheme as 'http' | 'https' }) };
}
