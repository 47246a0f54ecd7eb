import { join } from 'node:path';
import { ExperimentTracking, TrainingCluster } from '../../blueprints';
import { COMPANY, COMPANY_LAB, LAB } from '../../blueprints/lab';
import { App, type Platform, type Site } from '../../lib';
import { REPOSITORY } from './paths';

/** The platforms of dist/ that the bench applies, by their names, as blueprints/main.ts makes them of the site. */
const BLUEPRINTS = {
  'experiment-tracking': (site: Site) => new ExperimentTracking(new App(), 'experiment-tracking', { site }),
  'company-tracking': (site: Site) => new ExperimentTracking(new App(), 'company-tracking', { site, ...COMPANY }),
  'training-cluster': (site: Site) => new TrainingCluster(new App(), 'training-cluster', { site, ...LAB }),
  'company-cluster': (site: Site) => new TrainingCluster(new App(), 'company-cluster', { site, ...COMPANY_LAB }),
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

/** Whether its people are in the company's directory. */
export function hasDirectory(name: PlatformName): boolean {
  return name.startsWith('company-');
}
