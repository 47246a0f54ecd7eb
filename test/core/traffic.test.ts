import { type KubeObject } from '../../lib/core/link';
import { portsTitle } from '../../lib/core/output/traffic-report';
import { type Traffic, trafficOf } from '../../lib/core/output/traffic';
import { object, pods, tcp } from './link/shop';

const NAMESPACE = 'kubernetes.io/metadata.name';
const inNamespace = (name: string, labels?: Record<string, string>) => ({
  namespaceSelector: { matchLabels: { [NAMESPACE]: name } },
  ...(labels && { podSelector: { matchLabels: labels } }),
});

function workload(namespace: string, name: string, spec: object = {}): KubeObject {
  return object('apps/v1', 'Deployment', name, namespace, {
    spec: {
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name, image: 'x:1', ports: [{ name: 'api', containerPort: 8080 }] }], ...spec },
      },
    },
  });
}

function policy(namespace: string, name: string, spec: object, labels?: object): KubeObject {
  return object('networking.k8s.io/v1', 'NetworkPolicy', name, namespace, {
    spec: { podSelector: labels ? { matchLabels: labels } : {}, policyTypes: ['Ingress', 'Egress'], ...spec },
  });
}

function isolated(name: string): KubeObject[] {
  return [
    object('v1', 'Namespace', name, undefined, { metadata: { labels: { 'onprem-ml.io/isolated': 'true' } } }),
    policy(name, 'default-deny', {}),
  ];
}

function told(...objects: readonly KubeObject[]): { ways: string[] } & Pick<Traffic, 'open' | 'onNodes'> {
  const { ways, ...rest } = trafficOf(
    objects.map((each) => ({ object: each, source: each.metadata.name! })),
    {},
  );
  return { ...rest, ways: ways.map(({ from, to, ports }) => `${from.title} -> ${to.title} ${portsTitle(ports)}`) };
}

const PAIR = [...isolated('a'), ...isolated('b'), workload('a', 'web'), workload('b', 'db')];
const out = (spec: object) => policy('a', 'web', { egress: [spec] }, { app: 'web' });
const into = (spec: object) => policy('b', 'db', { ingress: [spec] }, { app: 'db' });
const TO_DB = { to: [inNamespace('b', { app: 'db' })], ports: [tcp(8080), tcp(9090)] };
const FROM_WEB = { from: [inNamespace('a', { app: 'web' })], ports: [tcp('api')] };

test('a connection is one that both ends let through', () => {
  expect(told(...PAIR, out(TO_DB), into(FROM_WEB)).ways).toEqual(['a/web -> b/db 8080']);
  expect(told(...PAIR, out(TO_DB)).ways).toEqual([]);
  expect(told(...PAIR, into(FROM_WEB)).ways).toEqual([]);
  expect(told(...PAIR, out(TO_DB), into({ ...FROM_WEB, ports: [tcp(9091)] })).ways).toEqual([]);
  expect(told(...PAIR, out(TO_DB), into({ ...FROM_WEB, from: [pods({ app: 'web' })] })).ways).toEqual([]);
});

test('protocols and ranges of ports are kept apart', () => {
  const udp = { ...FROM_WEB, ports: [{ protocol: 'UDP', port: 8080 }] };
  expect(told(...PAIR, out(TO_DB), into(udp)).ways).toEqual([]);
  const range = { ...FROM_WEB, ports: [{ protocol: 'TCP', port: 8000, endPort: 9090 }] };
  expect(told(...PAIR, out({ to: TO_DB.to }), into(range)).ways).toEqual(['a/web -> b/db 8000-9090']);
  expect(told(...PAIR, out({ to: TO_DB.to }), into({ from: FROM_WEB.from })).ways).toEqual(['a/web -> b/db all']);
});

test('everybody, address ranges and the pods of others are told from one end', () => {
  const ways = told(
    ...PAIR,
    into({ ports: [tcp('api')] }),
    policy(
      'a',
      'web',
      {
        egress: [
          { ports: [tcp(443)] },
          { to: [{ ipBlock: { cidr: '10.1.0.0/16', except: ['10.1.2.0/24'] } }], ports: [tcp(5432)] },
          { to: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: [tcp(22)] },
          {
            to: [inNamespace('kube-system', { 'k8s-app': 'kube-dns' })],
            ports: [{ port: 53, protocol: 'UDP' }, tcp(53)],
          },
        ],
        ingress: [{ from: [{ namespaceSelector: {} }], ports: [tcp(8080)] }],
      },
      { app: 'web' },
    ),
  ).ways;
  expect(ways.sort()).toEqual([
    'a/web -> 10.1.0.0/16 without 10.1.2.0/24 5432',
    'a/web -> anywhere 22',
    'a/web -> anywhere 443',
    'a/web -> kube-system (k8s-app=kube-dns) 53, 53 UDP',
    'any namespace/* -> a/web 8080',
    'anywhere -> b/db 8080',
  ]);
});

test('pods that a controller makes are known by their policy, those that people send by their namespace', () => {
  const made = policy('b', 'workers', { ingress: [FROM_WEB] }, { app: 'worker' });
  const sent = policy('b', 'jobs', {
    ingress: [{ from: [{ podSelector: {} }] }],
    egress: [{ to: [{ podSelector: {} }] }],
  });
  const to = { to: [inNamespace('b', { app: 'worker' })], ports: [tcp(8080)] };
  expect(
    told(...PAIR, out(to), {
      ...made,
      spec: { ...(made.spec as object), ingress: [{ ...FROM_WEB, ports: [tcp(8080)] }] },
    }).ways,
  ).toEqual(['a/web -> b (policy workers) 8080']);
  expect(told(...isolated('b'), sent).ways).toEqual(['b/* -> b/* all']);
});

test('what no policy holds is said', () => {
  const node = workload('a', 'agent', { hostNetwork: true });
  expect(told(...PAIR, node)).toEqual({ ways: [], onNodes: ['a/agent'], open: [] });
  expect(told(workload('c', 'free'))).toEqual({ ways: [], onNodes: [], open: ['c/free'] });
});

test('a Job is called as its program has it, without the digest', () => {
  const job = object('batch/v1', 'Job', 'make-0a1b2c3d', 'c', {
    spec: {
      template: {
        metadata: { labels: { 'app.kubernetes.io/component': 'make' } },
        spec: { containers: [{ name: 'x', image: 'x:1' }] },
      },
    },
  });
  expect(told(job).open).toEqual(['c/make']);
});
