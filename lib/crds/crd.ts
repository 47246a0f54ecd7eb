import { fail, show } from '../core/errors';
import { type CelRule, type JsonSchema } from './json-schema';
import { type CrdManifest, crdManifest } from './manifest';
import { type Fields, type InferFields, objectSchema } from './schema';

/** A column of `kubectl get`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  /** Where in the resource the value is, such as `.status.phase`. */
  readonly jsonPath: string;
  /** Above 0 the column is shown in wide output only. @default 0 */
  readonly priority?: number;
  readonly format?: string;
  readonly description?: string;
}

/** What the API server serves next to the resource itself. */
export interface Subresources {
  /** `status` is written apart from `spec`. @default false */
  readonly status?: boolean;
  /** What `kubectl scale` and autoscalers read and write. */
  readonly scale?: {
    readonly specReplicasPath: string;
    readonly statusReplicasPath: string;
    readonly labelSelectorPath?: string;
  };
}

/** One version of a CRD. */
export interface CrdVersion {
  readonly name: string;
  /** @default true */
  readonly served?: boolean;
  /** The one version that is written to etcd. */
  readonly storage?: boolean;
  readonly deprecated?: boolean;
  /** What a client of a deprecated version is told. */
  readonly deprecationWarning?: string;
  /** The resource's fields next to apiVersion, kind and metadata. */
  readonly schema: Fields;
  /** Whether the resource may have fields that the schema doesn't name, next to those. @default false */
  readonly open?: boolean;
  /** CEL rules over the whole resource: over spec and status together. */
  readonly validations?: readonly CelRule[];
  readonly subresources?: Subresources;
  readonly printerColumns?: readonly PrinterColumn[];
  /** Fields that a list can be filtered by, such as `.spec.peer`. */
  readonly selectableFields?: readonly string[];
}

/** How one version becomes another. */
export interface WebhookConversion {
  readonly service: {
    readonly namespace: string;
    readonly name: string;
    readonly path: string;
    /** @default 443 */
    readonly port?: number;
  };
  /** The versions of ConversionReview that the webhook reads. @default ['v1'] */
  readonly reviewVersions?: readonly string[];
}

/** What depends on where a CRD is installed, not on what it is. */
export interface CrdPlacement {
  readonly annotations?: { readonly [name: string]: string };
  readonly labels?: { readonly [name: string]: string };
  readonly conversion?: WebhookConversion;
}

export interface CrdProps<V extends readonly CrdVersion[]> extends CrdPlacement {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  /** @default - the kind in lower case */
  readonly singular?: string;
  /** @default - the kind with "List" */
  readonly listKind?: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly scope: 'Namespaced' | 'Cluster';
  readonly versions: V;
  /** The condition that says a resource of this kind does its work, for gates: `Ready`. @default - there is none */
  readonly readyWhen?: string;
}

/**
 * A custom resource's kind, at one version.
 *
 * `Body` is the type of its fields, without apiVersion, kind, metadata and status.
 */
export interface CustomKind<Body> {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly scope: 'Namespaced' | 'Cluster';
  /** Such as `metallb.io/v1beta1`. */
  readonly apiVersion: string;
  /** The schema of the whole resource. */
  readonly schema: JsonSchema;
  readonly readyWhen?: string;
  /** For inference; there is nothing here at run time. */
  readonly body?: Body;
}

/** What `Body` is for a version's schema. */
export type BodyOf<V extends CrdVersion> = [V] extends [never] ? object : InferFields<Omit<V['schema'], 'status'>>;
type StorageOf<V extends readonly CrdVersion[]> = Extract<V[number], { readonly storage: true }>;
type Named<V extends readonly CrdVersion[], N> = Extract<V[number], { readonly name: N }>;

/** A declared CRD; it is itself the kind at its storage version. */
export class Crd<V extends readonly CrdVersion[] = readonly CrdVersion[]> implements CustomKind<BodyOf<StorageOf<V>>> {
  declare readonly body?: BodyOf<StorageOf<V>>;
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly listKind: string;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly readyWhen?: string;
  readonly apiVersion: string;
  readonly schema: JsonSchema;
  private readonly schemas: ReadonlyMap<string, JsonSchema>;

  /** @internal */
  constructor(readonly props: CrdProps<V>) {
    const { group, kind, plural, scope, versions } = props;
    this.group = group;
    this.kind = kind;
    this.plural = plural;
    this.singular = props.singular ?? kind.toLowerCase();
    this.listKind = props.listKind ?? `${kind}List`;
    this.scope = scope;
    this.readyWhen = props.readyWhen;
    this.schemas = new Map(versions.map((version) => [version.name, resourceSchema(version)]));
    const storage = versions.filter((version) => version.storage);
    if (storage.length !== 1)
      fail(this.name, `exactly one version must be the storage version, got ${show(storage.map(({ name }) => name))}`);
    this.apiVersion = `${group}/${storage[0].name}`;
    this.schema = this.schemaOf(storage[0].name);
  }

  /** The CRD's own name: `ipaddresspools.metallb.io`. */
  get name(): string {
    return `${this.plural}.${this.group}`;
  }

  /** The kind at another version than the stored one. */
  at<N extends V[number]['name']>(version: N): CustomKind<BodyOf<Named<V, N>>> {
    const { group, kind, plural, scope, readyWhen } = this;
    return { group, kind, plural, scope, readyWhen, apiVersion: `${group}/${version}`, schema: this.schemaOf(version) };
  }

  /** The same CRD with what its place adds: annotations, labels, a conversion webhook. */
  with(placement: CrdPlacement): Crd<V> {
    return new Crd<V>({
      ...this.props,
      ...placement,
      annotations: { ...this.props.annotations, ...placement.annotations },
      labels: { ...this.props.labels, ...placement.labels },
    });
  }

  /** The CustomResourceDefinition, for the API server. */
  manifest(): CrdManifest {
    return crdManifest(this);
  }

  /** The schema of a whole resource at a version. */
  schemaOf(version: string): JsonSchema {
    const schema = this.schemas.get(version);
    if (!schema) fail(this.name, `version must be one of ${[...this.schemas.keys()].join(', ')}, got ${show(version)}`);
    return schema;
  }
}

/**
 * Declares a CRD.
 *
 *     export const ipAddressPool = crd({
 *       group: 'metallb.io',
 *       kind: 'IPAddressPool',
 *       plural: 'ipaddresspools',
 *       scope: 'Namespaced',
 *       versions: [{ name: 'v1beta1', storage: true, schema: { spec: t.object({ ... }).required() } }],
 *     });
 *
 * @throws where there is not exactly one storage version
 */
export function crd<const V extends readonly CrdVersion[]>(props: CrdProps<V>): Crd<V> {
  return new Crd(props);
}

function resourceSchema({ schema, open, validations }: CrdVersion): JsonSchema {
  const body = objectSchema(schema);
  return {
    ...body,
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      ...body.properties,
    },
    ...(open && { 'x-kubernetes-preserve-unknown-fields': true }),
    ...(validations && { 'x-kubernetes-validations': validations }),
  };
}
