import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ExperimentTracking, TrainingCluster } from '../../blueprints';
import { COMPANY, COMPANY_LAB, LAB } from '../../blueprints/lab';
import { App, type Platform, type PlatformProps, type Site } from '../../lib';
import { parseName } from './images/names';
import { REPOSITORY } from './paths';

/** What makes a platform the one that a mirror has: builds of one's own, and digests. */
export type Mirrored = Pick<PlatformProps, 'images' | 'imageLock'>;

type Props = Mirrored & { readonly site: Site };

/** The platforms of dist/ that the bench applies, by their names, as blueprints/main.ts makes them of the site. */
const BLUEPRINTS = {
  'experiment-tracking': (app: App, props: Props) => new ExperimentTracking(app, 'experiment-tracking', props),
  'company-tracking': (app: App, props: Props) =>
    new ExperimentTracking(app, 'company-tracking', { ...props, ...COMPANY }),
  'training-cluster': (app: App, props: Props) => new TrainingCluster(app, 'training-cluster', { ...props, ...LAB }),
  'company-cluster': (app: App, props: Props) =>
    new TrainingCluster(app, 'company-cluster', { ...props, ...COMPANY_LAB }),
} as const;

export type PlatformName = keyof typeof BLUEPRINTS;

export const PLATFORMS = Object.keys(BLUEPRINTS) as readonly PlatformName[];

/** The committed output of `npm run synth`. */
export function platformFolder(name: PlatformName): string {
  return join(REPOSITORY, 'dist', name);
}

/** The program behind it. */
export function platformOf(name: PlatformName, site: Site, more: Mirrored = {}): Platform {
  return BLUEPRINTS[name](new App(), { site, ...more });
}

/** Writes its output into a folder of its name, below another one. */
export function synthesize(name: PlatformName, site: Site, folder: string, more: Mirrored): void {
  const app = new App({ outdir: folder });
  BLUEPRINTS[name](app, { site, ...more });
  app.synth();
}

/** Every image, as the manifests of a folder name it. */
export function imagesOf(folder: string): readonly string[] {
  return words(folder, 'images.txt').map(([reference]) => reference!);
}

/** Whether its images come from a mirror. */
export function isMirrored(name: PlatformName): boolean {
  const own = new Set(listed(name).map(([source]) => source));
  return imagesOf(platformFolder(name)).some((reference) => !own.has(reference));
}

/**
 * Names in the mirror, by repositories, for images that the library pins by upstream's digest. Nobody but upstream can make these: what takes their places is what a
 * company has built itself.
 */
export function ownBuilds(name: PlatformName): Readonly<Record<string, string>> {
  const references = imagesOf(platformFolder(name));
  const pinned = listed(name).filter(([, digest]) => digest !== '-');
  return Object.fromEntries(
    pinned.map(([source, digest, place]) => [
      parseName(source!).repository,
      references.find((reference) => reference.endsWith(`/${place}@${digest}`))!.split('@')[0]!,
    ]),
  );
}

/** What a mirror needs for it: the names by which mirror.sh looks for images that were saved. */
export function savedImages(name: PlatformName): readonly string[] {
  const builds = ownBuilds(name);
  return listed(name).map(([source]) => builds[parseName(source!).repository] ?? source!);
}

function listed(name: PlatformName): string[][] {
  return words(platformFolder(name), 'mirror.txt');
}

function words(folder: string, file: string): string[][] {
  const lines = readFileSync(join(folder, file), 'utf8').split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split(' '));
}

/** Whether its people are in the company's directory. */
export function hasDirectory(name: PlatformName): boolean {
  return name.startsWith('company-');
}
