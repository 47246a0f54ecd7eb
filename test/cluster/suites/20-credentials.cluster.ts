import { createHash } from 'node:crypto';
import { type KubeObject } from '../cluster';
import { firstMinted } from './failure/minted';
import { imageOf, LivePlatform, manifests } from './support/platform';
import { proves } from './support/proves';
import { sleeper, STRANGER_NAMESPACE, STRANGERS } from './support/sleepers';

interface Secret extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

const { cluster } = new LivePlatform();
const platform = manifests();

/** What the minting Job says that it makes. */
const minted = platform
  .filter(({ kind, metadata }) => kind === 'Job' && metadata.namespace === 'platform-credentials')
  .flatMap(
    ({ metadata }) =>
      JSON.parse(metadata.annotations!['onprem-ml.io/creates']!) as { namespace: string; name: string }[],
  );

const accounts = platform
  .filter(({ kind }) => kind === 'ServiceAccount')
  .map(({ metadata }) => ({ namespace: metadata.namespace!, name: metadata.name! }));

/** Those that may read a Secret that was minted for another namespace than their own, and why. */
const READERS: Readonly<Record<string, string>> = {
  'platform-credentials/mint': 'gives two namespaces the same value, and must see whether a Secret is there already',
  'cert-manager/cert-manager': "keeps the key of each Certificate in whatever namespace it is, as upstream's does",
  'cert-manager/cert-manager-cainjector':
    "reads authorities from Secrets in whatever namespace they are, as upstream's does",
};

/** Keys whose values are names, not secrets. */
const NAMES = new Set(['username', 'access-key']);

beforeAll(async () => {
  const pod = sleeper(STRANGERS, 'reader', { app: 'reader' }, imageOf('curl/curl'), { serviceAccountToken: true });
  await cluster.run(['kubectl', 'apply', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [STRANGER_NAMESPACE, pod] }),
  });
  await cluster.kubectl('wait', '-n', STRANGERS, 'pod/reader', '--for=condition=Ready', '--timeout=60s');
}, 90_000);

afterAll(async () => {
  await cluster.kubectl('delete', 'namespace', STRANGERS, '--wait=false');
});

proves('credentials', 'L', 'values are long, random, and one for each purpose', async () => {
  const values = new Map<string, string[]>();
  const weak: string[] = [];
  for (const { namespace, name, data } of await secrets()) {
    for (const [key, base64] of Object.entries(data)) {
      if (NAMES.has(key)) continue;
      const value = Buffer.from(base64, 'base64').toString();
      const where = `${namespace}/${name} ${key}`;
      values.set(value, [...(values.get(value) ?? []), where]);
      const bits = Math.round(value.length * Math.log2(62));
      const different = new Set(value).size;
      if (!/^[A-Za-z0-9]+$/.test(value) || bits < 128 || different < 14) {
        weak.push(`${where}: ${value.length} characters, ${different} different ones`);
      }
    }
  }
  const shared = [...values.values()].filter((where) => new Set(where.map((text) => text.split('/')[1])).size > 1);
  expect({ weak, shared, purposes: values.size }).toEqual({ weak: [], shared: [], purposes: 9 });
});

proves('credentials', 'L', 'one Secret in two namespaces has one value', async () => {
  const all = await secrets();
  const different = all.filter(({ name, data }) =>
    all.some((other) => other.name === name && JSON.stringify(other.data) !== JSON.stringify(data)),
  );
  expect(different.map(({ namespace, name }) => `${namespace}/${name}`)).toEqual([]);
});

proves('credentials', 'L', "can be read by no other namespace's service account but those that must", async () => {
  const asked = [...accounts, { namespace: STRANGERS, name: 'default' }].flatMap((account) =>
    minted
      .filter(({ namespace }) => namespace !== account.namespace)
      .flatMap(({ namespace, name }) => [review(account, namespace, 'get', name), review(account, namespace, 'list')]),
  );
  const items = [...new Map(asked.map((one) => [JSON.stringify(one), one])).values()];
  const format = 'jsonpath={.spec.user} {.status.allowed}{"\\n"}';
  const answers = await cluster.run(['kubectl', 'create', '-f', '-', '-o', format], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  });
  const lines = answers.trim().split('\n');
  expect(lines).toHaveLength(items.length);
  const may = lines.filter((line) => line.endsWith(' true')).map((line) => /:([^:]+):([^:]+) /.exec(line)!);
  expect([...new Set(may.map(([, namespace, name]) => `${namespace}/${name}`))].sort()).toEqual(
    Object.keys(READERS).sort(),
  );
});

proves('credentials', 'L', 'are refused to a pod, whichever account of another namespace its token is of', async () => {
  const tokens = await Promise.all(
    accounts
      .filter(({ namespace, name }) => !(`${namespace}/${name}` in READERS))
      .map(async (account) => ({
        account,
        token: (await cluster.kubectl('create', 'token', '-n', account.namespace, account.name)).trim(),
      })),
  );
  const urls = minted.map(
    ({ namespace, name }) => `https://kubernetes.default.svc/api/v1/namespaces/${namespace}/secrets/${name}`,
  );
  const script = `
own=/var/run/secrets/kubernetes.io/serviceaccount
ask() { curl -sS --max-time 20 --cacert $own/ca.crt -H "Authorization: Bearer $2" -o /dev/null -w "$1 %{http_code} %{url}\\n" ${urls.map((url) => `-o /dev/null ${url}`).join(' ')}; }
ask strangers/default "$(cat $own/token)"
while read -r account token; do ask "$account" "$token"; done`;
  const output = await cluster.run(['kubectl', 'exec', '-i', '-n', STRANGERS, 'reader', '--', 'sh', '-c', script], {
    input: tokens.map(({ account, token }) => `${account.namespace}/${account.name} ${token}\n`).join(''),
  });
  const answers = output.trim().split('\n');
  expect(answers).toHaveLength((tokens.length + 1) * urls.length);
  const wrong = answers.filter((line) => {
    const [account, status, url] = line.split(' ') as [string, string, string];
    return status !== '403' && !url.includes(`/${account.split('/')[0]}/secrets/`);
  });
  expect(wrong).toEqual([]);
});

it('keeps what was minted, to compare', async () => {
  const hashes: Record<string, string> = {};
  for (const { namespace, name, data } of await secrets()) {
    for (const [key, value] of Object.entries(data)) {
      if (!NAMES.has(key))
        hashes[`${namespace}/${name}/${key}`] = createHash('sha256').update(Buffer.from(value, 'base64')).digest('hex');
    }
  }
  firstMinted.keep(hashes);
  expect(Object.keys(hashes)).toHaveLength(12);
});

function review(account: { namespace: string; name: string }, namespace: string, verb: string, name?: string): object {
  return {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    metadata: {},
    spec: {
      user: `system:serviceaccount:${account.namespace}:${account.name}`,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${account.namespace}`, 'system:authenticated'],
      resourceAttributes: { namespace, verb, version: 'v1', resource: 'secrets', name },
    },
  };
}

async function secrets(): Promise<{ namespace: string; name: string; data: Readonly<Record<string, string>> }[]> {
  const all = await cluster.list<Secret>('secrets', '-A');
  return minted.map(({ namespace, name }) => {
    const found = all.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
    if (!found) throw new Error(`there is no Secret ${namespace}/${name}`);
    return { namespace, name, data: found.data };
  });
}
