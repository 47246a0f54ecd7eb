import { type KubeObject } from '../../../lib/core/link/types';

/** Kinds whose pods are replaced when their template changes. */
const ROLLING = ['Deployment', 'StatefulSet', 'DaemonSet'];
/** Kinds of which something can't change once they are there. */
const PARTLY_FIXED = [
  ...ROLLING,
  'Job',
  'PersistentVolumeClaim',
  'Secret',
  'Service',
  'RoleBinding',
  'ClusterRoleBinding',
  // By rules of their definitions, or by their controllers' webhooks.
  'ClusterTrainingRuntime',
  'LocalQueue',
  'NVIDIADriver',
  'ResourceFlavor',
  'Topology',
];
/** @see https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/ */
const MUTABLE_OF_STATEFUL_SETS = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
];
const DIGEST = /-[0-9a-f]{8}$/;

type NamedObject = { readonly kind: string; readonly metadata: Pick<KubeObject['metadata'], 'namespace' | 'name'> };

/** What a new output changes of an installed one. */
export interface Difference {
  /** Objects that are new or not the same, in the order they are applied. */
  readonly changed: readonly KubeObject[];
  /** Workloads whose pods are replaced: `Deployment mlflow/server`. */
  readonly restarts: readonly string[];
  /** Jobs that run again, without the digest of their names. */
  readonly jobs: readonly string[];
  /** Fields that the API server lets nobody change, of objects that are there: `StatefulSet minio/pool-0: serviceName`. */
  readonly immutable: readonly string[];
}

/** Whether a change of such an object is more than written down: it restarts something, or may be refused. */
export function matters(kind: string): boolean {
  return PARTLY_FIXED.includes(kind);
}

/** `Deployment mlflow/server` */
export function nameOf({ kind, metadata: { namespace, name } }: NamedObject): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

export function compare(before: readonly KubeObject[], after: readonly KubeObject[]): Difference {
  const old = new Map(before.map((object) => [nameOf(object), object]));
  const changed = after.filter((object) => JSON.stringify(object) !== JSON.stringify(old.get(nameOf(object))));
  return {
    changed,
    restarts: changed
      .filter((object) => {
        const was = old.get(nameOf(object));
        return was !== undefined && ROLLING.includes(object.kind) && template(object) !== template(was);
      })
      .map(nameOf),
    jobs: changed
      .filter(({ kind }) => kind === 'Job')
      .map(({ metadata: { namespace, name = '' } }) => `${namespace}/${name.replace(DIGEST, '')}`),
    immutable: changed.flatMap((object) => {
      const was = old.get(nameOf(object));
      return was ? differing(fixed(was, was), fixed(object, was)).map((field) => `${nameOf(object)}: ${field}`) : [];
    }),
  };
}

/**
 * What of an object can't change once it is there.
 *
 * @param was what is there
 */
function fixed({ kind, spec, roleRef, type }: KubeObject, was: KubeObject): Readonly<Record<string, unknown>> {
  const fields = (spec ?? {}) as Readonly<Record<string, unknown>>;
  const without = (...names: string[]) =>
    Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
  switch (kind) {
    case 'StatefulSet':
      return without(...MUTABLE_OF_STATEFUL_SETS);
    case 'Deployment':
    case 'DaemonSet':
      return { selector: fields.selector };
    case 'Job':
      return fields;
    case 'PersistentVolumeClaim':
      return without('resources');
    case 'Service':
      return { clusterIP: fields.clusterIP };
    case 'RoleBinding':
    case 'ClusterRoleBinding':
      return { roleRef };
    case 'Secret':
      return { type };
    case 'ClusterTrainingRuntime':
      return fixedOfJobSet(fields.template as { readonly spec: JobSetSpec });
    case 'LocalQueue':
      return { clusterQueue: fields.clusterQueue };
    case 'NVIDIADriver':
      return { driverType: fields.driverType, usePrecompiled: fields.usePrecompiled };
    case 'ResourceFlavor': {
      const { topologyName } = (was.spec ?? {}) as { readonly topologyName?: string };
      const { nodeLabels, tolerations } = fields;
      return topologyName === undefined ? {} : { nodeLabels, tolerations, topologyName: fields.topologyName };
    }
    case 'Topology':
      return { levels: fields.levels };
    default:
      return {};
  }
}

interface JobSetSpec extends Readonly<Record<string, unknown>> {
  readonly replicatedJobs: readonly { readonly name: string; readonly dependsOn?: unknown }[];
}

/** A JobSet's rules hold in a runtime's template too. */
function fixedOfJobSet({ spec }: { readonly spec: JobSetSpec }): Readonly<Record<string, unknown>> {
  const { failurePolicy, network, startupPolicy, successPolicy, volumeClaimPolicies, replicatedJobs } = spec;
  const dependsOn = replicatedJobs.map((job) => [job.name, job.dependsOn]);
  return { failurePolicy, network, startupPolicy, successPolicy, volumeClaimPolicies, dependsOn };
}

function differing(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
    (field) => JSON.stringify(a[field]) !== JSON.stringify(b[field]),
  );
}

function template({ spec }: KubeObject): string {
  return JSON.stringify((spec as { template: unknown }).template);
}
