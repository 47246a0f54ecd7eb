import { type PlatformProps } from '../../../../lib';
import {
  BUCKETS,
  CERT_MANAGER,
  type Change,
  DATABASE,
  FIRST_BACKUP,
  GATEWAY,
  METALLB,
  MINIO,
  MINT,
  MLFLOW,
  POSTGRES,
  type Table,
} from './change';

/** What each image of the platform runs in. */
const RUNS_IN: Readonly<Record<string, Pick<Change, 'restarts' | 'jobs'>>> = {
  'quay.io/metallb/controller:v0.16.1': { restarts: [METALLB[0]] },
  'quay.io/metallb/speaker:v0.16.1': { restarts: [METALLB[1]] },
  'quay.io/jetstack/cert-manager-controller:v1.21.1': { restarts: [CERT_MANAGER[0]] },
  'quay.io/jetstack/cert-manager-cainjector:v1.21.1': { restarts: [CERT_MANAGER[1]] },
  'quay.io/jetstack/cert-manager-webhook:v1.21.1': { restarts: [CERT_MANAGER[2]] },
  'docker.io/library/haproxy:3.2.21': { restarts: [GATEWAY] },
  'quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z': { restarts: [MINIO] },
  // The database archives with it.
  'quay.io/minio/mc:RELEASE.2025-08-13T08-35-41Z': { restarts: [POSTGRES], jobs: [...BUCKETS, FIRST_BACKUP] },
  'docker.io/library/postgres:17.11-trixie': { restarts: [POSTGRES], jobs: [DATABASE, FIRST_BACKUP] },
  'ghcr.io/mlflow/mlflow:v3.17.0-full': { restarts: [MLFLOW] },
  'quay.io/curl/curl:8.17.0': { restarts: [], jobs: [MINT] },
};

/** The tag that stands for a later version. */
const later = (image: string) => `${image}-2`;
const repository = (image: string) => image.slice(0, image.lastIndexOf(':'));

/** Later tags, as the platform's prop takes them. */
export function laterImages(images: readonly string[], to = later): Readonly<Record<string, string>> {
  return Object.fromEntries(images.map((image) => [repository(image), to(image)]));
}

/** A later tag of every image. */
export const LATER_IMAGES = laterImages(Object.keys(RUNS_IN));

export const ALL = [...METALLB, ...CERT_MANAGER, GATEWAY, MINIO, POSTGRES, MLFLOW];
export const ALL_JOBS = [MINT, ...BUCKETS, DATABASE, FIRST_BACKUP];

export const platform: Table<PlatformProps> = {
  requireEncryptedVolumes: [
    {
      what: 'of a site that has none',
      tuning: { platform: { requireEncryptedVolumes: true } },
      refusedBy: 'synth',
      says: 'is no storage class that the site says is encrypted; the site has none',
    },
  ],
  site: [
    {
      what: 'more addresses for load balancers',
      tuning: { site: edited('[10.20.19.10-10.20.19.199]', '[10.20.19.10-10.20.19.199, 10.20.18.0/24]') },
      restarts: [],
    },
    {
      what: 'fewer addresses for load balancers',
      tuning: { site: edited('10.20.19.199', '10.20.19.99') },
      restarts: [],
    },
    {
      what: 'four more nodes for training',
      tuning: {
        site: edited(
          'nodes: 4\n    cpu: { sockets: 2, coresPerSocket: 64',
          'nodes: 8\n    cpu: { sockets: 2, coresPerSocket: 64',
        ),
      },
      restarts: [],
    },
    {
      what: 'another domain',
      tuning: { site: edited('domain: dgx-lab.example', 'domain: lab.corp.example') },
      restarts: [MINIO, MLFLOW],
    },
    {
      what: 'addresses announced by BGP instead of ARP',
      tuning: {
        site: edited(
          'loadBalancerRanges: [10.20.19.10-10.20.19.199]',
          'loadBalancerRanges: [10.20.19.10-10.20.19.199]\n    bgp: { myASN: 64512, peers: [{ address: 10.20.16.1, asn: 64512 }] }',
        ),
      },
      restarts: [...METALLB],
    },
  ],
  distribution: 'says which Kubernetes is there',
  kubernetesVersion: 'says which Kubernetes is there',
  imageLock: 'says of each image what its tag stands for; a reference changes as it does with images',
  registryMirror: [
    {
      what: 'none -> registry.lab.example:5000/mirror',
      tuning: { platform: { registryMirror: 'registry.lab.example:5000/mirror' } },
      restarts: ALL,
      jobs: ALL_JOBS,
    },
  ],
  images: [
    ...Object.entries(RUNS_IN).map(([image, runsIn]) => ({
      what: `${image} -> ${later(image).split(':').at(-1)}`,
      tuning: { platform: { images: laterImages([image]) } },
      ...runsIn,
    })),
    { what: 'all to their next tags', tuning: { platform: { images: LATER_IMAGES } }, restarts: ALL, jobs: ALL_JOBS },
    {
      what: 'without a registry',
      tuning: { platform: { images: { 'ghcr.io/mlflow/mlflow': 'mlflow:v3.18.0' } } },
      refusedBy: 'synth',
      says: 'image: "mlflow:v3.18.0" must be registry/repository:tag',
    },
    {
      what: 'to the tag latest',
      tuning: { platform: { images: { 'ghcr.io/mlflow/mlflow': 'ghcr.io/mlflow/mlflow:latest' } } },
      refusedBy: 'synth',
      says: 'must not be tagged latest, which changes under a running platform',
    },
    {
      what: 'of a repository that nothing runs',
      tuning: { platform: { images: { 'quay.io/minio/server': 'quay.io/minio/minio:RELEASE.2025-10-15T17-29-55Z' } } },
      refusedBy: 'synth',
      says: 'images: no system runs "quay.io/minio/server"',
    },
  ],
};

/** Edits the site's text. @throws where it has no such words */
export function edited(from: string, to: string): (text: string) => string {
  return (text) => {
    if (!text.includes(from)) throw new Error(`the site has no ${from}`);
    return text.replace(from, to);
  };
}
