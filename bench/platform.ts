import { type App as Cdk8sApp } from 'cdk8s';
import { join, resolve } from 'node:path';
import { ExperimentTracking } from '../blueprints';
import { Site } from '../lib';

const SITE = Site.fromFile(join(resolve(__dirname, '..'), 'blueprints/sites/dgx-lab.yaml'));

/** The platform of blueprints/main.ts. */
export function platform(app: Cdk8sApp, id = 'lab'): ExperimentTracking {
  return new ExperimentTracking(app, id, { site: SITE });
}
