import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as yaml from 'js-yaml';
import { isObj } from '../core/link/json';
import { type KubeObject, type LinkObject } from '../core/link';

/** Input that can't be used; the message names the file, the place and what is wrong. */
export class Unreadable extends Error {}

const EXTENSION = /\.(ya?ml|json)$/;
const WAVE = /^(\d+)-.*\.ya?ml$/;

/**
 * Reads Kubernetes objects from files, folders and, for `-`, standard input. Lists are taken apart. Where all files are named `NN-*.yaml`,
 * NN is the objects' wave.
 *
 * @throws Unreadable for a path that doesn't exist, text that is no YAML, and documents that are no API objects
 */
export function readObjects(paths: readonly string[]): LinkObject[] {
  const files = [...new Set(paths.flatMap(filesOf))];
  if (files.length === 0) throw new Unreadable(`${paths.join(', ')}: holds no *.yaml, *.yml or *.json file`);
  const waves = files.every((file) => WAVE.test(basename(file)));
  return files.flatMap((file) => {
    const wave = waves ? Number(WAVE.exec(basename(file))?.[1]) : undefined;
    return parseObjects(file, readText(file)).map((o) => ({ ...o, file, ...(wave === undefined ? {} : { wave }) }));
  });
}

function filesOf(path: string): string[] {
  if (path === '-') return [path];
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch {
    throw new Unreadable(`${path}: no such file or folder`);
  }
  if (!isFolder) return [path];
  return readdirSync(path, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((item) => {
      const inside = join(path, item.name);
      if (item.isDirectory()) return item.name.startsWith('.') ? [] : filesOf(inside);
      return EXTENSION.test(item.name) ? [inside] : [];
    });
}

/** The text of a file, or of standard input for `-`. @throws Unreadable */
export function readText(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    throw new Unreadable(`${path}: can't be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The objects in a file's text, each with its document's number. */
export function parseObjects(file: string, text: string): LinkObject[] {
  const name = file === '-' ? 'stdin' : file;
  let documents: unknown[];
  try {
    documents = load(text);
  } catch (error) {
    if (!(error instanceof yaml.YAMLException)) throw error;
    const { mark, reason } = error;
    throw new Unreadable(`${name}${mark ? `:${mark.line + 1}:${mark.column + 1}` : ''}: is no YAML: ${reason}`);
  }
  return documents.flatMap((document, i) => (document === null ? [] : objectsOf(document, `${name}:${i + 1}`)));
}

const SCHEMA = yaml.CORE_SCHEMA.withTags(yaml.mergeTag);
const CLOSING = /^\s*[\]}]/;

/** As Kubernetes' own reader does: of a key given twice the last counts, `<<` merges, and a closing bracket may stand at any depth. */
function load(text: string): unknown[] {
  try {
    return yaml.loadAll(text, { json: true, schema: SCHEMA });
  } catch (error) {
    if (!(error instanceof yaml.YAMLException) || error.reason !== 'deficient indentation' || !error.mark) throw error;
    const lines = text.split('\n');
    const { line } = error.mark;
    if (!CLOSING.test(lines[line]) || lines[line].length > MAX_LINE) throw error;
    lines[line] = ' '.repeat(MAX_LINE) + lines[line];
    return load(lines.join('\n'));
  }
}

/** No manifest is indented deeper; a line that is longer was indented before. */
const MAX_LINE = 200;

function objectsOf(document: unknown, source: string): LinkObject[] {
  if (!isKubeObject(document)) {
    throw new Unreadable(`${source} (file:document): is no Kubernetes object: it has no apiVersion, kind and metadata`);
  }
  if (document.kind !== 'List' && !(document.kind.endsWith('List') && Array.isArray(document.items))) {
    return [{ object: document, source }];
  }
  const items: readonly unknown[] = Array.isArray(document.items) ? document.items : [];
  return items.flatMap((item, i) => objectsOf(item, `${source}[${i}]`));
}

function isKubeObject(value: unknown): value is KubeObject {
  if (!isObj(value) || typeof value.apiVersion !== 'string' || typeof value.kind !== 'string') return false;
  return isObj(value.metadata) || value.kind.endsWith('List');
}
