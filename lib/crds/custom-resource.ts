import { ApiObject, type ApiObjectMetadata } from 'cdk8s';
import { type Construct } from 'constructs';
import { fail } from '../core/errors';
import { type CustomKind } from './crd';
import { isObject, type JsonSchema } from './json-schema';
import { describe } from './problem';
import { validate } from './validate';

/** The props of a custom resource: its metadata and the fields that its CRD declares. */
export type CustomResourceProps<Body> = Body & { readonly metadata?: ApiObjectMetadata };

/**
 * A custom resource of a declared kind.
 *
 * What TypeScript can't see (bounds, patterns, formats) is checked here against the CRD's schema, unless the props hold a
 * value that is known only later (cdk8s' `Lazy`); then the link does it.
 *
 * @throws where the CRD refuses the resource, with every field that is wrong
 */
export class CustomResource<Body extends object> extends ApiObject {
  constructor(
    scope: Construct,
    id: string,
    /** The declared kind: what `crd()` returned, or its `.at(version)`. */
    readonly definition: CustomKind<Body>,
    props: CustomResourceProps<Body>,
  ) {
    super(scope, id, { apiVersion: definition.apiVersion, kind: definition.kind, ...props });
    check(this.node.path, definition.schema, {
      apiVersion: definition.apiVersion,
      kind: definition.kind,
      ...props,
      metadata: {},
    });
  }
}

function check(path: string, schema: JsonSchema, resource: object): void {
  if (!isPlain(resource)) return;
  const problems = validate(schema, resource);
  if (problems.length > 0) fail(path, problems.map(describe).join('; '));
}

/** Whether a value is all JSON already. */
function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isPlain);
  if (typeof value === 'function') return false;
  if (!isObject(value)) return true;
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isPlain);
}
