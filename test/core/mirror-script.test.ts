import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { image } from '../../lib/core/image';
import { linked } from '../../lib/core/output/linked';
import { platformFiles } from '../../lib/core/output/platform-files';
import { type PlatformProps } from '../../lib/core/platform';
import { testPlatform } from '../support';
import { container, Demo } from './demo';

/** A folder for all registries, as the stand-ins for crane and skopeo read it. */
let folder: string;
const registries = (...path: string[]) => join(folder, 'registries', ...path);
const blobs = (name: string) => join(folder, 'usb/blobs/sha256', name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mirror-'));
  for (const name of ['blobs', 'parts', 'tags']) mkdirSync(registries(name), { recursive: true });
  mkdirSync(join(folder, 'bin'));
  for (const tool of ['crane', 'skopeo']) {
    copyFileSync(join(__dirname, `stand-ins/${tool}.sh`), join(folder, 'bin', tool));
    chmodSync(join(folder, 'bin', tool), 0o755);
  }
  writeFileSync(join(folder, 'bin/sleep'), '#!/bin/sh\necho "sleep $1" >> "$LOG"\n', { mode: 0o755 });
  writeFileSync(join(folder, 'log'), '');
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(content: string): string {
  const hex = createHash('sha256').update(content).digest('hex');
  writeFileSync(registries('blobs', hex), content);
  return hex;
}

/** One image. @returns the hexadecimal digits of its digest */
function single(name: string): string {
  const [config, layer] = [put(`{"os":"linux","of":"${name}"}`), put(`layer of ${name}`)];
  const manifest = put(
    JSON.stringify({
      schemaVersion: 2,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: `sha256:${config}`, size: 1 },
      layers: [
        { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: `sha256:${layer}`, size: 2 },
        {
          mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
          digest: `sha256:${'f'.repeat(64)}`,
          size: 3,
        },
      ],
      annotations: { 'org.example.base.digest': `sha256:${'e'.repeat(64)}`, brace: '}"{' },
    }),
  );
  writeFileSync(registries('parts', manifest), [manifest, config, layer].join('\n'));
  return manifest;
}

/** An index for two platforms, in many lines. */
function multi(name: string): { index: string; amd64: string; arm64: string } {
  const [amd64, arm64] = [single(`${name} amd64`), single(`${name} arm64`)];
  const entry = (hex: string, platform: object) => ({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: `sha256:${hex}`,
    size: 4,
    platform,
  });
  const content = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      entry(amd64, { architecture: 'amd64', os: 'linux' }),
      entry(arm64, { architecture: 'arm64', os: 'linux', variant: 'v8' }),
    ],
  };
  const index = put(JSON.stringify(content, null, 3));
  const parts = [amd64, arm64].map((hex) => readFileSync(registries('parts', hex), 'utf8'));
  writeFileSync(registries('parts', index), [index, ...parts].join('\n'));
  return { index, amd64, arm64 };
}

function tag(reference: string, hex: string): void {
  const colon = reference.lastIndexOf(':');
  mkdirSync(registries('tags', reference.slice(0, colon)), { recursive: true });
  writeFileSync(registries('tags', reference.slice(0, colon), reference.slice(colon + 1)), `${hex}\n`);
}

function tagged(reference: string): string | undefined {
  const colon = reference.lastIndexOf(':');
  const file = registries('tags', reference.slice(0, colon), reference.slice(colon + 1));
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}

let web: ReturnType<typeof multi>;
let tool: ReturnType<typeof multi>;
let data: string;

/** Three images: one by its tag, an index by digest, one that has no index; two systems. */
function platform(props: Partial<PlatformProps> = {}): void {
  [web, tool, data] = [multi('web'), multi('tool'), single('data')];
  tag('one.example/shop/web:v1', web.index);
  tag('two.example/data:v3', data);
  const lab = testPlatform({ registryMirror: 'lab.example:5000/mirror', ...props });
  const shop = new Demo(lab, 'shop');
  shop.deployment('web', { containers: [container({ image: image('one.example/shop/web:v1') })] });
  shop.deployment('tool', { containers: [container({ image: image(`one.example/tool:v2@sha256:${tool.index}`) })] });
  new Demo(lab, 'store').deployment('data', { containers: [container({ image: image('two.example/data:v3') })] });
  for (const { name, text, mode } of platformFiles(linked(lab).bundle)) {
    writeFileSync(join(folder, name), text, { mode });
  }
}

function mirror(args: readonly string[], extra: Record<string, string> = {}) {
  writeFileSync(join(folder, 'log'), '');
  const { status, stdout, stderr } = spawnSync('sh', [join(folder, 'mirror.sh'), ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: {
      PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
      LOG: join(folder, 'log'),
      REGISTRIES: registries(),
      TMPDIR: folder,
      ...extra,
    },
  });
  return { status, stdout, stderr, calls: readFileSync(join(folder, 'log'), 'utf8').trimEnd().split('\n') };
}
const writes = (calls: readonly string[]) => calls.filter((call) => / (copy|push|pull) /.test(call));

