import { type Obj } from '../link/json';

/** What keeps pods away from a node unless they tolerate it. */
export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

/** A node as the scheduler sees it when nothing runs there yet. */
export interface FitNode {
  readonly name: string;
  /** `kubernetes.io/hostname` is its name where it isn't given. */
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /**
   * What pods may ask for, system reserves taken off: `cpu` in thousandths of a core, `memory`, `ephemeral-storage` and huge pages in bytes,
   * all else in units. `pods` is 110 where it isn't given, kubelet's default; local disk that isn't given is not checked.
   */
  readonly allocatable: ReadonlyMap<string, number>;
  /** Nodes of its kind, by the name that messages and summaries call them. @default - each node is of its own */
  readonly pool?: { readonly name: string };
}

export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}

/** A requirement on a node's labels or fields. */
export interface NodeRequirement {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

/** One alternative of a node affinity: all of its requirements must hold. */
export interface NodeTerm {
  readonly labels: readonly NodeRequirement[];
  readonly fields: readonly NodeRequirement[];
}

/** Pods that are wanted near, or far. */
export interface PodTerm {
  readonly topologyKey: string;
  /** A LabelSelector; undefined selects none. */
  readonly selector: Obj | undefined;
  readonly namespaces: readonly string[];
  /** A LabelSelector of further namespaces; undefined selects none. */
  readonly namespaceSelector: Obj | undefined;
}

export interface Weighted<T> {
  readonly weight: number;
  readonly term: T;
}

export interface SpreadConstraint {
  readonly topologyKey: string;
  readonly maxSkew: number;
  /** `DoNotSchedule`; else it only counts in the choice among nodes. */
  readonly required: boolean;
  readonly selector: Obj | undefined;
  readonly minDomains: number;
  readonly honorsAffinity: boolean;
  readonly honorsTaints: boolean;
}

export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

/** What the scheduler looks at of a pod. */
export interface FitPod {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** In the units of a node's allocatable. */
  readonly requests: ReadonlyMap<string, number>;
  /** CPU and memory as they count in the choice of a node: containers that ask for none count as 0.1 CPU and 200 MiB. */
  readonly scored: { readonly cpu: number; readonly memory: number };
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** Alternatives, of which one must match; undefined where any node will do. */
  readonly nodeAffinity?: readonly NodeTerm[];
  readonly preferredNodes: readonly Weighted<NodeTerm>[];
  readonly tolerations: readonly Toleration[];
  readonly affinity: readonly PodTerm[];
  readonly antiAffinity: readonly PodTerm[];
  readonly preferredAffinity: readonly Weighted<PodTerm>[];
  readonly preferredAntiAffinity: readonly Weighted<PodTerm>[];
  readonly spread: readonly SpreadConstraint[];
  /** Selects the pods that it is spread from by the scheduler's own defaults, which hold where `spread` is empty. @default - none */
  readonly owners?: Obj;
  readonly hostPorts: readonly HostPort[];
  readonly priority: number;
  /** Whether it may push out pods of a lower priority. */
  readonly preempts: boolean;
}

/** Pods that are all the same. */
export interface FitGroup {
  /** Unique among the groups. */
  readonly name: string;
  readonly pod: FitPod;
  /** How many; of no meaning with `onEachNode`. */
  readonly count: number;
  /** One on each node that its pod may run on, as a DaemonSet has it. @default false */
  readonly onEachNode?: boolean;
  /** Pods of a lower wave have all been there before. @default 0 */
  readonly wave?: number;
  /** Groups of the same gang must run together. @default - the group by itself */
  readonly gang?: string;
  /** Doesn't run all the time, but on top of all that do, one gang at a time. @default false */
  readonly inTurn?: boolean;
  /** Whether a pod that was pushed out is made again. @default true */
  readonly madeAgain?: boolean;
}

/** What is asked of a site. */
export interface FitInput {
  readonly nodes: readonly FitNode[];
  readonly groups: readonly FitGroup[];
  /** Labels of namespaces, for selectors of them; `kubernetes.io/metadata.name` is there by itself. */
  readonly namespaces?: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/** What a node's kind is called. */
export function poolOf({ name, pool }: FitNode): string {
  return pool?.name ?? name;
}
