import { type FitNode } from '../fit/types';
import { type Reason } from './reasons';

/** Any API object, as plain JSON. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: KubeMetadata;
  readonly [key: string]: unknown;
}

/** The part of an object's metadata that names it. */
export interface KubeMetadata {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

/** An object and where it comes from. */
export interface LinkObject {
  readonly object: KubeObject;
  /** Construct path (`lab/mlflow/install/server`) or file and document (`manifests/app.yaml:3`): what findings begin with. */
  readonly source: string;
  /** When it is applied. @default - not known, order isn't checked */
  readonly wave?: number;
  /** The file it is written to. @default - not known */
  readonly file?: string;
  /** The files whose objects are ready when it is applied. @default - not known: all of earlier waves */
  readonly after?: ReadonlySet<string>;
}

/** Something that the cluster has, or that somebody else makes. */
export interface External {
  /** Kind, without its group: `Secret`. */
  readonly kind: string;
  /** @default - any namespace, or none */
  readonly namespace?: string;
  /** Name; `*` for any. */
  readonly name: string;
  /** Keys of a Secret or ConfigMap. @default - not known, any key may be used */
  readonly keys?: readonly string[];
}

export interface LinkOptions {
  /** What objects may refer to though it isn't among them. @default - nothing */
  readonly external?: readonly External[];
  /** Every image that may be used; an image that isn't in it, or has no fixed version, is a finding. @default - images aren't checked */
  readonly images?: ReadonlySet<string>;
  /**
   * Where all images come from, and the registries that they came from before: another's name that is left anywhere is a finding.
   * @default - images come from anywhere
   */
  readonly mirror?: { readonly registries: ReadonlySet<string>; readonly replaced: ReadonlySet<string> };
  /** DNS domain of the cluster. @default 'cluster.local' */
  readonly clusterDomain?: string;
  /** Where the cluster's DNS runs, and the port of its pods. @default - `kube-system`, 53 */
  readonly dns?: { readonly namespace: string; readonly podPort: number };
  /** The nodes that all pods must find a place on. @default - not known, what fits isn't checked */
  readonly nodes?: readonly FitNode[];
  /**
   * Why objects have wildcards in their rights, or don't verify who is at the other end; without a reason each is a finding.
   * @default - neither is checked
   */
  readonly reasons?: readonly Reason[];
  /** Storage classes whose volumes are encrypted; a volume of another one is a finding. @default - not checked */
  readonly encryptedClasses?: ReadonlySet<string>;
  /** Every namespace of the bundle says whether it is isolated. @default false */
  readonly isolated?: boolean;
  /** Namespace of objects that name none; it is taken to exist. @default 'default' */
  readonly namespace?: string;
  /**
   * Also what a bundle can work with but a good one has not: secret values in manifests, ports that no container declares, policy peers
   * and monitors that select nothing, Secrets that a Job is only guessed to make.
   * @default false
   */
  readonly strict?: boolean;
}

/** Something that would not work in the cluster. */
export interface Finding {
  /** The rule's name: `reference`, `service`, `host`... */
  readonly rule: string;
  /** The source of the object it was found in. */
  readonly source: string;
  /** Path of the field in the object. */
  readonly field: string;
  /** What stands there. */
  readonly value: string;
  /** What is wrong and what would mend it. */
  readonly message: string;
}
