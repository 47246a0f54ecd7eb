import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { image } from '../../lib/core/image';
import { formatLock, ImageLock } from '../../lib/core/image-lock';
import { imageList, mirrorList } from '../../lib/core/output/images';
import { type Platform } from '../../lib/core/platform';
import { findingsOf, testPlatform } from '../support';
import { container, Demo } from './demo';

const [A, B] = ['a', 'b'].map((letter) => `sha256:${letter.repeat(64)}`) as [string, string];
const LOCK = formatLock('all', new Map([['registry.example/demo:v1', A]]));

function demo(platform: Platform, reference = 'registry.example/demo:v1'): Platform {
  new Demo(platform, 'demo').deployment('web', { containers: [container({ image: image(reference) })] });
  return platform;
}

test('each reference is pinned by the lock', () => {
  const platform = demo(testPlatform({ imageLock: ImageLock.fromText(LOCK) }));
  expect(imageList(platform)).toBe(`registry.example/demo:v1@${A}\n`);
  expect(mirrorList(platform).split('\n')[1]).toBe(`registry.example/demo:v1 ${A} demo:v1 demo`);
  expect(findingsOf(platform)).toEqual([]);
});

test('the mirror has the same digest', () => {
  const platform = demo(testPlatform({ imageLock: ImageLock.fromText(LOCK), registryMirror: 'lab.example/m' }));
  expect(imageList(platform)).toBe(`lab.example/m/demo:v1@${A}\n`);
});

test('an image with a digest of its own keeps it, and needs no lock', () => {
  const platform = demo(testPlatform({ imageLock: ImageLock.fromText(LOCK) }), `registry.example/demo:v9@${B}`);
  expect(imageList(platform)).toBe(`registry.example/demo:v9@${B}\n`);
  expect(mirrorList(platform).split('\n')[1]).toBe(`registry.example/demo:v9@${B} ${B} demo:v9 demo`);
  expect(platform.node.validate()).toEqual([]);
});

test('what takes an image’s place is locked by its own name', () => {
  const lock = formatLock('all', new Map([['lab.example/build:v2', B]]));
  const images = { 'registry.example/demo': 'lab.example/build:v2' };
  expect(imageList(demo(testPlatform({ images, imageLock: ImageLock.fromText(lock) })))).toBe(
    `lab.example/build:v2@${B}\n`,
  );
});

test('a tag that a controller makes of parts stays without, but is copied by its digest', () => {
  const platform = testPlatform({ imageLock: ImageLock.fromText(LOCK) });
  expect(platform.image(image('registry.example/demo:v1'), { composedTag: true })).toBe('registry.example/demo:v1');
  expect(imageList(platform)).toBe('registry.example/demo:v1\n');
  expect(mirrorList(platform).split('\n')[1]).toBe(`registry.example/demo:v1 ${A} demo:v1 -`);
});

test('what the lock lacks, or has another tag of, is one error with the command that mends it', () => {
  const text = formatLock('linux/amd64', new Map([['registry.example/demo:v0', A]]));
  const platform = demo(testPlatform({ imageLock: ImageLock.fromText(text, 'lab.lock') }));
  new Demo(platform, 'other').deployment('web', { containers: [container({ image: image('x.example/other:v2') })] });
  expect(platform.node.validate()).toEqual([
    'lab: imageLock: lab.lock lacks registry.example/demo:v1 (it has v0), x.example/other:v2; ' +
      'run npx onprem-ml images lock --file lab.lock --platform linux/amd64 --add registry.example/demo:v1 --add x.example/other:v2',
  ]);
});

test('a lock is read from its file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lock-'));
  const file = join(folder, 'images.lock');
  writeFileSync(file, LOCK);
  expect(imageList(demo(testPlatform({ imageLock: file })))).toBe(`registry.example/demo:v1@${A}\n`);
  expect(imageList(demo(testPlatform({ imageLock: ImageLock.fromFile(file) })))).toContain(A);
  rmSync(folder, { recursive: true });
  expect(() => testPlatform({ imageLock: file })).toThrow(
    /images\.lock: can't be read: .*; synthesize once without imageLock, and run npx onprem-ml images lock$/,
  );
});

test.each([
  ['images: {}', 'images.lock: is no lock of images: '],
  ['{"version":2,"platform":"all","images":{}}', 'images.lock: is no lock of images of version 1'],
  ['{"version":1,"images":{}}', 'images.lock: is no lock of images of version 1'],
  ['[]', 'images.lock: is no lock of images of version 1'],
  [
    '{"version":1,"platform":"all","images":{"x.example/y:v1":"sha256:12"}}',
    'images.lock: images["x.example/y:v1"] must be "sha256:" and 64 hexadecimal digits, got "sha256:12"',
  ],
])('%s is refused', (text, message) => {
  expect(() => ImageLock.fromText(text)).toThrow(message);
});

test('its text is in the order of the references', () => {
  const images: [string, string][] = [
    ['b.example/x:v1', A],
    ['a.example/x:v1', B],
  ];
  const text = formatLock('all', new Map(images));
  expect(text).toBe(formatLock('all', new Map(images.reverse())));
  expect(text.indexOf('a.example')).toBeLessThan(text.indexOf('b.example'));
  expect(text.endsWith('}\n')).toBe(true);
});
