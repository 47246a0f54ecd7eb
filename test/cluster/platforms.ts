import { join } from 'node:path';
import { ExperimentTracking, TrainingCluster } from '../../blueprints';
import { LAB } from '../../blueprints/lab';
import { App, type Platform, type Site } from '../../lib';
import { REPOSITORY } from './paths';

/** The platforms of dist/ that the bench applies, by their names, as blueprints/main.ts makes them of the site. */
const BLUEPRINTS = {
  'experiment-tracking': (site: Site) => new ExperimentTracking(new App(), 'experiment-tracking', { site }),
  'training-cluster': (site: Site) => new TrainingCluster(new App(), 'training-cluster', { site, ...LAB }),
} as const;

export type PlatformName = keyof typeof BLUEPRINTS;

export const PLATFORMS = Object.keys(BLUEPRINTS) as readonly PlatformName[];

/** The committed output of `npm run synth`. */
export function platformFolder(name: PlatformName): string {
  return join(REPOSITORY, 'dist', name);
}

/** The program behind it. */
export function platformOf(name: PlatformName, site: Site): Platform {
  return BLUEPRINTS[name](site);
}
