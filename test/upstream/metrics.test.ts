import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import { addGpuMonitoring, External } from '../../lib';
import { poolsOf } from '../alerts/rules';
import { Demo } from '../core/demo';
import { objectsOf, testPlatform } from '../support';
import { closed, type Schema } from './closed-schema';

// What the Prometheus operator is given, against its own definitions: dist has no monitors.
const FILE = join(__dirname, '../../../shared/upstream/crds/kube-prometheus.yaml');

interface Definition {
  readonly spec: {
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

function schemaOf(kind: string): Schema {
  const documents = readFileSync(FILE, 'utf8').slice(4).split('\n---\n');
  const definition = documents
    .map((text) => JSON.parse(text) as Definition)
    .find(({ spec }) => spec.names.kind === kind)!;
  return definition.spec.versions.find(({ name }) => name === 'v1')!.schema.openAPIV3Schema;
}

test.each(['ServiceMonitor', 'PrometheusRule'])('%s is as its definition wants it', (kind) => {
  const platform = testPlatform();
  const { stage } = new Demo(platform, 'demo');
  const metrics = External.prometheus(platform, { pods: { namespace: 'monitoring', labels: { app: 'prometheus' } } });
  const labels = { app: 'exporter' };
  for (const vendor of ['nvidia', 'amd'] as const) {
    const exporter = { labels, port: 'metrics', pods: { labels, port: 9400 } };
    addGpuMonitoring(stage, metrics, { vendor, pools: poolsOf(vendor), exporter, teams: { vision: ['cats'] } });
  }
  const objects = objectsOf(platform).filter((object) => object.kind === kind);
  expect(objects.length).toBe(2);
  const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false, logger: false }).compile(
    closed(kind, schemaOf(kind)),
  );
  for (const object of objects) {
    validate(object);
    expect(validate.errors ?? []).toEqual([]);
  }
  expect(validate({ ...objects[0], spec: { ...(objects[0] as unknown as { spec: object }).spec, unknown: 1 } })).toBe(
    false,
  );
});
