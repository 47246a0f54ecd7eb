import { bundled, DISTRIBUTIONS, type DistributionName, distribution } from '../../lib/core/distribution';
import { Site } from '../../lib/site';
import { Cidr } from '../../lib/site/address';
import { Refusal } from '../../lib/site/decode';
import { message } from './message';

const NAMES = Object.keys(DISTRIBUTIONS) as DistributionName[];

function cidr(text: string): Cidr {
  const parsed = Cidr.parse(text);
  if (parsed instanceof Refusal) throw new Error(parsed.message);
  return parsed;
}

test('there is a profile of each distribution, under its own name', () => {
  expect(NAMES).toEqual(['kubeadm', 'k3s', 'rke2', 'openshift', 'tanzu']);
  expect(NAMES.map((name) => distribution(name).name)).toEqual(NAMES);
});

test.each([
  ['k3', 'did you mean "k3s"?'],
  ['K3S', 'did you mean "k3s"?'],
  ['kubeadmn', 'did you mean "kubeadm"?'],
  ['eks', 'there is "kubeadm", "k3s", "rke2", "openshift", "tanzu"'],
  ['constructor', 'there is "kubeadm", "k3s", "rke2", "openshift", "tanzu"'],
])('%s is refused', (name, mend) => {
  const expected = mend.startsWith('did') ? mend : expect.stringContaining(mend);
  expect(message(() => distribution(name)).split('; ')[1]).toEqual(expected);
  expect(message(() => distribution(name, 'lab'))).toBe(`lab: distribution "${name}" is not known; ${mend}`);
});

describe.each(NAMES)('%s', (name) => {
  const profile = distribution(name);

  test('has networks of its own that leave the example sites alone', () => {
    const ranges = [profile.serviceCidr, ...(profile.podCidr ? [profile.podCidr] : [])];
    ranges.forEach((range) => expect(cidr(range).version).toBe(4));
    if (profile.podCidr) expect(cidr(profile.serviceCidr).overlaps(cidr(profile.podCidr))).toBe(false);
    for (const file of ['dgx-lab', 'edge']) {
      const site = Site.fromFile(`blueprints/sites/${file}.yaml`);
      expect(ranges.flatMap((range) => site.networksIn(range))).toEqual([]);
    }
  });

  test('has absolute paths', () => {
    const { runtime, kubeletRoot, cni } = profile;
    for (const path of [runtime.socket, runtime.configFile, runtime.dropInDir, kubeletRoot, cni.binDir, cni.confDir]) {
      expect(path).toMatch(/^(\/[a-z0-9][a-z0-9.-]*)+$/);
    }
  });

  test('plays each part once', () => {
    const roles = profile.bundled.map((component) => component.role);
    expect(roles).toEqual([...new Set(roles)]);
    for (const component of profile.bundled) expect(bundled(profile, component.role)).toBe(component);
  });
});

test('facts that systems rely on', () => {
  const { kubeadm, k3s, rke2, openshift, tanzu } = DISTRIBUTIONS;
  expect(NAMES.filter((name) => !DISTRIBUTIONS[name].fixedUids)).toEqual(['openshift']);
  expect(NAMES.filter((name) => DISTRIBUTIONS[name].podSecurity === 'scc')).toEqual(['openshift']);
  expect(NAMES.filter((name) => DISTRIBUTIONS[name].podSecurityDefault === 'restricted')).toEqual(['tanzu']);
  expect([k3s, rke2].map(({ runtime }) => runtime.socket)).toEqual(
    Array(2).fill('/run/k3s/containerd/containerd.sock'),
  );
  expect([kubeadm, tanzu].map(({ runtime }) => runtime.socket)).toEqual(
    Array(2).fill('/run/containerd/containerd.sock'),
  );
  expect([kubeadm, k3s, tanzu].map(({ dns }) => [dns.service, dns.podPort])).toEqual(Array(3).fill(['kube-dns', 53]));
  expect(rke2.dns).toEqual({
    namespace: 'kube-system',
    service: 'rke2-coredns-rke2-coredns',
    podLabels: { 'k8s-app': 'kube-dns' },
    podPort: 53,
  });
  expect(openshift.dns).toEqual({
    namespace: 'openshift-dns',
    service: 'dns-default',
    podLabels: { 'dns.operator.openshift.io/daemonset-dns': 'default' },
    podPort: 5353,
  });
  expect(kubeadm.bundled).toEqual([]);
  expect(bundled(k3s, 'load-balancer')).toEqual({
    name: 'servicelb',
    role: 'load-balancer',
    disable: 'start each server with --disable=servicelb',
  });
  expect(bundled(rke2, 'load-balancer')).toBeUndefined();
  expect(bundled(openshift, 'monitoring')?.disable).toBeUndefined();
});
