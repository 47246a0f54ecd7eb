import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { RUN } from '../paths';
import { program } from '../programs/programs';
import { until } from '../shell';
import {
  CONTROL_PLANE,
  CONTROL_PLANE_ADDRESS,
  PKI,
  POD_NETWORK,
  SCHEDULER_PORT,
  SERVICE_NETWORK,
  SYSTEM_PATH,
} from './constants';
import { kubectl } from './kubectl';
import { certificate, key, kubeconfig } from './pki';
import { addProcess, startProcess, stopProcess } from './processes';

const PROCESSES = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;
/** By their own limits they would wait while nobody else is asking: hundreds of nodes and pods of random sites come at a time. */
const UNLIMITED = ['--kube-api-qps=500', '--kube-api-burst=1000'];
const ETCD = 'http://127.0.0.1:2379';

/** Starts etcd and the API server; those that need an API server that answers come with `startControllers`. */
export async function startApiServer(): Promise<void> {
  mkdirSync(join(RUN, 'etcd'), { mode: 0o700 });
  await add('etcd', [
    `--data-dir=${join(RUN, 'etcd')}`,
    '--unsafe-no-fsync',
    `--listen-client-urls=${ETCD}`,
    `--advertise-client-urls=${ETCD}`,
    '--listen-peer-urls=http://127.0.0.1:2380',
  ]);
  await add('kube-apiserver', [
    `--etcd-servers=${ETCD}`,
    `--service-cluster-ip-range=${SERVICE_NETWORK}`,
    `--advertise-address=${CONTROL_PLANE_ADDRESS}`,
    `--bind-address=${CONTROL_PLANE_ADDRESS}`,
    '--secure-port=6443',
    `--tls-cert-file=${certificate('kube-apiserver')}`,
    `--tls-private-key-file=${key('kube-apiserver')}`,
    `--client-ca-file=${certificate('ca')}`,
    `--kubelet-client-certificate=${certificate('admin')}`,
    `--kubelet-client-key=${key('admin')}`,
    `--kubelet-certificate-authority=${certificate('ca')}`,
    '--kubelet-preferred-address-types=InternalIP',
    `--service-account-key-file=${join(PKI, 'service-accounts.pub')}`,
    `--service-account-signing-key-file=${key('service-accounts')}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
    // There is no kube-proxy in its place: it sends to the pods behind a Service itself.
    '--enable-aggregator-routing=true',
    `--proxy-client-cert-file=${certificate('front-proxy')}`,
    `--proxy-client-key-file=${key('front-proxy')}`,
    `--requestheader-client-ca-file=${certificate('ca')}`,
    '--requestheader-allowed-names=front-proxy',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    '--cert-dir=/run/kube-apiserver',
  ]);
}

export async function startControllers(): Promise<void> {
  await Promise.all([
    add('kube-controller-manager', [
      `--kubeconfig=${kubeconfig('kube-controller-manager')}`,
      `--service-account-private-key-file=${key('service-accounts')}`,
      `--root-ca-file=${certificate('ca')}`,
      `--cluster-signing-cert-file=${certificate('ca')}`,
      `--cluster-signing-key-file=${key('ca')}`,
      '--use-service-account-credentials',
      `--cluster-cidr=${POD_NETWORK}`,
      `--service-cluster-ip-range=${SERVICE_NETWORK}`,
      '--allocate-node-cidrs=false',
      '--leader-elect=false',
      ...UNLIMITED,
      '--cert-dir=/run/kube-controller-manager',
    ]),
    add('kube-scheduler', [
      `--kubeconfig=${kubeconfig('kube-scheduler')}`,
      '--leader-elect=false',
      ...UNLIMITED,
      // At the address of the API server, by whose certificate it is known too.
      `--secure-port=${SCHEDULER_PORT}`,
      `--tls-cert-file=${certificate('kube-apiserver')}`,
      `--tls-private-key-file=${key('kube-apiserver')}`,
      '--authorization-always-allow-paths=/metrics',
    ]),
  ]);
}

export async function apiServerReady(): Promise<void> {
  await until('the API server', 120, async () => kubectl(['get', '--raw', '/readyz']), 0.1);
}

/** Kills the whole control plane, as a lost machine would, and starts it again with its data. */
export async function restartControlPlane(): Promise<void> {
  await Promise.all(PROCESSES.map((name) => stopProcess(name)));
  await Promise.all(['etcd', 'kube-apiserver'].map(startProcess));
  await apiServerReady();
  await Promise.all(['kube-controller-manager', 'kube-scheduler'].map(startProcess));
}

async function add(name: (typeof PROCESSES)[number], args: readonly string[]): Promise<void> {
  await addProcess({ name, node: CONTROL_PLANE, argv: [program(name), ...args], env: { PATH: SYSTEM_PATH } });
}
