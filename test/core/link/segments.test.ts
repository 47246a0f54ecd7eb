import { pods, shop, tcp } from './shop';

const SEGMENT = 'onprem-ml.io/segment';
const LABELS = {
  'onprem-ml.io/isolated': 'true',
  [SEGMENT]: 'gpu',
  'pod-security.kubernetes.io/enforce': 'baseline',
};
const END = 'but the namespace is of the segment gpu; name the pods, or the address range of a host outside (cidr)';

const segment = (labels: Record<string, string> = LABELS) =>
  shop()
    .set('Namespace/shop', ['metadata', 'labels'], labels)
    .set('NetworkPolicy/web', ['spec', 'ingress', 0, 'from'], [pods({ app: 'db' })]);
const rule = (lines: string[]) => lines.filter((line) => line.includes('segment'));

test('a segment is left only to what is named', () => {
  expect(segment().findings()).toEqual([]);
});

test.each<[string, object | undefined, string]>([
  ['no end', undefined, `spec.egress[0] leads to everybody, at any address, ${END}`],
  [
    'all addresses',
    { ipBlock: { cidr: '0.0.0.0/0' } },
    `spec.egress[0].to[0] "0.0.0.0/0" leads to all addresses, ${END}`,
  ],
  ['all namespaces', { namespaceSelector: {} }, `spec.egress[0].to[0] leads to all namespaces, ${END}`],
])('a policy that names %s is refused', (_, peer, expected) => {
  const found = segment()
    .set('NetworkPolicy/secrets', ['spec', 'egress', 0], { ...(peer && { to: [peer] }), ports: [tcp(6443)] })
    .findings();
  expect(rule(found)).toEqual([`NetworkPolicy/secrets: ${expected}`]);
});

test('nobody comes in from everywhere', () => {
  const found = segment().set('NetworkPolicy/web', ['spec', 'ingress', 0, 'from'], undefined).findings();
  expect(rule(found)).toEqual([`NetworkPolicy/web: spec.ingress[0] lets in everybody, at any address, ${END}`]);
});

test('two segments are not joined', () => {
  const other = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'other', labels: { [SEGMENT]: 'lab', 'pod-security.kubernetes.io/enforce': 'baseline' } },
  };
  const to = [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'other' } } }];
  const found = segment().add(other).set('NetworkPolicy/secrets', ['spec', 'egress', 0, 'to'], to).findings();
  expect(rule(found)).toEqual([
    `NetworkPolicy/secrets: spec.egress[0].to[0] "other" leads to namespace other of the segment lab, ${END}`,
    `Namespace/other: metadata.labels["${SEGMENT}"] "lab" is not isolated: add the label onprem-ml.io/isolated: "true" and the policies that it asks for`,
  ]);
});

test('pods that no policy could hold are not let in', () => {
  const open = { 'onprem-ml.io/isolated': 'true', [SEGMENT]: 'gpu' };
  expect(segment(open).findings()).toEqual([
    `Namespace/shop: metadata.labels["${SEGMENT}"] "gpu" lets in pods on their node's own network, for which no policy holds; have it enforce the Pod Security level restricted or baseline`,
  ]);
});

describe('an isolated namespace', () => {
  test('is one by decision', () => {
    const bare = () => shop().set('Namespace/shop', ['metadata', 'labels'], undefined);
    expect(bare().findings()).toEqual([]);
    expect(bare().findings({ isolated: true })).toEqual([
      'Namespace/shop: metadata.labels["onprem-ml.io/isolated"] is missing, so that all pods of namespace shop may talk to everybody; make it by the platform\'s addNamespace, or say by the value "false" that it is open',
    ]);
    const said = bare().set('Namespace/shop', ['metadata', 'labels'], { 'onprem-ml.io/isolated': 'false' });
    expect(said.findings({ isolated: true })).toEqual([]);
  });

  test('has no rule for everybody on every port', () => {
    const open = shop().set('NetworkPolicy/secrets', ['spec', 'egress', 0], {});
    expect(open.findings()).toEqual([
      'NetworkPolicy/secrets: spec.egress[0] lets out to everybody on every port, in the isolated namespace shop; name the ports, or who is at the other end',
    ]);
    const block = shop().set('NetworkPolicy/secrets', ['spec', 'egress', 0], {
      to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] } }],
    });
    expect(block.findings()).toHaveLength(1);
    const within = shop().set('NetworkPolicy/secrets', ['spec', 'egress', 1], { to: [{ podSelector: {} }] });
    expect(within.findings()).toEqual([]);
  });
});
