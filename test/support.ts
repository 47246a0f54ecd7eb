import { Size } from 'cdk8s';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { App } from '../lib/core/app';
import { type IMetrics } from '../lib/core/contracts';
import { External } from '../lib/core/external';
import { formatFinding } from '../lib/core/link';
import { type KubeObject } from '../lib/core/link/types';
import { linked } from '../lib/core/output/linked';
import { Platform, type PlatformProps } from '../lib/core/platform';
import { Site } from '../lib/site';

/** A small site with everything that systems ask a site for. */
export function testSite(): Site {
  return new Site({
    name: 'test',
    domain: 'test.example',
    nodePools: [
      {
        name: 'workers',
        roles: ['worker'],
        nodes: 3,
        cpu: { cores: 32 },
        memory: Size.gibibytes(256),
      },
    ],
    networks: [
      { name: 'management', cidr: '10.10.0.0/24' },
      { name: 'services', cidr: '10.20.0.0/24', loadBalancerRanges: ['10.20.0.100-10.20.0.199'] },
    ],
    storageClasses: [
      { name: 'fast', tier: 'hot', default: true },
      { name: 'large', tier: 'warm' },
    ],
  });
}

/** A platform to put the systems under test into. */
export function testPlatform(props: Partial<PlatformProps> = {}): Platform {
  return new Platform(new App({ outdir: '/nonexistent' }), 'lab', { site: testSite(), ...props });
}

/** What a platform becomes, as plain objects, in the order they are applied. */
export function objectsOf(platform: Platform): readonly KubeObject[] {
  return linked(platform).bundle.objects.map(({ object }) => object);
}

/** What link says of it: one line a finding. */
export function findingsOf(platform: Platform): string[] {
  return linked(platform).findings.map(formatFinding);
}

/** The one object of this kind and name, with the fields that a test looks at. @throws where there is none */
export function objectOf<T = KubeObject>(
  platform: Platform,
  kind: string,
  name: string | RegExp,
  namespace?: string,
): T {
  const matches = (actual = '') => (typeof name === 'string' ? actual === name : name.test(actual));
  const found = objectsOf(platform).filter(
    ({ kind: k, metadata }) =>
      k === kind && matches(metadata.name) && (namespace === undefined || metadata.namespace === namespace),
  );
  if (found.length !== 1) throw new Error(`${found.length} objects of kind ${kind} are called ${String(name)}`);
  return found[0] as KubeObject & T;
}

/** Compares with the file test/<path>; `npm run test:update` writes it. */
export function expectGolden(path: string, actual: string): void {
  const file = join(__dirname, path);
  // Jest says by this state whether -u was given.
  const update =
    (expect.getState() as { snapshotState?: { _updateSnapshot?: string } }).snapshotState?._updateSnapshot === 'all';
  if (update || !existsSync(file)) {
    if (!update && process.env.CI) throw new Error(`${path} is missing; run npm run test:update`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, actual);
  }
  expect(actual).toBe(readFileSync(file, 'utf8'));
}

/** A Prometheus elsewhere. */
export function prometheus(platform: Platform): IMetrics {
  return External.prometheus(platform, { pods: { namespace: 'monitoring', labels: { app: 'prometheus' } } });
}
