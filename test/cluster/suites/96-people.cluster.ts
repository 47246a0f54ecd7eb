import { type Client } from '../client/client';
import { directory, type Person } from '../machine/directory';
import { LivePlatform } from './support/platform';
import { proves } from './support/proves';

const platform = new LivePlatform();
const { cluster, domain } = platform;
const TEAMS = { vision: 'alice', language: 'bob' } as const;
type Team = keyof typeof TEAMS;

/** What client/person.py says of one. */
interface Seen {
  readonly status: number;
  readonly host: string;
  readonly workspaces?: Readonly<Record<Team, { readonly make: number; readonly list: number; readonly own: boolean }>>;
  readonly claims?: { readonly email: string; readonly groups: readonly string[] | null; readonly iss: string };
  readonly credentials?: unknown;
  readonly buckets?: Readonly<Record<Team, { readonly write: string; readonly list: string; readonly read: string }>>;
}

let client: Client;
const seen = {} as Record<Person, Seen>;

beforeAll(async () => {
  client = await platform.client();
  for (const name of ['alice', 'bob', 'dave'] as const) seen[name] = await comes(name, directory().passwords[name]);
});

/** What a person comes to with a browser, and with a token for MinIO. */
async function comes(user: string, password: string): Promise<Seen> {
  const wanted = {
    user,
    password,
    url: platform.mlflowUrl,
    workspaces: Object.keys(TEAMS),
    issuer: `https://dex.${domain}`,
    audience: 'minio',
    s3: platform.s3Url,
    buckets: Object.keys(TEAMS),
  };
  return client.run<Seen>('person.py', { input: JSON.stringify(wanted) });
}

describe("people of the company's directory", () => {
  proves(
    ['dex', 'sign-in', 'istio', 'mlflow'],
    'L',
    'come to MLflow by their name and password, through the gateway',
    () => {
      for (const name of Object.values(TEAMS))
        expect([name, seen[name]]).toMatchObject([name, { status: 200, host: `mlflow.${domain}` }]);
    },
  );

  proves('dex', 'L', 'are in their tokens what they are in the directory', () => {
    expect(seen.alice.claims).toMatchObject({
      email: 'alice@corp.example',
      groups: ['ml-vision'],
      iss: `https://dex.${domain}`,
    });
    expect(seen.bob.claims).toMatchObject({ email: 'bob@corp.example', groups: ['ml-language'] });
  });

  proves('dex', 'L', 'are refused with a wrong password, and who is not in the directory is too', async () => {
    const host = `dex.${domain}`;
    for (const [user, password] of [
      ['alice', directory().passwords.bob],
      ['mallory', directory().passwords.bob],
    ] as const) {
      const { claims, ...page } = await comes(user, password);
      expect(page.host).toBe(host);
      expect(claims).toBeUndefined();
    }
  });
});

describe.each(Object.entries(TEAMS) as [Team, Person][])('the team %s', (team, name) => {
  const other: Team = team === 'vision' ? 'language' : 'vision';

  proves([team, 'mlflow'], 'L', 'its people work in its runs, and see none of the other team', () => {
    const { [team]: own, [other]: foreign } = seen[name].workspaces!;
    expect(own).toMatchObject({ make: 200, list: 200, own: true });
    expect({ make: foreign.make, own: foreign.own }).toEqual({ make: 403, own: false });
    expect(foreign).toMatchObject({ names: [] });
  });

  proves(
    [team, 'minio', 'dex'],
    'L',
    "its people use its bucket by a token's credentials, and not the other team's",
    () => {
      expect(seen[name].credentials).toBe(true);
      expect(seen[name].buckets).toEqual({
        [team]: { write: 'done', list: 'done', read: 'done' },
        [other]: { write: 'AccessDenied', list: 'AccessDenied', read: 'AccessDenied' },
      });
    },
  );

  proves(team, 'L', 'its people may send jobs in its namespace, and read nothing in the other', async () => {
    const may = async (verb: string, what: string, namespace: string) => {
      const as = [`--as=oidc:${name}@corp.example`, `--as-group=oidc:ml-${team}`];
      const { stdout } = await cluster.attempt(['kubectl', 'auth', 'can-i', verb, what, '-n', namespace, ...as]);
      return stdout.trim();
    };
    expect(await may('create', 'jobs.batch', team)).toBe('yes');
    expect(await may('create', 'trainjobs.trainer.kubeflow.org', team)).toBe('yes');
    expect(await may('create', 'rolebindings.rbac.authorization.k8s.io', team)).toBe('no');
    for (const what of ['pods', 'secrets', 'jobs.batch'])
      expect([what, await may('list', what, other)]).toEqual([what, 'no']);
    expect(await may('get', 'secrets', 'mlflow')).toBe('no');
  });
});

proves(['sign-in', 'mlflow'], 'L', 'who is in no team comes to no workspace of one', () => {
  const { workspaces } = seen.dave;
  for (const team of Object.keys(TEAMS) as Team[]) expect([team, workspaces?.[team].make ?? 403]).toEqual([team, 403]);
  expect(seen.dave.buckets ?? {}).not.toMatchObject({ vision: { read: 'done' } });
});
