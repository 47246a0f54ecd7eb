import { images as audit } from '../../../lib/monitoring/audit/images';
import { images as istio } from '../../../lib/networking/istio/images';
import { programVersion } from '../programs/programs';
import { parseName } from './names';
import { imageFacts, isSimulated, recipe } from './recipes';

test.each([
  ['postgres:17', { repository: 'docker.io/library/postgres', tag: '17' }],
  ['quay.io/minio/mc:R1@sha256:ab', { repository: 'quay.io/minio/mc', tag: 'R1', digest: 'sha256:ab' }],
  ['registry.lab:5000/a/b', { repository: 'registry.lab:5000/a/b', tag: 'latest' }],
])('%s', (name, parts) => {
  expect(parseName(name)).toEqual(parts);
});

test('a recipe serves an image from any registry', () => {
  expect(recipe('harbor.lab/quay.io/minio/minio:x')).toBe(recipe('quay.io/minio/minio:y'));
});

test('an image without a recipe is an error that says where one goes', () => {
  expect(() => recipe('ghcr.io/some/thing:1')).toThrow(
    "the bench can't make the image ghcr.io/some/thing:1: give test/cluster/images/recipes.ts a recipe for it",
  );
});

test("Istio's control plane and Envoy are made, from any mirror; only ztunnel and what leads to it seem to run", () => {
  const names = Object.values(istio).map(
    ({ registry, repository, tag }) => `harbor.lab/mirror/${registry}/${repository}:${tag}`,
  );
  const made = names.filter((name) => !isSimulated(name));
  expect(made.map((name) => recipe(name).config.Entrypoint)).toEqual([
    ['/usr/local/bin/pilot-discovery'],
    ['/usr/local/bin/pilot-agent'],
  ]);
});

test("the collector of audit records is of the image's version, and what is not is told", () => {
  const { registry, repository, tag } = audit.collector;
  const name = `harbor.lab/mirror/${registry}/${repository}:${tag}`;
  expect(programVersion('otelcol-contrib')).toBe(tag);
  expect(recipe(name).config).toMatchObject({ Entrypoint: ['/otelcol-contrib'], User: '10001:10001' });
  expect(imageFacts(name).difference).toMatch(/webhook receiver is 0\.156\.0 and the S3 exporter 0\.158\.0$/);
});