test('the list says of each image whence, which, whither and for whom', () => {
  platform({ images: { 'two.example/data': 'lab.example:5000/built/data:v4' } });
  expect(readFileSync(join(folder, 'mirror.txt'), 'utf8').split('\n').slice(1)).toEqual([
    'lab.example:5000/built/data:v4 - = store',
    'one.example/shop/web:v1 - shop/web:v1 shop',
    `one.example/tool:v2@sha256:${tool.index} sha256:${tool.index} tool:v2 shop`,
    '',
  ]);
});

describe.each(['crane', 'skopeo'])('with %s', (tool_) => {
  const w = ['--with', tool_];

  test('images are copied by digest to tags, and stay when they are there', () => {
    platform();
    const first = mirror(w);
    expect(first).toMatchObject({ status: 0, stderr: '' });
    expect(first.stdout).toContain('[1/3] one.example/shop/web:v1: copied in ');
    expect(first.stdout).toMatch(/3 images are there\n$/);
    expect(tagged('lab.example:5000/mirror/shop/web:v1')).toBe(web.index);
    expect(tagged('lab.example:5000/mirror/tool:v2')).toBe(tool.index);
    expect(tagged('lab.example:5000/mirror/data:v3')).toBe(data);
    const second = mirror(w);
    expect(second.status).toBe(0);
    expect(second.stdout).toContain('one.example/tool:v2: is there');
    expect(writes(second.calls)).toEqual([]);
  });

  test('a tag that has moved is copied again', () => {
    platform();
    mirror([...w, '--to', 'other.example']);
    tag('two.example/data:v3', single('newer data'));
    const { calls } = mirror([...w, '--to', 'other.example']);
    expect(writes(calls)).toHaveLength(1);
    expect(tagged('other.example/data:v3')).toBe(tagged('two.example/data:v3'));
  });

  test('they go into a folder, which is an image layout, and from there into the mirror', () => {
    platform();
    expect(mirror([...w, '--save', 'usb'])).toMatchObject({ status: 0, stderr: '' });
    const index = JSON.parse(readFileSync(join(folder, 'usb/index.json'), 'utf8')) as { manifests: object[] };
    expect(index.manifests).toEqual([
      expect.objectContaining({
        mediaType: 'application/vnd.oci.image.index.v1+json',
        digest: `sha256:${web.index}`,
        annotations: { 'org.opencontainers.image.ref.name': 'one.example/shop/web:v1' },
      }),
      expect.objectContaining({ digest: `sha256:${tool.index}` }),
      expect.objectContaining({
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest: `sha256:${data}`,
        size: readFileSync(registries('blobs', data)).length,
      }),
    ]);
    expect(readdirSync(join(folder, 'usb')).sort()).toEqual(['blobs', 'index.json', 'oci-layout', 'saved.txt']);
    // Seven of each index, three of the image; none is of what the layers of others refer to.
    expect(readdirSync(join(folder, 'usb/blobs/sha256'))).toHaveLength(17);
    expect(writes(mirror([...w, '--save', 'usb']).calls)).toEqual([]);
    // No way to the internet any more.
    rmSync(registries('tags/one.example'), { recursive: true });
    rmSync(registries('tags/two.example'), { recursive: true });
    expect(mirror([...w, '--load', 'usb', '--retries', '0'])).toMatchObject({ status: 0, stderr: '' });
    expect(tagged('lab.example:5000/mirror/shop/web:v1')).toBe(web.index);
    expect(tagged('lab.example:5000/mirror/data:v3')).toBe(data);
    expect(writes(mirror([...w, '--load', 'usb']).calls)).toEqual([]);
    expect(mirror([...w, '--check', '--load', 'usb']).status).toBe(0);
  });

  test('what is broken in the folder is named, and fetched again', () => {
    platform();
    mirror([...w, '--save', 'usb']);
    const layer = readFileSync(registries('parts', data), 'utf8').split('\n').at(-1)!;
    writeFileSync(blobs(layer), 'Layer of data');
    writeFileSync(blobs(`${layer}123`), 'cut off');
    writeFileSync(join(folder, 'usb/index.json'), '{"cut');
    const broken = mirror(['--check', '--save', 'usb']);
    expect(broken.status).toBe(1);
    expect(broken.stderr).toContain(
      `1 of 3 images are not as they should be:\n  two.example/data:v3: is broken in the folder: ${layer}`,
    );
    const loaded = mirror([...w, '--load', 'usb', '--retries', '0']);
    expect(loaded.status).toBe(1);
    expect(loaded.stderr).toContain(`two.example/data:v3: is broken in the folder, save it again: ${layer}`);
    expect(writes(mirror([...w, '--save', 'usb']).calls)).toHaveLength(1);
    expect(mirror(['--check', '--save', 'usb']).status).toBe(0);
    expect(existsSync(blobs(`${layer}123`))).toBe(false);
    expect(JSON.parse(readFileSync(join(folder, 'usb/index.json'), 'utf8'))).toHaveProperty('manifests.length', 3);
  });

  test('a failure is tried again, ever more slowly', () => {
    platform();
    writeFileSync(registries('fail'), '2');
    const { status, stderr, calls } = mirror(w);
    expect(status).toBe(0);
    expect(stderr).toMatch(/one.example\/shop\/web:v1: (Error: )?the way to the registry broke; again in 2 s\n/);
    expect(calls.filter((call) => call.startsWith('sleep'))).toEqual(['sleep 2', 'sleep 4']);
  });

  test('what fails for good is listed at the end, and does not stop the others', () => {
    platform();
    rmSync(registries('tags/one.example'), { recursive: true });
    const { status, stderr } = mirror([...w, '--retries', '0']);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /\nmirror.sh: 1 of 3 images are not as they should be:\n {2}one.example\/shop\/web:v1: can't be looked up: .*manifest unknown\nRun it again; what is done is only looked at.\n$/,
    );
    expect(tagged('lab.example:5000/mirror/data:v3')).toBe(data);
  });

  test('what arrives as something else is no copy', () => {
    platform();
    const other = single('other');
    const { status, stderr } = mirror([...w, '--retries', '0', '--systems', 'store'], { ARRIVES_AS: other });
    expect(status).toBe(1);
    expect(stderr).toContain(`two.example/data:v3: isn't copied: it arrived as sha256:${other}, not as sha256:${data}`);
  });

  test('of an index one platform may be enough, unless it is wanted by its digest', () => {
    platform();
    expect(mirror([...w, '--platform', 'linux/arm64']).status).toBe(0);
    expect(tagged('lab.example:5000/mirror/shop/web:v1')).toBe(web.arm64);
    expect(tagged('lab.example:5000/mirror/tool:v2')).toBe(tool.index);
    expect(tagged('lab.example:5000/mirror/data:v3')).toBe(data);
    const { status, stderr } = mirror([...w, '--platform', 'linux/s390x', '--retries', '0', '--to', 'other.example']);
    expect(status).toBe(1);
    expect(stderr).toContain(
      "one.example/shop/web:v1: can't be looked up: it has no linux/s390x, but linux/amd64, linux/arm64/v8\n",
    );
  });

  test('the check says what is missing, and what is another image', () => {
    platform();
    tag('lab.example:5000/mirror/tool:v2', data);
    const { status, stdout, stderr, calls } = mirror([...w, '--check']);
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain(`one.example/shop/web:v1: is missing: lab.example:5000/mirror/shop/web:v1\n`);
    expect(stderr).toContain(
      `one.example/tool:v2: is another image: lab.example:5000/mirror/tool:v2 is sha256:${data}, wanted as sha256:${tool.index}\n`,
    );
    expect(writes(calls)).toEqual([]);
  });

  test('what a private or insecure registry needs is said of it alone', () => {
    platform();
    writeFileSync(join(folder, 'ca.pem'), 'the authority');
    const { status, calls } = mirror([...w, '--insecure', '--ca', 'ca.pem', '--systems', 'store']);
    expect(status).toBe(0);
    const [from, to, copy] = calls;
    if (tool_ === 'crane') {
      expect(from).toBe('crane manifest two.example/data:v3');
      expect(to).toBe('crane manifest --insecure lab.example:5000/mirror/data:v3');
      expect(copy).toBe(`crane copy --insecure two.example/data@sha256:${data} lab.example:5000/mirror/data:v3`);
    } else {
      expect(from).toBe('skopeo inspect --raw docker://two.example/data:v3');
      expect(to).toMatch(/^skopeo inspect --raw --tls-verify=false --cert-dir=\S+ docker:\/\/lab\.example:5000\//);
      expect(copy).toMatch(/^skopeo copy --all --preserve-digests --dest-tls-verify=false --dest-cert-dir=\S+ docker:/);
    }
  });
});

