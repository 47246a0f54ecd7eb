import { type Platform } from '../../lib/core';
import { Postgres } from '../../lib/data/postgres';
import { findingsOf, objectOf, objectsOf, testPlatform } from '../support';

interface Job {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly { readonly command: string[]; readonly env: readonly object[] }[];
      };
    };
  };
}

const textOf = (lab: Platform, file: string) =>
  objectOf<{ data: Record<string, string> }>(lab, 'ConfigMap', 'users-my-runs-scripts', 'postgres').data[file];

describe('the account that makes users of a database', () => {
  test('is made by a Job of its own, once for all who ask, with a minted password', () => {
    const lab = testPlatform();
    const database = new Postgres(lab, 'postgres').addDatabase('my_runs');
    const administrator = database.userAdministrator();
    expect(database.userAdministrator()).toBe(administrator);
    expect(administrator).toMatchObject({ owner: 'my_runs', reader: 'my_runs-reader' });
    expect(administrator.credentials.keys).toEqual(['username', 'password']);
    expect(administrator.credentials.in('postgres')).toMatchObject({ name: 'postgres-users-my-runs' });
    const [{ command, env }] = objectOf<Job>(lab, 'Job', /^users-my-runs-/, 'postgres').spec.template.spec.containers;
    expect(command).toEqual(['bash', '/users/users.sh']);
    expect(env).toEqual(
      expect.arrayContaining([
        { name: 'DATABASE', value: 'my_runs' },
        { name: 'READER', value: 'my_runs-reader' },
        expect.objectContaining({ name: 'ADMINISTRATOR_PASSWORD', valueFrom: expect.anything() as object }),
      ]),
    );
    expect(textOf(lab, 'users.sh')).toContain('psql -X -v ON_ERROR_STOP=1 -f /users/users.sql');
    expect(textOf(lab, 'users.sql')).toContain('NOSUPERUSER NOCREATEDB CREATEROLE NOREPLICATION NOBYPASSRLS');
    expect(findingsOf(lab)).toEqual([]);
  });

  test('comes after its database, and a database without one is as it was', () => {
    const made = testPlatform();
    const { readyAfter } = new Postgres(made, 'postgres').addDatabase('my_runs').userAdministrator();
    expect(readyAfter[0]?.needs.map(({ node }) => node.path)).toContain('lab/postgres/configure');
    const lab = testPlatform();
    new Postgres(lab, 'postgres').addDatabase('my_runs');
    const without = objectsOf(lab).filter(({ metadata }) => metadata.namespace === 'postgres');
    const withOne = objectsOf(made).map((object) => JSON.stringify(object));
    expect(without.filter((object) => object.kind === 'Job' && !withOne.includes(JSON.stringify(object)))).toEqual([]);
    expect(without.some(({ metadata }) => metadata.name?.includes('users'))).toBe(false);
  });
});
