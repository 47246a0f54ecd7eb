import { parseQuantity, readPod, showAmount } from '../../../lib/core/fit';
import { podRequests } from '../../../lib/core/fit/requests';

describe('a quantity', () => {
  test.each<[string, unknown, number]>([
    ['cpu', '2', 2000],
    ['cpu', '250m', 250],
    ['cpu', 1.5, 1500],
    ['cpu', '0.0001', 1],
    ['memory', '1Gi', 1073741824],
    ['memory', '1500M', 1500000000],
    ['memory', '1.5Gi', 1610612736],
    ['memory', '1e3', 1000],
    ['memory', '100m', 1],
    ['memory', '4Ti', 4398046511104],
    ['nvidia.com/gpu', '8', 8],
    ['pods', 110, 110],
  ])('of %s, %s, is counted as %s', (resource, text, amount) => {
    expect(parseQuantity(resource, text)).toBe(amount);
  });

  test.each(['', 'many', '1Q', '.', '1 Gi', undefined, null])('is none in %s', (text) => {
    expect(parseQuantity('memory', text)).toBeUndefined();
  });

  test('is shown as people say it', () => {
    expect([showAmount('cpu', 250), showAmount('memory', 3 * 2 ** 29), showAmount('nvidia.com/gpu', 8)]).toEqual([
      '0.25',
      '1.5Gi',
      '8',
    ]);
  });
});

const c = (requests: object, more: object = {}) => ({ name: 'c', resources: { requests }, ...more });
const requests = (spec: object) => Object.fromEntries(podRequests({ ...spec }).requests);

describe('what a pod asks for', () => {
  test('is the sum of its containers', () => {
    expect(requests({ containers: [c({ cpu: '1', memory: '1Ki' }), c({ cpu: '500m' })] })).toEqual({
      cpu: 1500,
      memory: 1024,
    });
  });

  test('is what an init container asks for, where that is more: they run one at a time', () => {
    const initContainers = [c({ cpu: '2', memory: '1' }), c({ cpu: '2', memory: '3' })];
    expect(
      requests({ initContainers, containers: [c({ cpu: '2', memory: '1' }), c({ cpu: '1', memory: '1' })] }),
    ).toEqual({ cpu: 3000, memory: 3 });
  });

  test('counts sidecars with the containers, and with the init containers that start after them', () => {
    const sidecar = c({ cpu: '1' }, { restartPolicy: 'Always' });
    const containers = [c({ cpu: '1' })];
    expect(requests({ initContainers: [sidecar, c({ cpu: '5' })], containers })).toEqual({ cpu: 6000 });
    expect(requests({ initContainers: [c({ cpu: '5' }), sidecar], containers })).toEqual({ cpu: 5000 });
    expect(requests({ initContainers: [sidecar], containers })).toEqual({ cpu: 2000 });
  });

  test('takes a limit for a request where there is none', () => {
    const resources = { limits: { cpu: '4', 'nvidia.com/gpu': '2' }, requests: { cpu: '1' } };
    expect(requests({ containers: [{ name: 'c', resources }] })).toEqual({ cpu: 1000, 'nvidia.com/gpu': 2 });
  });

  test('is what the pod says as a whole, with overhead on top', () => {
    const containers = [c({ cpu: '1', memory: '10', 'nvidia.com/gpu': '1' })];
    expect(requests({ resources: { requests: { cpu: '3' } }, overhead: { cpu: '250m' }, containers })).toEqual({
      cpu: 3250,
      memory: 10,
      'nvidia.com/gpu': 1,
    });
    expect(requests({ resources: { limits: { cpu: '3', memory: '20' } }, containers: [c({ cpu: '1' })] })).toEqual({
      cpu: 1000,
      memory: 20,
    });
  });

  test('counts in the choice of a node as 100m and 200 MiB for each container that does not say', () => {
    const { scored } = podRequests({ containers: [c({ cpu: '1' }), c({ memory: '1Gi' }), c({ cpu: '0' })] });
    expect(scored).toEqual({ cpu: 1100, memory: 2 * 200 * 2 ** 20 + 2 ** 30 });
  });

  test('has the defaults of a LimitRange where the container says nothing', () => {
    const defaults = { limits: { cpu: '2', memory: '2Gi' }, requests: { cpu: '300m' } };
    const of = (resources: object) =>
      Object.fromEntries(podRequests({ containers: [{ name: 'c', resources }] }, defaults).requests);
    expect(of({})).toEqual({ cpu: 300, memory: 2 ** 31 });
    expect(of({ limits: { cpu: '1' } })).toEqual({ cpu: 1000, memory: 2 ** 31 });
    expect(of({ requests: { cpu: '50m', memory: '1' } })).toEqual({ cpu: 50, memory: 1 });
  });
});

describe('a pod', () => {
  const read = (spec: object) => readPod({ ...spec }, { namespace: 'shop', labels: { app: 'web', tier: 'front' } });

  test('in the host network holds all its ports on the node, but for those of init containers that end', () => {
    const ports = [{ containerPort: 80 }, { containerPort: 53, protocol: 'UDP', hostPort: 5353, hostIP: '10.0.0.1' }];
    const spec = { containers: [{ name: 'c', ports }], initContainers: [{ name: 'i', ports: [{ containerPort: 1 }] }] };
    expect(read({ ...spec, hostNetwork: true }).hostPorts).toEqual([
      { ip: '0.0.0.0', protocol: 'TCP', port: 80 },
      { ip: '10.0.0.1', protocol: 'UDP', port: 5353 },
    ]);
    expect(read(spec).hostPorts).toHaveLength(1);
  });

  test('adds its own labels to selectors by matchLabelKeys and mismatchLabelKeys', () => {
    const labelSelector = { matchLabels: { app: 'web' } };
    const { spread, antiAffinity } = read({
      topologySpreadConstraints: [{ topologyKey: 'zone', maxSkew: 1, labelSelector, matchLabelKeys: ['tier', 'none'] }],
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: 'zone', labelSelector, mismatchLabelKeys: ['tier'] },
          ],
        },
      },
    });
    expect(spread[0]!.selector).toEqual({
      matchLabels: { app: 'web' },
      matchExpressions: [{ key: 'tier', operator: 'In', values: ['front'] }],
    });
    expect(antiAffinity[0]!.selector).toEqual({
      matchLabels: { app: 'web' },
      matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['front'] }],
    });
  });

  test('looks for others in its own namespace, unless it says in which', () => {
    const terms = [
      { topologyKey: 'zone' },
      { topologyKey: 'zone', namespaces: ['a'] },
      { topologyKey: 'zone', namespaceSelector: {} },
    ];
    const { affinity } = read({ affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } } });
    expect(affinity.map(({ namespaces }) => namespaces)).toEqual([['shop'], ['a'], []]);
  });
});