test('what takes an image’s place stays where it is', () => {
  platform({ images: { 'two.example/data': 'lab.example:5000/built/data:v4' } });
  const { status, stdout, calls } = mirror([]);
  expect(status).toBe(0);
  expect(stdout).toContain('lab.example:5000/built/data:v4: stays where it is\n');
  expect(stdout).toMatch(/3 images, 1 of which stay where they are\n$/);
  expect(writes(calls)).toHaveLength(2);
});

describe('what takes an image’s place, and has its name below the mirror', () => {
  const OWN = 'lab.example:5000/mirror/built/data:v4';
  const usb = () => readFileSync(join(folder, 'usb/saved.txt'), 'utf8');

  test('comes from where it is said to be, and goes there with the others', () => {
    platform({ images: { 'two.example/data': OWN } });
    expect(readFileSync(join(folder, 'mirror.txt'), 'utf8')).toContain(`\n${OWN} - built/data:v4 store\n`);
    const build = single('a build');
    tag('out.example/own/data:mine', build);
    expect(mirror(['--save', 'usb', '--instead', `${OWN}=out.example/own/data:mine`])).toMatchObject({ status: 0 });
    expect(usb()).toContain(`${OWN} sha256:${build}\n`);
    expect(mirror(['--check', '--load', 'usb'])).toMatchObject({ status: 1 });
    expect(mirror(['--load', 'usb'])).toMatchObject({ status: 0, stderr: '' });
    expect(tagged(OWN)).toBe(build);
    expect(mirror(['--check', '--load', 'usb'])).toMatchObject({ status: 0, stderr: '' });
  });

  test('may be there already', () => {
    platform({ images: { 'two.example/data': OWN } });
    expect(mirror(['--save', 'usb', '--retries', '0'])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(
        'it has its name in the mirror alone: say by --instead where it comes from',
      ) as string,
    });
    expect(mirror(['--load', 'usb'])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`${OWN}: isn't in the folder`) as string,
    });
    tag(OWN, single('a build'));
    const { status, stdout, calls } = mirror(['--load', 'usb']);
    expect({ status, writes: writes(calls) }).toEqual({ status: 0, writes: [] });
    expect(stdout).toContain(`${OWN}: is there\n`);
    expect(mirror([])).toMatchObject({ status: 0, stderr: '' });
  });

  test('must be the one that its digest says', () => {
    const build = single('a build');
    platform({ images: { 'two.example/data': `${OWN}@sha256:${build}` } });
    tag(OWN, single('another build'));
    expect(mirror(['--check'])).toMatchObject({ status: 1 });
    tag(OWN, build);
    tag('one.example/shop/web:v1', web.index);
    mirror([]);
    expect(mirror(['--check'])).toMatchObject({ status: 0 });
  });
});

