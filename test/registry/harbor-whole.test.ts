import { Size } from 'cdk8s';
import { MinIO } from '../../lib/data/minio';
import { Postgres } from '../../lib/data/postgres';
import { Redis } from '../../lib/data/redis';
import { HAProxy } from '../../lib/networking/haproxy';
import { MetalLB } from '../../lib/networking/metallb';
import { Harbor } from '../../lib/registry/harbor';
import { CertManager } from '../../lib/security/cert-manager';
import { findingsOf, objectOf, testPlatform } from '../support';

/** Harbor on the library's own systems, all with TLS by the private authority. */
function whole() {
  const platform = testPlatform();
  const certificates = new CertManager(platform, 'cert-manager');
  const gateway = new HAProxy(platform, 'gateway', { addresses: new MetalLB(platform, 'metallb'), certificates });
  const objects = new MinIO(platform, 'minio', { driveSize: Size.gibibytes(100), certificates });
  const harbor = new Harbor(platform, 'harbor', {
    database: new Postgres(platform, 'postgres', { certificates }).addDatabase('harbor'),
    redis: new Redis(platform, 'redis', { replicas: 3, certificates }).addDatabases('harbor', 4),
    storage: objects.addBucket('harbor'),
    gateway,
    certificates,
  });
  harbor.addProject('vision').addRobot('ci', 'push').in('minio');
  return { platform, harbor };
}

test('links, with all of it', () => expect(findingsOf(whole().platform)).toEqual([]));

test('comes after what it needs, and its projects after it', () => {
  const { harbor, platform } = whole();
  const wave = (id: string) =>
    Math.max(...platform.stages.filter(({ file }) => file === id).map((stage) => stage.wave));
  const [configure] = harbor.readyAfter;
  for (const needed of ['redis', 'postgres-configure', 'minio-configure', 'harbor-secrets']) {
    expect(wave('harbor')).toBeGreaterThan(wave(needed));
  }
  expect(configure!.wave).toBeGreaterThan(wave('harbor'));
});

test('the gateway leads by path, the longest first', () => {
  const { data } = objectOf<{ data: Record<string, string> }>(
    whole().platform,
    'ConfigMap',
    'configuration',
    'gateway',
  );
  const uses = data['haproxy.cfg']!.match(/use_backend harbor\.test\.example\S* /g);
  expect(uses).toHaveLength(5);
  expect(uses!.at(-1)).toBe('use_backend harbor.test.example ');
});
