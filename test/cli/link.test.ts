import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../lib/cli/main';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'link-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  mkdirSync(join(folder, name, '..'), { recursive: true });
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

/** Exit code and what was written, the test's folder taken out. */
function run(...args: string[]): { code: number; out: string[]; err: string[] } {
  const out: string[] = [];
  const err: string[] = [];
  const code = main(
    args,
    (line) => out.push(...line.replaceAll(`${folder}/`, '').split('\n')),
    (line) => err.push(...line.replaceAll(`${folder}/`, '').split('\n')),
  ) as number;
  return { code, out, err };
}

const POD = `apiVersion: v1
kind: Pod
metadata: { name: app }
spec:
  serviceAccountName: app
  containers: [{ name: app, image: app:1 }]
`;
const ACCOUNT = 'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: app }\n';

test('a folder that links', () => {
  write('a/pod.yaml', POD);
  write('b/account.yml', ACCOUNT);
  write('notes.txt', 'not: [yaml');
  expect(run('link', folder)).toEqual({ code: 0, out: ['2 objects, 0 findings'], err: [] });
});

test('findings, grouped by the document they are in', () => {
  const file = write('all.yaml', `${ACCOUNT.replace('app', 'apps')}---\n${POD}---\n${POD}`);
  expect(run('link', file)).toEqual({
    code: 1,
    out: [
      'all.yaml:2 Pod app',
      '  reference: spec.serviceAccountName "app" names no ServiceAccount in namespace default; did you mean "apps"?',
      '',
      'all.yaml:3 Pod app',
      '  duplicate: metadata.name "app" is also the name of the Pod in namespace default at all.yaml:2; rename one, or leave one out',
      '  reference: spec.serviceAccountName "app" names no ServiceAccount in namespace default; did you mean "apps"?',
      '',
      '3 objects, 3 findings',
    ],
    err: [],
  });
});

test('lists and JSON', () => {
  const items = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'app' } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'A' } },
  ];
  write('list.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  expect(run('link', folder).out[0]).toBe('list.json:1[1] ConfigMap A');
});

test('standard input, as a program', () => {
  const program = ['-r', 'ts-node/register/transpile-only', join(__dirname, '../../lib/cli/main.ts'), 'link', '-'];
  const { status, stdout } = spawnSync(process.execPath, program, { input: POD, encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stdout.split('\n')[0]).toBe('stdin:1 Pod app');
});

test('what is external, and in which namespace', () => {
  const file = write('pod.yaml', POD);
  expect(run('link', file).code).toBe(1);
  expect(run('link', file, '--external', 'ServiceAccount/app').code).toBe(0);
  expect(run('link', file, '--external=ServiceAccount/tools/*', '-n', 'tools').code).toBe(0);
  expect(run('link', file, '--external', 'ServiceAccount/tools/app').code).toBe(1);
});

test('waves, where every file is named by one', () => {
  const pod = POD.replace('  containers', '  priorityClassName: urgent\n  containers');
  const priority = 'apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: { name: urgent }\nvalue: 1\n';
  write('01-app.yaml', `${pod}---\n${ACCOUNT}`);
  write('02-classes.yaml', priority);
  expect(run('link', folder).out[1]).toBe(
    '  wave: spec.priorityClassName "urgent" is made in wave 2, after wave 1; apply the PriorityClass in wave 1 or earlier',
  );
  write('more.yaml', ACCOUNT.replace('app', 'more'));
  expect(run('link', folder).code).toBe(0);
});

test('images', () => {
  const file = write('pod.yaml', `${POD}---\n${ACCOUNT}`);
  const images = write('images.txt', '# all of them\napp:2  used by nobody\n');
  expect(run('link', file, '--images', images).out[1]).toBe(
    '  image: spec.containers[0].image "app:1" isn\'t in the list of images; did you mean "app:2"?',
  );
});

test('secrets, in strict mode alone', () => {
  const file = write(
    'secret.yaml',
    'apiVersion: v1\nkind: Secret\nmetadata: { name: x }\nstringData: { password: hunter22 }\n',
  );
  expect(run('link', file).code).toBe(0);
  expect(run('link', '--strict', file).code).toBe(1);
});

describe('input that cannot be read', () => {
  test.each<[string, string, string]>([
    ['broken.yaml', 'a: 1\nb: [1\nc: d\n', 'broken.yaml:3:1: is no YAML: deficient indentation'],
    [
      'values.yaml',
      'replicas: 3\n',
      'values.yaml:1 (file:document): is no Kubernetes object: it has no apiVersion, kind and metadata',
    ],
    [
      'text.yaml',
      'hello\n',
      'text.yaml:1 (file:document): is no Kubernetes object: it has no apiVersion, kind and metadata',
    ],
  ])('%s', (name, text, message) => {
    expect(run('link', write(name, text))).toEqual({ code: 2, out: [], err: [`onprem-ml link: ${message}`] });
  });

  test('a path that is not there, a folder without manifests, no path', () => {
    expect(run('link', join(folder, 'x.yaml')).err).toEqual(['onprem-ml link: x.yaml: no such file or folder']);
    expect(run('link', folder).err[0]).toMatch(/: holds no \*\.yaml, \*\.yml or \*\.json file$/);
    expect(run('link').err).toEqual([
      'onprem-ml link: names no file or folder; give at least one PATH, or - for standard input',
    ]);
  });

  test('wrong usage', () => {
    expect(run('link', '--extern', 'x')).toEqual({
      code: 2,
      out: [],
      err: ['onprem-ml link: there is no option "--extern"; see --help'],
    });
    expect(run('link', '.', '--external', 'Secret').err).toEqual([
      'onprem-ml link: --external must be KIND/NAME or KIND/NAMESPACE/NAME, got "Secret"',
    ]);
    expect(run('link', '.', '--namespace').err).toEqual(['onprem-ml link: --namespace needs a value; see --help']);
    expect(run('lint')).toEqual({
      code: 2,
      out: [],
      err: ['onprem-ml: there is no command "lint"; there is images, link, site'],
    });
    expect(run().code).toBe(2);
  });
});

describe('what charts have', () => {
  test('a bracket that closes at the depth of its key, merged keys, an empty document', () => {
    const text = [
      '# nothing here',
      '---',
      'apiVersion: v1',
      'kind: Pod',
      'metadata: { name: app }',
      'spec:',
      '  containers:',
      '  - name: app',
      '    image: app:1',
      '    command: [',
      '      "run",',
      '    ]',
      '    env: &env',
      '    - { name: A, value: b }',
      '  - name: other',
      '    <<: { image: app:1 }',
      '    env: *env',
    ].join('\n');
    expect(run('link', write('pod.yaml', text))).toEqual({ code: 0, out: ['1 object, 0 findings'], err: [] });
  });
});

test('help', () => {
  expect(run('--help')).toMatchObject({ code: 0, err: [] });
  expect(run('--help').out.join('\n')).toContain('link    check that Kubernetes manifests fit together');
  const { code, out } = run('link', '--help');
  expect(code).toBe(0);
  for (const option of ['--external', '--namespace', '--images', '--cluster-domain', '--strict'])
    expect(out.join('\n')).toContain(option);
});
