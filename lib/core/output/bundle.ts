import { ApiObject, type Chart, JsonPatch } from 'cdk8s';
import { OnPremError } from '../errors';
import { BUILT_IN, typeOf } from '../link/kinds';
import { type KubeObject, type LinkObject } from '../link/types';
import { type Platform } from '../platform';
import { Stage } from '../stage';
import { impliedGate, type OutputGate } from './gates';

/** One object of the output. */
export interface BundleObject extends LinkObject {
  readonly wave: number;
  readonly file: string;
  readonly after: ReadonlySet<string>;
}

/** One file of the output: what the stages of one system that share a wave put into the cluster. */
export interface BundleFile {
  /** `03-minio-configure.k8s.yaml` */
  readonly name: string;
  readonly wave: number;
  /** The files whose gates must have passed before, without those that these wait for themselves. */
  readonly needs: readonly string[];
  /** In the order to apply them. */
  readonly objects: readonly BundleObject[];
  readonly gates: readonly OutputGate[];
}

interface Draft {
  readonly wave: number;
  /** Undefined for what comes after everything. */
  readonly stages: Stage[] | undefined;
  readonly objects: BundleObject[];
  readonly gates: OutputGate[];
  /** All files that are ready when this one is applied. */
  readonly after: Set<string>;
}

/** All that a platform becomes, computed once per synthesis. */
export class Bundle {
  /** By wave, then name. */
  readonly files: readonly BundleFile[];
  readonly objects: readonly BundleObject[];

  constructor(readonly platform: Platform) {
    const drafts = new Map<string, Draft>();
    const places = new Map<Chart, { file: string; wave: number }>();
    const last = Math.max(0, ...platform.stages.map(({ wave }) => wave));
    const placeOf = (chart: Chart) => {
      const known = places.get(chart);
      if (known) return known;
      // A chart of the user's own says nothing of its needs: it comes after all that does.
      const [wave, file] = Stage.isStage(chart) ? [chart.wave, chart.file] : [last + 1, chart.node.id];
      const place = { wave, file: `${String(wave).padStart(2, '0')}-${file}.k8s.yaml` };
      places.set(chart, place);
      return place;
    };
    const draftOf = (chart: Chart) => {
      const { wave, file } = placeOf(chart);
      const stages = Stage.isStage(chart) ? [] : undefined;
      const draft: Draft = drafts.get(file) ?? { wave, stages, objects: [], gates: [], after: new Set() };
      drafts.set(file, draft);
      return { file, draft };
    };
    for (const construct of platform.node.findAll()) {
      if (Stage.isStage(construct)) {
        const { draft } = draftOf(construct);
        draft.stages?.push(construct);
        draft.gates.push(...construct.gates);
      }
      if (!ApiObject.isApiObject(construct)) continue;
      const { file, draft } = draftOf(construct.chart);
      dropNamespace(construct);
      addPullSecret(construct, platform);
      const object = rendered(construct);
      draft.objects.push({ object, source: construct.node.path, wave: draft.wave, file, after: draft.after });
      const gate = impliedGate(object, construct);
      if (gate) draft.gates.push(gate);
    }
    const written = [...drafts]
      .filter(([, { objects }]) => objects.length > 0)
      .sort(([a, { wave }], [b, other]) => wave - other.wave || (a < b ? -1 : 1));
    this.files = written.map(([name, { wave, stages, objects, gates, after }]) => {
      const earlier = written.filter(([, draft]) => draft.wave < wave);
      const direct = stages
        ? new Set(stages.flatMap((stage) => [...filesNeeded(stage, (chart) => placeOf(chart).file, drafts)]))
        : new Set(earlier.map(([file]) => file));
      for (const [file, draft] of earlier) if (draft.wave === 0) direct.add(file);
      const implied = new Set([...direct].flatMap((file) => [...drafts.get(file)!.after]));
      for (const file of [...direct, ...implied]) after.add(file);
      return {
        name,
        wave,
        needs: [...direct].filter((file) => !implied.has(file)).sort(),
        objects: objects.sort((a, b) => rank(a.object) - rank(b.object)),
        gates,
      };
    });
    this.objects = this.files.flatMap(({ objects }) => objects);
  }

