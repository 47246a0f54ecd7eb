import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Crd, type CrdManifest, type JsonSchema } from '../../lib/crds';
import * as common from '../../lib/crds/common';
import { compilePattern } from '../../lib/crds/pattern';
import { canonical, faithful } from './faithful';

const LIB = join(__dirname, '../../lib');
const UPSTREAM = join(__dirname, '../../../shared/upstream/crds');

/** Where a system's official CRDs are not in the one file that is called like its folder. */
const FILES: { readonly [system: string]: readonly string[] } = {
  dex: ['kubeflow-dist-dex.yaml'],
  istio: ['istio.yaml', 'gateway-api-standard.yaml'],
  'kubeflow-trainer': ['trainer.yaml'],
  'nvidia-network-operator': [
    'nvidia-network-operator.yaml',
    'nvidia-network-operator-sriov.yaml',
    'network-attachment-definition.yaml',
  ],
};

/** Official CRDs of what a system doesn't roll out, by the end of their names. */
const LEFT_OUT: { readonly [system: string]: readonly string[] } = {
  istio: ['backendtlspolicies', 'grpcroutes', 'listenersets', 'tcproutes', 'tlsroutes', 'udproutes'].map(
    (plural) => `${plural}.gateway.networking.k8s.io`,
  ),
  // The kinds whose controllers are off, and the generators.
  'external-secrets': [
    ...['clusterexternalsecrets', 'clusterpushsecrets', 'clustersecretstores', 'pushsecrets'].map(
      (kind) => `${kind}.external-secrets.io`,
    ),
    ...[
      ...[
        'acraccesstokens',
        'beyondtrustworkloadcredentialsdynamicsecrets',
        'cloudsmithaccesstokens',
        'clustergenerators',
      ],
      ...[
        'ecrauthorizationtokens',
        'fakes',
        'gcraccesstokens',
        'githubaccesstokens',
        'gitlabdeploytokens',
        'grafanas',
        'mfas',
      ],
      ...['passwords', 'quayaccesstokens', 'sshkeys', 'stssessiontokens', 'uuids', 'vaultdynamicsecrets', 'webhooks'],
    ].map((kind) => `${kind}.generators.external-secrets.io`),
  ],
  'nvidia-network-operator': ['.configuration.net.nvidia.com', '.maintenance.nvidia.com', '.spectrumx.nvidia.com'],
};

/** CRDs of ours that no collected file has, by the beginning of their names. Kubeflow ships one of Dex' alone; upstream's others differ from it in names. */
const NOT_COLLECTED: { readonly [system: string]: RegExp } = {
  dex: /^(?!authcodes\.)/,
};

interface System {
  readonly name: string;
  readonly crds: readonly Crd[];
}

/** Every folder of a system that declares CRDs, in files that end in `crds.ts`. */
function systems(): System[] {
  const found: System[] = [];
  for (const domain of readdirSync(LIB, { withFileTypes: true })) {
    if (!domain.isDirectory()) continue;
    for (const system of readdirSync(join(LIB, domain.name), { withFileTypes: true })) {
      if (!system.isDirectory()) continue;
      const folder = join(LIB, domain.name, system.name);
      const files = readdirSync(folder).filter((file) => file.endsWith('crds.ts'));
      const crds = [...new Set(files.flatMap((file) => declared(join(folder, file))))].filter(
        (crd) => !NOT_COLLECTED[system.name]?.test(crd.name),
      );
      if (crds.length > 0) found.push({ name: system.name, crds });
    }
  }
  return found;
}

function declared(file: string): Crd[] {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- the files are found, not known
  const exported: object = require(file);
  return Object.values(exported).filter((value): value is Crd => value instanceof Crd);
}

function official(system: string): Map<string, CrdManifest> {
  const files = (FILES[system] ?? [`${system}.yaml`]).map((file) => join(UPSTREAM, file)).filter(existsSync);
  const documents = files.flatMap((file) => readFileSync(file, 'utf8').slice(4).split('\n---\n'));
  const crds = documents
    .map((document): CrdManifest => JSON.parse(document))
    .filter(({ metadata }) => !LEFT_OUT[system]?.some((end) => metadata.name.endsWith(end)));
  return new Map(crds.map((crd) => [crd.metadata.name, crd]));
}

const all = systems();

test('there are systems with CRDs', () => {
  expect(all.map(({ name }) => name)).toEqual(expect.arrayContaining(['metallb', 'cert-manager']));
});

describe.each(all)('$name', ({ name, crds }) => {
  const upstream = official(name);

  test('has all of upstream', () => {
    expect(crds.map((crd) => crd.name).sort()).toEqual([...upstream.keys()].sort());
  });

  test.each(crds.map((crd) => [crd.name, crd] as const))('%s is faithful', (crdName, crd) => {
    const theirs = upstream.get(crdName);
    expect(theirs).toBeDefined();
    if (theirs) expect(faithful(crd.manifest(), theirs)).toEqual([]);
  });
});

/** Calls back with each key and value of every official CRD. */
function walk(visit: (key: string, value: unknown) => void): void {
  for (const file of readdirSync(UPSTREAM).filter((name) => name.endsWith('.yaml'))) {
    for (const document of readFileSync(join(UPSTREAM, file), 'utf8').slice(4).split('\n---\n')) {
      JSON.parse(document, (key, value: unknown) => {
        visit(key, value);
        return value;
      });
    }
  }
}

test("every pattern of upstream's CRDs can be checked", () => {
  const patterns = new Set<string>();
  walk((key, value) => {
    if (key === 'pattern' && typeof value === 'string') patterns.add(value);
  });
  expect(patterns.size).toBeGreaterThan(50);
  expect([...patterns].filter((pattern) => compilePattern(pattern) === undefined)).toEqual([]);
});

test('each part that systems share is one that upstream has', () => {
  const shape = (schema: JsonSchema) =>
    canonical(
      schema.items?.required
        ? { ...schema, items: { ...schema.items, required: [...schema.items.required].sort() } }
        : schema,
    );
  const missing = new Map(Object.entries(common).map(([name, part]) => [shape(part().json), name]));
  expect(missing.size).toBeGreaterThan(5);
  walk((_, value) => {
    if (typeof value === 'object' && value !== null && 'type' in value) missing.delete(shape(value as JsonSchema));
  });
  expect([...missing.values()]).toEqual([]);
});
