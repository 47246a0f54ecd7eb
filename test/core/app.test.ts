import { App as Cdk8sApp, ApiObject, Chart } from 'cdk8s';
import { Construct } from 'constructs';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from '../../lib/core/app';
import { ConfigFiles } from '../../lib/core/workload';
import { Platform } from '../../lib/core/platform';
import { testSite } from '../support';
import { container, Demo } from './demo';

let outdir: string;
beforeEach(() => void (outdir = join(mkdtempSync(join(tmpdir(), 'synth-')), 'dist')));
afterEach(() => rmSync(join(outdir, '..'), { recursive: true }));

function platformIn(app: Cdk8sApp, id = 'lab'): Platform {
  return new Platform(app, id, { site: testSite() });
}

test('a platform is a folder of manifests by wave, with what applies them', () => {
  const app = new App({ outdir });
  const platform = platformIn(app);
  const first = new Demo(platform, 'first');
  first.deployment();
  new Demo(platform, 'second', [first.stage]).deployment();
  app.synth();
  expect(readdirSync(outdir)).toEqual(['lab']);
  expect(readdirSync(join(outdir, 'lab'))).toEqual([
    '00-foundation.k8s.yaml',
    '01-first.k8s.yaml',
    '02-second.k8s.yaml',
    'apply.sh',
    'images.txt',
    'mirror.sh',
    'mirror.txt',
    'summary.md',
  ]);
  expect(statSync(join(outdir, 'lab/apply.sh')).mode & 0o111).toBe(0o111);
  expect(readFileSync(join(outdir, 'lab/images.txt'), 'utf8')).toBe('registry.example/demo:v1\n');
});

test('the same input gives the same bytes', () => {
  const synth = () => {
    const app = new App({ outdir });
    const platform = platformIn(app);
    platform.credentials.generate(new Demo(platform, 'demo'), 'a', { password: { length: 32 } }).in('demo');
    app.synth();
    return readdirSync(join(outdir, 'lab')).map((file) => readFileSync(join(outdir, 'lab', file), 'utf8'));
  };
  expect(synth()).toEqual(synth());
});

test('what is wrong is said all at once, nothing is written and an earlier output stays', () => {
  const good = new App({ outdir });
  new Demo(platformIn(good), 'demo').deployment();
  good.synth();
  const before = readFileSync(join(outdir, 'lab/01-demo.k8s.yaml'), 'utf8');
  const bad = new App({ outdir });
  platformIn(bad, 'fine');
  const demo = new Demo(platformIn(bad), 'demo');
  demo.deployment('web', {
    containers: [
      container({
        env: { A: { secretKeyRef: { name: 'nope', key: 'x' } }, B: { configMapKeyRef: { name: 'config', key: 'y' } } },
      }),
    ],
  });
  new ConfigFiles(demo.stage, 'config', { x: '1' });
  expect(() => bad.synth()).toThrow(
    /^synth: 2 problems\n {2}- lab\/demo\/install\/web.*"nope".*\n {2}- lab\/demo\/install\/web.*"y"/,
  );
  expect(readdirSync(outdir)).toEqual(['lab']);
  expect(readFileSync(join(outdir, 'lab/01-demo.k8s.yaml'), 'utf8')).toBe(before);
});

test('a folder with files that are not ours is left alone', () => {
  mkdirSync(join(outdir, 'lab'), { recursive: true });
  writeFileSync(join(outdir, 'lab/notes.txt'), 'mine');
  const app = new App({ outdir });
  new Demo(platformIn(app), 'demo');
  expect(() => app.synth()).toThrow(
    `${join(outdir, 'lab/notes.txt')}: is not of this library's making and would be lost; move it out of`,
  );
  expect(readdirSync(join(outdir, 'lab'))).toEqual(['notes.txt']);
});

test('a file that a later version no longer makes is gone', () => {
  const synth = (...ids: string[]) => {
    const app = new App({ outdir });
    const platform = platformIn(app);
    for (const id of ids) new Demo(platform, id).deployment();
    app.synth();
  };
  synth('a', 'b');
  synth('a');
  expect(existsSync(join(outdir, 'lab/01-b.k8s.yaml'))).toBe(false);
});

test("charts of the user's own: within a platform after all others, outside as cdk8s does it", () => {
  const app = new App({ outdir });
  const platform = platformIn(app);
  new Demo(platform, 'demo').deployment();
  const configMap = (chart: Chart, namespace?: string) =>
    new ApiObject(chart, 'mine', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mine', namespace } });
  configMap(new Chart(platform, 'extra'), 'demo');
  configMap(new Chart(app, 'apart'));
  app.synth();
  expect(readdirSync(outdir).sort()).toEqual([expect.stringMatching(/^apart.*\.k8s\.yaml$/), 'lab']);
  expect(readdirSync(join(outdir, 'lab'))).toContain('02-extra.k8s.yaml');
});

test('with a stock cdk8s App the manifests are written and linked', () => {
  const synth = (broken: boolean) => {
    const app = new Cdk8sApp({ outdir });
    const env = broken ? { A: { secretKeyRef: { name: 'nope', key: 'x' } } } : {};
    new Demo(platformIn(app), 'demo').deployment('web', { containers: [container({ env })] });
    app.synth();
  };
  expect(() => synth(true)).toThrow(/"nope"/);
  synth(false);
  expect(readdirSync(outdir).join()).toMatch(/lab-demo-install/);
});

test('two platforms of one name are refused', () => {
  const app = new App({ outdir });
  platformIn(app);
  new Platform(new Construct(app, 'sub'), 'lab', { site: testSite() });
  expect(() => app.synth()).toThrow('sub/lab: the name "lab" is taken by lab; give one of the two another id');
  expect(existsSync(outdir)).toBe(false);
});
