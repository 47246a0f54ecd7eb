import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type OutputFile } from '../../../lib/core/output/folder';
import { type KubeObject as Manifest } from '../../../lib/core/link/types';
import { type Cluster, type KubeObject } from '../cluster';
import { complaints } from '../complaints';
import { SCRATCH } from '../paths';
import { LATER_IMAGES } from './changes/platform';
import { nameOf } from './compare';

const WORKLOADS = ['Deployment', 'StatefulSet', 'DaemonSet'];
const COMPONENT = 'app.kubernetes.io/component';

interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly resources?: object;
}

interface Pod extends KubeObject {
  readonly metadata: KubeObject['metadata'] & { readonly deletionTimestamp?: string };
  readonly spec: { readonly containers: readonly Container[]; readonly initContainers?: readonly Container[] };
  readonly status: { readonly containerStatuses?: readonly { readonly name: string; readonly restartCount: number }[] };
}

export interface Claim extends KubeObject {
  readonly spec: {
    readonly volumeName: string;
    readonly resources: { readonly requests: { readonly storage: string } };
  };
}

/** What of a platform outlives an upgrade, and what must not. */
export interface Picture {
  /** Pods that serve, by workload: `Deployment mlflow/server`. */
  readonly pods: ReadonlyMap<string, readonly Pod[]>;
  /** By `namespace/name`. */
  readonly claims: ReadonlyMap<string, Claim>;
  /** Data of each Secret, by `namespace/name`. */
  readonly secrets: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/** @param manifests what was applied */
export async function picture(cluster: Cluster, manifests: readonly Manifest[]): Promise<Picture> {
  const [pods, claims, secrets] = await Promise.all([
    cluster.list<Pod>('pods', '--all-namespaces'),
    cluster.list<Claim>('persistentvolumeclaims', '--all-namespaces'),
    cluster.list<KubeObject & { readonly data?: Record<string, string> }>('secrets', '--all-namespaces'),
  ]);
  const namespaces = new Set(manifests.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name));
  const ours = <T extends KubeObject>(objects: readonly T[]) =>
    objects.filter(({ metadata }) => namespaces.has(metadata.namespace));
  const key = ({ metadata }: KubeObject) => `${metadata.namespace}/${metadata.name}`;
  const serving = ours(pods).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return {
    pods: new Map(
      workloads(manifests).map((workload) => [nameOf(workload), serving.filter((pod) => belongsTo(pod, workload))]),
    ),
    claims: new Map(ours(claims).map((claim) => [key(claim), claim])),
    secrets: new Map(ours(secrets).map((secret) => [key(secret), secret.data ?? {}])),
  };
}

export function workloads(manifests: readonly Manifest[]): readonly Manifest[] {
  return manifests.filter(({ kind }) => WORKLOADS.includes(kind));
}

/** Uid and restarts of each pod's containers, in one word each. */
export function lives(pods: readonly Pod[]): readonly string[] {
  return pods
    .map(({ metadata, status }) => {
      const restarts = (status.containerStatuses ?? []).map(({ name, restartCount }) => `${name}:${restartCount}`);
      return `${metadata.name} ${metadata.uid} ${restarts.sort().join(' ')}`;
    })
    .sort();
}

/** What a workload's manifest and its pods differ in, of what people tune. */
export function notArrived(workload: Manifest, pods: readonly Pod[]): readonly string[] {
  const { template } = workload.spec as { template: Pod };
  const wanted = containersOf(template);
  return pods.flatMap((pod) =>
    wanted
      .map((container, i) => [container, containersOf(pod)[i]!] as const)
      .filter(([container, actual]) => tuned(container) !== tuned(actual))
      .map(([container, actual]) => `${pod.metadata.name}: ${tuned(actual)}, not ${tuned(container)}`),
  );
}

/** Gives each node the images under their later tags too: the same images, since what an upgrade does to them is not what is shown. */
export async function makeLaterImages(cluster: Cluster): Promise<void> {
  const tag = (later: string) => `"$@" images tag --force ${later.replace(/-2$/, '')} ${later}`;
  const script = ['set -e', ...Object.values(LATER_IMAGES).map(tag)].join('\n');
  await Promise.all(
    cluster.state.nodes.map(async ({ name, containerdSocket }) =>
      cluster.onNode(name, ['sh', '-c', script, 'sh', 'ctr', '-a', containerdSocket, '-n', 'k8s.io']),
    ),
  );
}

/** Writes a platform's folder. The caller deletes it. */
export function writeFolder(files: readonly OutputFile[]): string {
  mkdirSync(SCRATCH, { recursive: true });
  const folder = mkdtempSync(join(SCRATCH, 'upgrade-'));
  try {
    for (const { name, text, mode } of files) writeFileSync(join(folder, name), text, { mode });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return folder;
}

/** Runs a folder's apply.sh. @throws when it fails or complains */
export async function apply(cluster: Cluster, folder: string): Promise<void> {
  const result = await cluster.attempt(['sh', join(folder, 'apply.sh')], { timeout: 900 });
  const { stdout } = result;
  const { code, stderr } = complaints(result);
  if (code !== 0 || stderr !== '') throw new Error(`apply.sh: exit code ${code}\n${stdout.slice(-2000)}${stderr}`);
}

/** Each object of a folder as the API server has it, but for its status, which goes on changing for a while. */
export async function stored(cluster: Cluster, folder: string): Promise<Readonly<Record<string, object>>> {
  const objects = await cluster.list<KubeObject & { readonly status?: object }>('-f', folder);
  return Object.fromEntries(
    objects.map(({ status: _, ...object }) => [
      nameOf(object),
      { ...object, metadata: { ...object.metadata, resourceVersion: undefined } },
    ]),
  );
}

function belongsTo({ metadata }: Pod, workload: Manifest): boolean {
  const { name, namespace } = workload.metadata;
  const isJobs = metadata.ownerReferences?.some(({ kind }) => kind === 'Job') ?? false;
  return !isJobs && metadata.namespace === namespace && metadata.labels?.[COMPONENT] === name;
}

function containersOf({ spec }: Pod): readonly Container[] {
  return [...(spec.initContainers ?? []), ...spec.containers];
}

function tuned({ name, image, args, resources }: Container): string {
  return JSON.stringify([name, image, args ?? [], resources ?? {}]);
}