test('a copy elsewhere is as good, where its digest says so', () => {
  platform();
  const { calls } = mirror(['--to', 'other.example', '--instead', 'one.example/tool:v2=copies.example/tool:any']);
  expect(writes(calls)).toContain(`crane copy copies.example/tool@sha256:${tool.index} other.example/tool:v2`);
});

test.each([
  [
    ['--instead', 'one.example/tool:v2'],
    "--instead needs A=B, two times registry/repository:tag, got 'one.example/tool:v2'",
  ],
  [['--instead', 'one.example/tol:v2=b.example/c:d'], '--instead: mirror.txt has no one.example/tol:v2'],
  [['--check', '--instead', 'one.example/tool:v2=b.example/c:d'], '--instead goes with neither --load nor --check'],
  [['--to', 'https://x.example'], "--to must be without a scheme, got 'https://x.example'"],
  [['--save', 'usb', '--to', 'x.example'], '--save goes with neither --load nor --to'],
  [['--load', 'nowhere'], 'nowhere holds no saved.txt; make it with mirror.sh --save'],
  [['--with', 'docker'], "--with must be crane or skopeo, got 'docker'"],
  [['--platform', 'amd64'], "--platform must be OS/ARCH, such as linux/amd64, got 'amd64'"],
  [['--retries', 'many'], "--retries needs a number, got 'many'"],
  [['--systems', 'shopp'], 'no system is called shopp; there is shop store'],
  [['--ca', 'none.pem'], '--ca: there is no file none.pem'],
  [['--to'], '--to needs a value; see --help'],
  [['--help me'], "unknown option '--help me'; see --help"],
])('wrong usage %j is refused', (args, message) => {
  platform();
  const { status, stderr, calls } = mirror(args);
  expect(status).toBe(2);
  expect(stderr).toContain(`mirror.sh: ${message}`);
  expect(calls).toEqual(['']);
});

test('without a mirror it must be said where to, and two images must not become one', () => {
  platform({ registryMirror: undefined });
  expect(mirror([]).stderr).toContain('say where to: --to REGISTRY[/PATH], or --save FOLDER');
  expect(mirror(['--to', 'x.example/all']).status).toBe(0);
  expect(tagged('x.example/all/shop/web:v1')).toBe(web.index);
  const list = join(folder, 'mirror.txt');
  writeFileSync(list, `${readFileSync(list, 'utf8')}three.example/data:v3 - data:v3 store\n`);
  expect(mirror(['--to', 'x.example/all'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('two images would become one: data:v3') as string,
  });
});
