import { Size } from 'cdk8s';
import { MinIO } from '../../lib/data/minio';
import { Site, type StorageClassProps } from '../../lib/site';
import { findingsOf, testPlatform } from '../support';
import { shop, TEMPLATE } from './link/shop';

const MEND = 'take one of "sealed"';

test('volumes are of an encrypted class, where that is asked for', () => {
  const encryptedClasses = new Set(['fast']);
  expect(shop().findings()).toEqual([]);
  expect(shop().findings({ encryptedClasses })).toEqual([]);
  expect(shop().findings({ encryptedClasses: new Set(['sealed']) })).toEqual([
    `StatefulSet/db: spec.volumeClaimTemplates[0].spec.storageClassName "fast" is no storage class that the site says is encrypted; ${MEND}`,
  ]);
});

test('a volume of the default class could be any', () => {
  const options = { encryptedClasses: new Set(['sealed']) };
  const path = ['spec', 'volumeClaimTemplates', 0, 'spec'];
  expect(shop().set('StatefulSet/db', path, {}).findings(options)).toEqual([
    `StatefulSet/db: spec.volumeClaimTemplates[0].spec.storageClassName names no storage class, and the cluster's default may be any; ${MEND}`,
  ]);
  const scratch = { name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: {} } } };
  const found = shop()
    .set('StatefulSet/db', [...path, 'storageClassName'], 'sealed')
    .set('Deployment/web', [...TEMPLATE, 'volumes', 1], scratch)
    .findings({ ...options, external: [{ kind: 'StorageClass', name: 'sealed' }] });
  expect(found).toEqual([
    `Deployment/web: spec.template.spec.volumes[1].ephemeral.volumeClaimTemplate.spec.storageClassName names no storage class, and the cluster's default may be any; ${MEND}`,
  ]);
});

test('the site says which classes are', () => {
  const found = (classes: readonly StorageClassProps[], requireEncryptedVolumes = true) => {
    const site = new Site({
      name: 'test',
      domain: 'test.example',
      nodePools: [{ name: 'workers', nodes: 1, cpu: { cores: 16 }, memory: Size.gibibytes(64) }],
      storageClasses: classes,
    });
    const lab = testPlatform({ site, requireEncryptedVolumes });
    new MinIO(lab, 'minio', { driveSize: Size.gibibytes(10) }).addBucket('data');
    return findingsOf(lab);
  };
  const sealed: StorageClassProps = { name: 'sealed', tier: 'warm', encrypted: true };
  const plain: StorageClassProps = { name: 'plain', tier: 'warm' };
  expect(found([sealed])).toEqual([]);
  expect(found([plain], false)).toEqual([]);
  expect(found([plain])).toHaveLength(2);
  expect(found([plain])[0]).toContain(
    '"plain" is no storage class that the site says is encrypted; the site has none: say encrypted: true of those that are',
  );
});
