import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { App, Site } from '../lib';
import { ExperimentTracking } from './experiment-tracking';
import { COMPANY, COMPANY_LAB, LAB } from './lab';
import { TrainingCluster } from './training-cluster';

const sites = join(__dirname, 'sites');
const dist = resolve(__dirname, '../dist');

const app = new App({ outdir: dist });

const lab = Site.fromFile(join(sites, 'dgx-lab.yaml'));
new ExperimentTracking(app, 'experiment-tracking', { site: lab });
new ExperimentTracking(app, 'company-tracking', { site: lab, ...COMPANY });
new TrainingCluster(app, 'training-cluster', { site: lab, ...LAB });
new TrainingCluster(app, 'company-cluster', { site: lab, ...COMPANY_LAB });
new TrainingCluster(app, 'workstations', {
  site: Site.fromFile(join(sites, 'workstations.yaml')),
  distribution: 'k3s',
});

app.synth();

// `cdk8s synth` deletes its output folder before it runs the app, so that an error would cost the last good output. Hence its folder
// (cdk8s.yaml) is a link to the real one, which is replaced only when all is well.
const link = process.env.CDK8S_OUTDIR;
if (link !== undefined && resolve(link) !== dist && !existsSync(link)) {
  mkdirSync(dirname(resolve(link)), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(dist, link, 'dir');
}
