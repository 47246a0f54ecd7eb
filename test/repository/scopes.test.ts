import { readObjects } from '../../lib/cli/read-objects';
import { isClusterWide, typeOf } from '../../lib/core/link/kinds';

interface Definition {
  readonly spec: { readonly group: string; readonly names: { readonly kind: string }; readonly scope: string };
}

test('link knows of each kind that dist/ defines whether it is cluster-wide, for where the definition is elsewhere', () => {
  const definitions = readObjects(['dist'])
    .map(({ object }) => object)
    .filter(({ kind }) => kind === 'CustomResourceDefinition')
    .map((object) => (object as object as Definition).spec);
  expect(definitions.length).toBeGreaterThan(40);
  const wrong = definitions.filter(
    ({ group, names, scope }) => isClusterWide(typeOf(names.kind, group)) !== (scope === 'Cluster'),
  );
  expect(wrong.map(({ group, names }) => typeOf(names.kind, group))).toEqual([]);
});
