import { ApiObject, type Chart, JsonPatch } from 'cdk8s';
import { BUILT_IN, typeOf } from '../link/kinds';
import { type KubeObject, type LinkObject } from '../link/types';
import { type Platform } from '../platform';
import { Stage } from '../stage';
import { impliedGate, type OutputGate } from './gates';

/** One object of the output. */
export interface BundleObject extends LinkObject {
  readonly wave: number;
  readonly file: string;
}

/** One file of the output: what the stages of one system that share a wave put into the cluster. */
export interface BundleFile {
  /** `03-minio-configure.k8s.yaml` */
  readonly name: string;
  readonly wave: number;
  /** In the order to apply them. */
  readonly objects: readonly BundleObject[];
  readonly gates: readonly OutputGate[];
}

interface Draft {
  readonly wave: number;
  readonly objects: BundleObject[];
  readonly gates: OutputGate[];
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
      const draft: Draft = drafts.get(file) ?? { wave, objects: [], gates: [] };
      drafts.set(file, draft);
      return { file, draft };
    };
    for (const construct of platform.node.findAll()) {
      if (Stage.isStage(construct)) draftOf(construct).draft.gates.push(...construct.gates);
      if (!ApiObject.isApiObject(construct)) continue;
      const { file, draft } = draftOf(construct.chart);
      dropNamespace(construct);
      const object = construct.toJson() as KubeObject;
      draft.objects.push({ object, source: construct.node.path, wave: draft.wave, file });
      const gate = impliedGate(object, construct);
      if (gate) draft.gates.push(gate);
    }
    this.files = [...drafts]
      .filter(([, { objects }]) => objects.length > 0)
      .map(([name, draft]) => ({
        name,
        ...draft,
        objects: draft.objects.sort((a, b) => rank(a.object) - rank(b.object)),
      }))
      .sort((a, b) => a.wave - b.wave || (a.name < b.name ? -1 : 1));
    this.objects = this.files.flatMap(({ objects }) => objects);
  }

  get waves(): number {
    return Math.max(0, ...this.files.map(({ wave }) => wave));
  }
}

/** cdk8s gives the chart's namespace to each object, those that belong to none too. */
function dropNamespace(object: ApiObject): void {
  if (object.metadata.namespace === undefined || dropped.has(object) || isNamespaced(object)) return;
  object.addJsonPatch(JsonPatch.remove('/metadata/namespace'));
  dropped.add(object);
}
const dropped = new WeakSet<ApiObject>();

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