  /** @throws for a file that isn't there */
  waveOf(file: string): number {
    return this.files.find(({ name }) => name === file)!.wave;
  }

  get waves(): number {
    return Math.max(0, ...this.files.map(({ wave }) => wave));
  }
}

/** The files of what a stage needs; for a stage without objects, which has no file, of what that one needs. */
function filesNeeded(
  { needs }: Stage,
  fileOf: (stage: Stage) => string,
  drafts: ReadonlyMap<string, Draft>,
): ReadonlySet<string> {
  const files = new Set<string>();
  for (const stage of needs) {
    const file = fileOf(stage);
    if (drafts.get(file)!.objects.length > 0) files.add(file);
    else for (const needed of filesNeeded(stage, fileOf, drafts)) files.add(needed);
  }
  return files;
}

/** @throws what a value says that is only known now, without what cdk8s puts around it */
function rendered(object: ApiObject): KubeObject {
  try {
    return object.toJson() as KubeObject;
  } catch (error) {
    const ours = error instanceof Error ? /OnPremError: (.*)$/s.exec(error.message)?.[1] : undefined;
    throw ours === undefined ? error : new OnPremError([ours]);
  }
}

/** cdk8s gives the chart's namespace to each object, those that belong to none too. */
function dropNamespace(object: ApiObject): void {
  if (object.metadata.namespace === undefined || dropped.has(object) || isNamespaced(object)) return;
  object.addJsonPatch(JsonPatch.remove('/metadata/namespace'));
  dropped.add(object);
}
const dropped = new WeakSet<ApiObject>();

/**
 * Pods get the Secret from their ServiceAccount, those too that controllers make. Pod specs stay as they are: a Job's can't be changed, and other pods would restart.
 *
 * @see https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#add-image-pull-secret-to-service-account
 */
function addPullSecret(object: ApiObject, platform: Platform): void {
  const secret = platform.mirror?.pullSecret;
  if (secret === undefined || object.kind !== 'ServiceAccount' || withSecret.has(object)) return;
  const { imagePullSecrets = [] } = object.toJson() as { readonly imagePullSecrets?: readonly object[] };
  object.addJsonPatch(JsonPatch.add('/imagePullSecrets', [...imagePullSecrets, { name: secret }]));
  withSecret.add(object);
  platform.addPullSecret(object.metadata.namespace ?? object.chart.namespace ?? 'default');
}
const withSecret = new WeakSet<ApiObject>();

function isNamespaced(object: ApiObject): boolean {
  const { apiGroup, kind } = object;
  const builtIn = BUILT_IN.get(typeOf(kind, apiGroup === 'core' ? '' : apiGroup));
  if (builtIn) return builtIn.namespaced;
  return !('definition' in object && (object.definition as { scope: string }).scope === 'Cluster');
}

/** Within a file, what others refer to comes first: an object that is applied twice in a row then has nothing left to wait for. */
const ORDER = [
  'Namespace',
  'CustomResourceDefinition',
  'PriorityClass',
  'StorageClass',
  'NetworkPolicy',
  'ServiceAccount',
  'Role',
  'ClusterRole',
  'RoleBinding',
  'ClusterRoleBinding',
  'Secret',
  'ConfigMap',
  'PersistentVolumeClaim',
  'Service',
  'PodDisruptionBudget',
  'DaemonSet',
  'StatefulSet',
  'Deployment',
  'Job',
  'CronJob',
];
const RANKS = new Map(ORDER.map((kind, i) => [kind, i]));

function rank({ kind }: KubeObject): number {
  return RANKS.get(kind) ?? ORDER.length;
}
