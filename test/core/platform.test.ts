import { App as Cdk8sApp, Chart, Size } from 'cdk8s';
import { App } from '../../lib/core/app';
import { OnPremError } from '../../lib/core/errors';
import { image } from '../../lib/core/image';
import { Platform, type PlatformProps } from '../../lib/core/platform';
import { Site } from '../../lib/site';
import { objectOf, objectsOf, testPlatform, testSite } from '../support';
import { Demo } from './demo';

test('a system gets a namespace that denies what is not wired', () => {
  const platform = testPlatform();
  new Demo(platform, 'demo');
  expect(objectOf(platform, 'Namespace', 'demo').metadata.labels).toMatchObject({
    'onprem-ml.io/isolated': 'true',
    'pod-security.kubernetes.io/enforce': 'restricted',
    'app.kubernetes.io/part-of': 'lab',
  });
  expect(objectOf(platform, 'NetworkPolicy', 'default-deny', 'demo').spec).toEqual({
    podSelector: {},
    policyTypes: ['Ingress', 'Egress'],
  });
});

test('two systems cannot share a namespace', () => {
  const platform = testPlatform();
  new Demo(platform, 'demo');
  expect(() => new Demo(platform, 'other', [], { namespace: 'demo' })).toThrow(
    'lab/other: namespace "demo" is taken by lab/demo; give one of the two another id, or pass namespace',
  );
});

test.each([
  [
    'Lab',
    'the name of a platform must be of lower-case letters, digits and "-" between them, got "Lab"; did you mean "lab"?',
  ],
  ['a'.repeat(41), `the name of a platform must have at most 40 characters, got 41 in "${'a'.repeat(41)}"; shorten it`],
  [
    'lab_1',
    'the name of a platform must be of lower-case letters, digits and "-" between them, got "lab_1"; did you mean "lab-1"?',
  ],
])('platform name %s is refused', (id, message) => {
  expect(() => new Platform(new App(), id, { site: testSite() })).toThrow(new OnPremError([`${id}: ${message}`]));
});

test.each(['My-System', 'a'.repeat(41), 'x.y'])('system id %s is refused', (id) => {
  expect(() => new Demo(testPlatform(), id)).toThrow(`lab/${id}: the id of a system must`);
});

test('a platform needs a site', () => {
  // What a program in plain JavaScript can do.
  expect(() => new Platform(new App(), 'lab', {} as PlatformProps)).toThrow(
    'lab: needs a site; pass site: Site.fromFile("site.yaml")',
  );
  expect(() => new Platform(new App(), 'lab', { site: 'site.yaml' as unknown as Site })).toThrow(
    'lab: site must be a Site, got "site.yaml"; pass site: Site.fromFile("site.yaml")',
  );
});

test('an unknown distribution names the nearest', () => {
  expect(() => testPlatform({ distribution: 'kubadm' as 'kubeadm' })).toThrow(/"kubadm".*did you mean "kubeadm"\?/);
});

test.each(['https://registry.lab', 'Registry', 'registry.lab/', 'registry.lab:x'])(
  'mirror %s is refused',
  (registryMirror) => {
    expect(() => testPlatform({ registryMirror })).toThrow(
      `lab: registryMirror must be host[:port][/path] without a scheme, got "${registryMirror}"; write it as "registry.lab.example:5000"`,
    );
  },
);

test('the mirror stands in every reference, and the list has what is used', () => {
  const platform = testPlatform({ registryMirror: 'mirror.lab:5000/all' });
  new Demo(platform, 'demo').deployment();
  expect([...platform.images.keys()]).toEqual(['mirror.lab:5000/all/demo:v1']);
  expect(JSON.stringify(objectOf(platform, 'Deployment', 'web'))).toContain('"image":"mirror.lab:5000/all/demo:v1"');
});

test('Platform.of finds the platform, and says when there is none', () => {
  const platform = testPlatform();
  expect(Platform.of(new Demo(platform, 'demo').stage)).toBe(platform);
  expect(() => Platform.of(new Chart(new Cdk8sApp(), 'c'))).toThrow(
    'c: is not within a Platform; pass a Platform, or a construct of one, as its scope',
  );
});

test('the storage classes of the site may be referred to', () => {
  expect(testPlatform().externals.slice(-2)).toEqual([
    { kind: 'StorageClass', name: 'fast' },
    { kind: 'StorageClass', name: 'large' },
  ]);
});

test('no credential is minted unless one is asked for', () => {
  const platform = testPlatform();
  new Demo(platform, 'demo');
  expect(objectsOf(platform).filter(({ kind }) => kind === 'Job')).toEqual([]);
});

test.each([
  ['nginx:1', 'must be registry/repository:tag'],
  ['docker.io/library/nginx', 'must be registry/repository:tag'],
  ['docker.io/library/nginx:latest', 'must not be tagged latest'],
])('image %s is refused', (reference, message) => {
  expect(() => image(reference)).toThrow(message);
});

test("a network of the site that overlaps the cluster's own is refused", () => {
  const site = new Site({
    name: 'x',
    domain: 'x.example',
    nodePools: [{ name: 'w', roles: ['worker'], nodes: 1, cpu: { cores: 4 }, memory: Size.gibibytes(8) }],
    networks: [{ name: 'lan', cidr: '10.42.7.0/24' }],
  });
  expect(() => testPlatform({ site, distribution: 'k3s' })).toThrow(
    'lab: network "lan" of the site, 10.42.7.0/24, overlaps 10.42.0.0/16, which K3s gives to pods; renumber one of the two',
  );
});

test('an image is replaced by another build, which the mirror leaves alone', () => {
  const images = { 'registry.example/demo': 'registry.lab.example/demo:v2' };
  const platform = testPlatform({ images, registryMirror: 'mirror.lab' });
  new Demo(platform, 'demo').deployment();
  expect([...platform.images.keys()]).toEqual(['registry.lab.example/demo:v2']);
  expect(JSON.stringify(objectOf(platform, 'Deployment', 'web'))).toContain('"image":"registry.lab.example/demo:v2"');
});

test('a replacement that nothing runs, or that is no reference, is refused', () => {
  const platform = testPlatform({ images: { 'registry.example/demmo': 'registry.lab.example/demo:v2' } });
  new Demo(platform, 'demo').deployment();
  expect(platform.node.validate()).toEqual([
    'lab: images: no system runs "registry.example/demmo"; did you mean "registry.example/demo"?',
  ]);
  expect(() => testPlatform({ images: { 'registry.example/demo': 'demo' } })).toThrow(
    '"demo" must be registry/repository:tag',
  );
});

test.each(['default', 'kube-system'])("namespace %s is the cluster's own", (namespace) => {
  expect(() => new Demo(testPlatform(), 'demo', [], { namespace })).toThrow(
    `lab/demo: namespace "${namespace}" is the cluster's own, and would be closed to all traffic; choose another`,
  );
});

test('Kubernetes is the distribution’s version unless the platform says another', () => {
  expect(testPlatform().kubernetesVersion).toBe('1.35');
  expect(testPlatform({ distribution: 'tanzu' }).kubernetesVersion).toBe('1.33');
  for (const kubernetesVersion of ['1.34', '1.34.2', 'v1.34.2+k3s1']) {
    expect(testPlatform({ kubernetesVersion }).kubernetesVersion).toBe('1.34');
  }
  expect(() => testPlatform({ kubernetesVersion: 'newest' })).toThrow(
    'lab: kubernetesVersion must be a release of Kubernetes, got "newest"; write it as "1.35"',
  );
});
