import { type Crd, type CrdVersion, type PrinterColumn, type Subresources, type WebhookConversion } from './crd';
import { type JsonObject, type JsonSchema } from './json-schema';

/** A CustomResourceDefinition as plain JSON. */
export type CrdManifest = {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: {
    readonly name: string;
    readonly annotations?: { readonly [name: string]: string };
    readonly labels?: { readonly [name: string]: string };
  };
  readonly spec: CrdManifestSpec;
};

export interface CrdManifestSpec {
  readonly group: string;
  readonly names: {
    readonly kind: string;
    readonly listKind?: string;
    readonly plural: string;
    readonly singular?: string;
    readonly shortNames?: readonly string[];
    readonly categories?: readonly string[];
  };
  readonly scope: 'Namespaced' | 'Cluster';
  readonly versions: readonly CrdManifestVersion[];
  readonly conversion?: JsonObject;
}

export interface CrdManifestVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly deprecated?: boolean;
  readonly deprecationWarning?: string;
  readonly schema?: { readonly openAPIV3Schema?: JsonSchema };
  readonly subresources?: { readonly status?: JsonObject; readonly scale?: Subresources['scale'] };
  readonly additionalPrinterColumns?: readonly PrinterColumn[];
  readonly selectableFields?: readonly { readonly jsonPath: string }[];
}

/** The CustomResourceDefinition of a declaration. */
export function crdManifest(crd: Crd): CrdManifest {
  const { annotations, labels, shortNames, categories, versions, conversion } = crd.props;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: crd.name, ...(annotations && { annotations }), ...(labels && { labels }) },
    spec: {
      group: crd.group,
      names: {
        kind: crd.kind,
        listKind: crd.listKind,
        plural: crd.plural,
        singular: crd.singular,
        ...(shortNames && { shortNames }),
        ...(categories && { categories }),
      },
      scope: crd.scope,
      versions: versions.map((version) => versionManifest(version, crd.schemaOf(version.name))),
      ...(conversion && { conversion: conversionManifest(conversion) }),
    },
  };
}

function versionManifest(version: CrdVersion, schema: JsonSchema): CrdManifestVersion {
  const { name, served = true, storage = false, deprecated, deprecationWarning } = version;
  const { subresources, printerColumns, selectableFields } = version;
  return {
    name,
    served,
    storage,
    ...(deprecated && { deprecated }),
    ...(deprecationWarning !== undefined && { deprecationWarning }),
    schema: { openAPIV3Schema: schema },
    ...(subresources && {
      subresources: {
        ...(subresources.status && { status: {} }),
        ...(subresources.scale && { scale: subresources.scale }),
      },
    }),
    ...(printerColumns && { additionalPrinterColumns: printerColumns }),
    ...(selectableFields && { selectableFields: selectableFields.map((jsonPath) => ({ jsonPath })) }),
  };
}

function conversionManifest({ service, reviewVersions = ['v1'] }: WebhookConversion): JsonObject {
  const { namespace, name, path, port = 443 } = service;
  return {
    strategy: 'Webhook',
    webhook: { clientConfig: { service: { namespace, name, path, port } }, conversionReviewVersions: reviewVersions },
  };
}
