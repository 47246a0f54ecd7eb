import { isMirrored, ownBuilds, savedImages } from './platforms';

const MINIO = 'quay.io/minio/minio';

test('a platform whose images come from a mirror is told by its output', () => {
  expect(isMirrored('company-cluster')).toBe(true);
  expect(isMirrored('training-cluster')).toBe(false);
});

test('what is pinned by upstream’s digest has a build of one’s own in its place, by a name in the mirror', () => {
  const builds = ownBuilds('company-cluster');
  expect(Object.keys(builds)).toEqual(['quay.io/minio/mc', MINIO]);
  expect(builds[MINIO]).toMatch(/^harbor\.dgx-lab\.example\/mirror\/quay\.io\/minio\/minio:RELEASE\.[\w-]+$/);
  const saved = savedImages('company-cluster');
  expect(saved).toContain(builds[MINIO]);
  expect(saved.filter((name) => name.includes('@') || name.startsWith(`${MINIO}:`))).toEqual([]);
});
