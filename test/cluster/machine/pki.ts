import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../shell';
import { CONTROL_PLANE_ADDRESS, PKI, SERVICE_NETWORK } from './constants';

interface Identity {
  /** Name of its files. */
  readonly name: string;
  readonly user: string;
  readonly group?: string;
  /** What it may serve as: `IP:` and `DNS:` names. */
  readonly serves?: readonly string[];
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export function certificate(name: string): string {
  return join(PKI, `${name}.crt`);
}

export function key(name: string): string {
  return join(PKI, `${name}.key`);
}

export function kubeconfig(name: string): string {
  return join(PKI, `${name}.kubeconfig`);
}

/** A server's certificate of an authority of its own, whose name is `<name>-ca`. */
export async function makeServerCertificate(name: string, host: string): Promise<void> {
  mkdirSync(PKI, { recursive: true, mode: 0o700 });
  const authority = `${name}-ca`;
  await request(authority, ['-subj', `/CN=${authority}`]);
  await request(name, ['-subj', `/CN=${host}`, ...by(authority), '-addext', `subjectAltName=DNS:${host}`]);
}

/** An authority for this cluster alone, and a certificate and kubeconfig for each who takes part. */
export async function makeCertificates(nodes: readonly { name: string; address: string }[]): Promise<void> {
  mkdirSync(PKI, { recursive: true, mode: 0o700 });
  await request('ca', ['-subj', '/CN=kubernetes']);
  const first = SERVICE_NETWORK.replace(/\.0\/\d+$/, '.1');
  const identities: readonly Identity[] = [
    {
      name: 'kube-apiserver',
      user: 'kube-apiserver',
      serves: [
        `IP:${CONTROL_PLANE_ADDRESS}`,
        `IP:${first}`,
        'DNS:kubernetes',
        'DNS:kubernetes.default',
        'DNS:kubernetes.default.svc',
        'DNS:kubernetes.default.svc.cluster.local',
      ],
    },
    { name: 'admin', user: 'admin', group: 'system:masters' },
    { name: 'kube-controller-manager', user: 'system:kube-controller-manager' },
    { name: 'kube-scheduler', user: 'system:kube-scheduler' },
    { name: 'kube-proxy', user: 'system:kube-proxy' },
    { name: 'network-policies', user: 'bench:network-policies' },
    { name: 'kwok', user: 'bench:kwok' },
    { name: 'front-proxy', user: 'front-proxy' },
    ...nodes.map(({ name, address }) => ({
      name,
      user: `system:node:${name}`,
      group: 'system:nodes',
      serves: [`IP:${address}`, `DNS:${name}`],
    })),
  ];
  await Promise.all([...identities.map(issue), serviceAccountKey()]);
}

async function issue({ name, user, group, serves }: Identity): Promise<void> {
  await request(name, [
    '-subj',
    `${group ? `/O=${group}` : ''}/CN=${user}`,
    ...by('ca'),
    ...(serves ? ['-addext', `subjectAltName=${serves.join(',')}`] : []),
  ]);
  writeFileSync(
    kubeconfig(name),
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'bench',
          cluster: { server: `https://${CONTROL_PLANE_ADDRESS}:6443`, 'certificate-authority': certificate('ca') },
        },
      ],
      users: [{ name, user: { 'client-certificate': certificate(name), 'client-key': key(name) } }],
      contexts: [{ name: 'bench', context: { cluster: 'bench', user: name } }],
      'current-context': 'bench',
    }),
    { mode: 0o600 },
  );
}

/** Has a certificate be of an authority, and not one itself. */
function by(authority: string): readonly string[] {
  return ['-CA', certificate(authority), '-CAkey', key(authority), '-addext', 'basicConstraints=critical,CA:FALSE'];
}

async function request(name: string, args: readonly string[]): Promise<void> {
  await run([
    'openssl',
    'req',
    '-x509',
    ...KEY,
    '-days',
    '365',
    '-keyout',
    key(name),
    '-out',
    certificate(name),
    ...args,
  ]);
}

async function serviceAccountKey(): Promise<void> {
  await run(['openssl', 'ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', key('service-accounts')]);
  await run(['openssl', 'ec', '-in', key('service-accounts'), '-pubout', '-out', join(PKI, 'service-accounts.pub')]);
}
