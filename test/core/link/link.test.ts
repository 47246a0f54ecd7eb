import { formatFinding, link, type KubeObject } from '../../../lib/core/link';
import { CONTAINER, object, shop } from './shop';

const external = [{ kind: 'StorageClass', name: 'fast' }];
const sources = (objects: readonly KubeObject[]) => objects.map((o, i) => ({ object: o, source: `${i}` }));

test('findings come in the order of the objects, each once', () => {
  const found = shop()
    .set('StatefulSet/db', ['spec', 'serviceName'], 'dbs')
    .set('ConfigMap/web', ['data', 'web.conf'], 'a wep.shop.svc:80\nb wep.shop.svc:80\n')
    .findings();
  expect(found.map((line) => line.split(' ')[0])).toEqual(['ConfigMap/web:', 'StatefulSet/db:']);
});

test('a finding has its parts, and as a line all of them', () => {
  const [finding] = link(
    [{ object: object('v1', 'Pod', 'p', 'shop', { spec: { serviceAccountName: 'x' } }), source: 'lab/p' }],
    {
      namespace: 'shop',
    },
  );
  expect(finding).toEqual({
    rule: 'reference',
    source: 'lab/p',
    field: 'spec.serviceAccountName',
    value: 'x',
    message: 'names no ServiceAccount in namespace shop; add it, or declare it external: ServiceAccount/shop/x',
  });
  expect(formatFinding(finding)).toBe(
    'lab/p: spec.serviceAccountName "x" names no ServiceAccount in namespace shop; add it, or declare it external: ServiceAccount/shop/x',
  );
});

test('a long value is cut', () => {
  const bundle = shop().set('Deployment/web', [...CONTAINER, 'image'], 'x'.repeat(400));
  const [line] = bundle.findings({ images: new Set(['registry.example/db:17', 'registry.example/make:1']) });
  expect(line).toContain(`"${'x'.repeat(157)}..." isn't in the list of images`);
});

test('nothing in, nothing out; what is no object of any sense throws nothing', () => {
  expect(link([])).toEqual([]);
  const odd = [
    { apiVersion: 'v1', kind: 'Service', metadata: {}, spec: { ports: [null], selector: [] } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'x' },
      spec: { template: { spec: { containers: [null, 1], volumes: 'x' } } },
    },
    { apiVersion: '', kind: '', metadata: {} },
  ];
  expect(link(sources(odd), { strict: true, images: new Set() }).length).toBeGreaterThan(3);
});

test('many bundles link as one does', () => {
  expect(link(sources(shop().times(100)), { strict: true, external })).toEqual([]);
});
