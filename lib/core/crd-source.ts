import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { fail, show } from './errors';

/**
 * Whence a system's custom resource definitions come: `included` brings its own along, `external` leaves them to whoever installs them
 * beforehand, a directory holds upstream's official ones (*.yaml, *.yml, *.json), which are applied in their place.
 */
export type CrdSource = 'included' | 'external' | { readonly directory: string };

/** A custom resource definition as an API object. */
export interface CrdObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/**
 * The official definitions of these names from a directory.
 *
 * @param path of the system, for errors
 * @throws when the directory or one of its files can't be read, or a name isn't among what they hold
 */
export function readCrds(path: string, directory: string, names: readonly string[]): CrdObject[] {
  const found = new Map<string, CrdObject>();
  for (const file of files(path, directory)) {
    for (const document of documents(path, file)) if (isCrd(document)) found.set(document.metadata.name, document);
  }
  const missing = names.filter((name) => !found.has(name));
  if (missing.length > 0) {
    fail(
      path,
      `crds: ${show(directory)} holds no CustomResourceDefinition ${missing.join(', ')}; put upstream's file into it, or leave crds out`,
    );
  }
  return names.map((name) => found.get(name)!);
}

function files(path: string, directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((file) => /\.(ya?ml|json)$/.test(file))
      .sort()
      .map((file) => join(directory, file));
  } catch (error) {
    return fail(
      path,
      `crds: directory ${show(directory)} can't be read (${reason(error)}); give the folder that holds upstream's definitions`,
    );
  }
}

function documents(path: string, file: string): unknown[] {
  try {
    return loadAll(readFileSync(file, 'utf8'));
  } catch (error) {
    return fail(path, `crds: ${file} is no YAML: ${reason(error)}; mend it or take it out`);
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message.split('\n')[0]! : String(error);
}

function isCrd(document: unknown): document is CrdObject {
  const { kind, metadata } = (document ?? {}) as Partial<CrdObject>;
  return kind === 'CustomResourceDefinition' && typeof metadata?.name === 'string';
}
