import { type ApiObject, JsonPatch } from 'cdk8s';

/**
 * Adds a field that Kubernetes got after the version that the classes of its API here are of: they leave out what they don't know, whatever is
 * patched.
 *
 * @param path a JSON pointer
 */
export function withLaterField(object: ApiObject, path: string, value: unknown): void {
  const render = object.toJson.bind(object);
  object.toJson = () => JsonPatch.apply(render(), JsonPatch.add(path, value)) as unknown;
}
