import { ApiObject, App as Cdk8sApp, Chart } from 'cdk8s';
import { dump } from 'js-yaml';
import { join } from 'node:path';
import { App } from '../lib';
import { link } from '../lib/core/link';
import { Bundle, type BundleFile } from '../lib/core/output/bundle';
import { OutputFolder } from '../lib/core/output/folder';
import { linkOptions } from '../lib/core/output/linked';
import { platformFiles } from '../lib/core/output/platform-files';
import { ms, percent, print, race, timed } from './measure';
import { platform } from './platform';

const ROUNDS = 30;
const WARM_UP = 15;
/** The whole of ours may take what cdk8s takes for the manifests alone. */
const LIMIT = 1;

/** The whole synthesis against a stock cdk8s App's of the same objects, and against their plain dump. @returns whether it is in bounds */
export function benchSynth(scratch: string): boolean {
  const { files, objects } = new Bundle(platform(new App()));
  const times = race(
    {
      ours: () =>
        timed(() => {
          const app = new App({ outdir: join(scratch, 'ours') });
          platform(app);
          app.synth();
        }),
      stock: () => {
        const app = stockApp(files, join(scratch, 'stock'));
        return timed(() => app.synth());
      },
      dump: () => timed(() => objects.forEach(({ object }) => dump(object, { lineWidth: -1, noRefs: true }))),
    },
    ROUNDS,
    WARM_UP,
  );
  const ratio = times.ours / times.stock;
  const row = (name: string, time: number): [string, ...string[]] => [
    name,
    ms(time),
    `${(time / objects.length).toFixed(3)} ms an object`,
    `x ${(times.ours / time).toFixed(2)}`,
  ];
  print(`One platform of ${objects.length} objects in ${files.length} files, medians of ${ROUNDS} rounds in turns`, [
    row('ours: construct, link, write', times.ours),
    row('stock cdk8s: App.synth() of the same objects, without constructing them', times.stock),
    row('js-yaml: dump() of the same objects, nothing else', times.dump),
  ]);
  phases(join(scratch, 'phases'));
  console.log(`  ${ratio <= LIMIT ? 'ok' : 'TOO SLOW'}: ${ratio.toFixed(2)} of stock cdk8s, limit ${LIMIT.toFixed(1)}`);
  return ratio <= LIMIT;
}

/** The same objects in a Chart for each file, which is how a stock App writes them to files. */
function stockApp(files: readonly BundleFile[], outdir: string): Cdk8sApp {
  const app = new Cdk8sApp({ outdir });
  for (const { name, objects } of files) {
    const chart = new Chart(app, name.replaceAll('.', '-'));
    objects.forEach(({ object: { apiVersion, kind, metadata, ...rest } }, i) => {
      new ApiObject(chart, `object-${i}`, { apiVersion, kind, metadata: { ...metadata }, ...rest });
    });
  }
  return app;
}

/** Where the time of one synthesis goes. */
function phases(outdir: string): void {
  let lab = platform(new App());
  let bundle = new Bundle(lab);
  let files = platformFiles(bundle);
  const times = race(
    {
      construct: () => timed(() => (lab = platform(new App({ outdir })))),
      'API objects': () => timed(() => (bundle = new Bundle(lab))),
      link: () => timed(() => link(bundle.objects, linkOptions(lab))),
      'YAML, apply.sh, summary': () => timed(() => (files = platformFiles(bundle))),
      'write to disk': () =>
        timed(() => {
          const output = new OutputFolder(outdir);
          output.addFolder(lab.name, files);
          output.commit();
        }),
    },
    ROUNDS,
    WARM_UP,
  );
  const sum = Object.values(times).reduce((a, b) => a + b);
  print(
    'Its phases',
    Object.entries(times).map(([name, time]) => [name, ms(time), percent(time, sum)]),
  );
}
