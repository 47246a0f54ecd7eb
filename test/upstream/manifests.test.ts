import Ajv, { type ValidateFunction } from 'ajv';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { type KubeObject } from '../../lib/core/link/types';
import { closed, type Schema } from './closed-schema';

// An independent witness: the schemas that Kubernetes and upstream publish, read by a JSON Schema library, not by our own validator.
const DIST = join(__dirname, '../../dist');
const UPSTREAM = join(__dirname, '../../../shared/upstream');

interface Definition extends Schema {
  readonly 'x-kubernetes-group-version-kind'?: readonly {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
  }[];
}

const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, logger: false });

function kubernetes(): Map<string, ValidateFunction | string> {
  const file = join(UPSTREAM, 'kubernetes/definitions-v1.36.3.json');
  const { definitions } = JSON.parse(readFileSync(file, 'utf8')) as { definitions: Record<string, Definition> };
  ajv.addSchema({
    $id: 'kubernetes',
    definitions: Object.fromEntries(Object.entries(definitions).map(([name, d]) => [name, closed(name, d)])),
  });
  const kinds = new Map<string, string>();
  for (const [name, definition] of Object.entries(definitions)) {
    const [gvk, ...more] = definition['x-kubernetes-group-version-kind'] ?? [];
    if (gvk && more.length === 0) kinds.set(`${gvk.group ? `${gvk.group}/` : ''}${gvk.version}/${gvk.kind}`, name);
  }
  return kinds;
}

interface OfficialCrd {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

const COMMON = { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: { type: 'object' } };

/** The schema of each custom kind, from the files that hold a system's own release. */
function customKinds(): Map<string, Schema> {
  const folder = join(UPSTREAM, 'crds');
  const files = readdirSync(folder).filter(
    (file) =>
      file.endsWith('.yaml') && !file.startsWith('kubeflow-dist-') && !file.startsWith('nvidia-gpu-operator-nfd'),
  );
  const kinds = new Map<string, Schema>();
  for (const file of files) {
    for (const document of readFileSync(join(folder, file), 'utf8').slice(4).split('\n---\n')) {
      const { group, names, versions } = (JSON.parse(document) as OfficialCrd).spec;
      for (const { name, schema } of versions) {
        const { properties, ...rest } = schema.openAPIV3Schema;
        // What the API server knows of each object; Istio's schemas don't repeat it.
        kinds.set(`${group}/${name}/${names.kind}`, { ...rest, properties: { ...COMMON, ...properties } });
      }
    }
  }
  return kinds;
}

const builtIn = kubernetes();
const custom = customKinds();
const compiled = new Map<string, ValidateFunction>();

function validatorOf(kind: string): ValidateFunction | undefined {
  const known = compiled.get(kind);
  if (known) return known;
  const name = builtIn.get(kind);
  const schema = custom.get(kind);
  if (name === undefined && schema === undefined) return undefined;
  const validator =
    name === undefined
      ? ajv.compile(closed(kind, schema!))
      : ajv.compile({ $ref: `kubernetes#/definitions/${String(name)}` });
  compiled.set(kind, validator);
  return validator;
}

function problems(object: KubeObject): string[] {
  const kind = `${object.apiVersion}/${object.kind}`;
  const validate = validatorOf(kind);
  if (!validate) return [`${kind} is not known to Kubernetes, nor to an official CRD`];
  const valid: boolean = validate(object);
  if (valid) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) =>
      `${object.kind} ${object.metadata.name}: ${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

const platforms = existsSync(DIST) ? readdirSync(DIST) : [];

test('there is something to check', () => {
  expect(platforms).toContain('experiment-tracking');
});

describe.each(platforms)('%s', (platform) => {
  const folder = join(DIST, platform);
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));

  test.each(files)('%s', (file) => {
    const objects = loadAll(readFileSync(join(folder, file), 'utf8')) as KubeObject[];
    expect(objects.length).toBeGreaterThan(0);
    expect(objects.flatMap(problems)).toEqual([]);
  });
});

test('the check refuses what the API server would', () => {
  const deployment = (spec: object) => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x' }, spec });
  const template = { spec: { containers: [{ name: 'x' }] } };
  expect(problems(deployment({ selector: {}, template }))).toEqual([]);
  expect(problems(deployment({ selector: {}, template, replica: 1 }))).toEqual([
    expect.stringContaining('"additionalProperty":"replica"'),
  ]);
  expect(problems(deployment({ selector: {} }))).toEqual([expect.stringContaining('"missingProperty":"template"')]);
  expect(problems(deployment({ selector: {}, template, replicas: '1' }))).toEqual([
    expect.stringContaining('must be integer'),
  ]);
  expect(
    problems({
      apiVersion: 'metallb.io/v1beta1',
      kind: 'IPAddressPool',
      metadata: { name: 'x' },
      spec: { addresses: ['a'], x: 1 },
    }),
  ).toEqual([expect.stringContaining('"additionalProperty":"x"')]);
  expect(problems({ apiVersion: 'v1', kind: 'Nothing', metadata: {} })).toEqual([
    'v1/Nothing is not known to Kubernetes, nor to an official CRD',
  ]);
});
