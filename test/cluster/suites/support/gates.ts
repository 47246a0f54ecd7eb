import { type Site } from '../../../../lib';
import { type OutputGate } from '../../../../lib/core/output/gates';
import { linked } from '../../../../lib/core/output/linked';
import { type Cluster, type KubeObject } from '../../cluster';
import { appliedPlatform } from '../../machine/mirror';
import { type Applied } from './apply';
import { type Content, objectsOf } from './objects';

/** A file of the output, with what it needs and what is waited for, as the library planned it. */
export interface PlannedFile {
  readonly name: string;
  readonly wave: number;
  readonly needs: readonly string[];
  readonly gates: readonly OutputGate[];
}

/** The plan behind what is applied to the cluster that is up: from the stages of the program, not from its output. */
export function plan(site: Site): readonly PlannedFile[] {
  return linked(appliedPlatform(site)).bundle.files;
}

/** Since when a gate's condition has been true, in milliseconds since 1970, and who says so. */
export interface Truth {
  readonly since: number;
  readonly by: 'cluster' | 'watch' | 'call';
}

interface Status {
  readonly completionTime?: string;
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly lastTransitionTime: string;
  }[];
}

interface Watched extends Content {
  readonly metadata: KubeObject['metadata'] & {
    readonly managedFields?: readonly { readonly time?: string; readonly fieldsV1?: object }[];
  };
  readonly spec: { readonly selector?: { readonly matchLabels: Readonly<Record<string, string>> } };
  readonly status?: Status;
}

/** The truth of each gate of each file, in the file's order. @throws where one isn't true now */
export async function truthsOf(
  cluster: Cluster,
  folder: string,
  files: readonly PlannedFile[],
  applied: Applied,
): Promise<ReadonlyMap<string, readonly Truth[]>> {
  const objects = [...(await objectsOf(cluster, folder)).values()] as Watched[];
  const pods = await cluster.list<KubeObject>('pods', '-A');
  return new Map(files.map(({ name, gates }) => [name, gates.map((gate) => truthOf(gate, objects, pods, applied))]));
}

function truthOf(
  gate: OutputGate,
  objects: readonly Watched[],
  pods: readonly KubeObject[],
  { calls, readySince }: Applied,
): Truth {
  const title = titleOf(gate);
  switch (gate.type) {
    case 'job': {
      const { status } = find(objects, 'job', gate.namespace, gate.name);
      return { since: instant(status?.completionTime, title), by: 'cluster' };
    }
    case 'condition': {
      const { status } = find(objects, gate.resource, gate.namespace, gate.name);
      const found = status?.conditions?.find(({ type, status }) => type === gate.condition && status === 'True');
      return { since: instant(found?.lastTransitionTime, title), by: 'cluster' };
    }
    case 'field': {
      const { metadata } = find(objects, gate.resource, gate.namespace, gate.name);
      // Of a list that is replaced as a whole, only the list is known to have been set.
      const names = gate.jsonPath
        .replace(/\[.*?\]/g, '')
        .match(/\w+/g)!
        .reverse();
      const setters = names
        .map((field) =>
          (metadata.managedFields ?? []).filter(({ fieldsV1 }) => JSON.stringify(fieldsV1).includes(`"f:${field}"`)),
        )
        .find(({ length }) => length > 0);
      if (!setters) throw new Error(`${title}: nobody has set it`);
      return { since: Math.min(...setters.map(({ time }) => instant(time, title))), by: 'cluster' };
    }
    case 'rollout': {
      const { spec } = find(objects, gate.resource, gate.namespace, gate.name);
      const labels = Object.entries(spec.selector!.matchLabels);
      const own = pods.filter(
        ({ metadata }) =>
          metadata.namespace === gate.namespace && labels.every(([key, value]) => metadata.labels?.[key] === value),
      );
      const names = own.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
      const unseen = names.filter((name) => !readySince.has(name));
      if (names.length === 0 || unseen.length > 0) {
        throw new Error(
          `${title}: has ${names.length} pods; never seen Ready while apply.sh ran: ${unseen.join(', ')}`,
        );
      }
      return { since: Math.max(...names.map((name) => readySince.get(name)!)), by: 'watch' };
    }
    case 'admission': {
      const text = JSON.stringify(gate.object);
      const call = calls.find(({ argv, input, code }) => argv[0] === 'create' && input === text && code === 0);
      if (!call) throw new Error(`${title}: no call of kubectl was admitted`);
      return { since: call.ended, by: 'call' };
    }
  }
}

/** `deployment cert-manager/cert-manager-webhook`, for messages. */
export function titleOf(gate: OutputGate): string {
  switch (gate.type) {
    case 'job':
      return `job ${gate.namespace}/${gate.name}`;
    case 'rollout':
      return `${gate.resource} ${gate.namespace}/${gate.name}`;
    case 'condition':
      return `${gate.resource} ${gate.name} is ${gate.condition}`;
    case 'field':
      return `${gate.resource} ${gate.name} has ${gate.jsonPath}`;
    case 'admission':
      return `${gate.of} admits`;
  }
}

/** An object by its resource, as kubectl takes it: `job`, `certificates.cert-manager.io`. */
function find(objects: readonly Watched[], resource: string, namespace: string | undefined, name: string): Watched {
  const found = objects.find(
    ({ kind, metadata }) =>
      metadata.name === name &&
      metadata.namespace === namespace &&
      (kind.toLowerCase() === resource ||
        pluralsOf(kind.toLowerCase()).some((plural) => resource.startsWith(`${plural}.`))),
  );
  if (!found) throw new Error(`${resource} ${namespace ?? '-'}/${name} isn't in the cluster`);
  return found;
}

function pluralsOf(kind: string): readonly string[] {
  return [`${kind}s`, `${kind}es`, kind.replace(/y$/, 'ies')];
}

function instant(time: string | undefined, what: string): number {
  if (time === undefined) throw new Error(`${what}: not true, or nothing says since when`);
  return Date.parse(time);
}
