import { type Cluster } from '../../cluster';
import { directory } from '../../machine/directory';
import { setGatewayAddress } from '../../machine/dns';
import { sleep } from '../../shell';
import { Kept } from './kept';
import { type LivePlatform } from './platform';

/** Shares of Vault's key, and how many of them unseal it: what summary.md says. */
const [SHARES, THRESHOLD] = [5, 3];
export const SERVERS: readonly string[] = ['vault-0', 'vault-1', 'vault-2'];

/** What Vault said when it was initialized. */
export interface VaultKeys {
  readonly unseal_keys_b64: readonly string[];
  readonly root_token: string;
}

/** For the suites that come after the installation. */
export const vaultKeys = new Kept<VaultKeys>('vault-keys', '90-company');

/** A thing that a person does meanwhile. */
interface Task {
  readonly what: string;
  /** @returns undefined while it can't be done yet */
  do(): Promise<true | undefined>;
}

/** What was done by hand, once all of it is. */
export interface Done {
  readonly keys: VaultKeys;
}

export interface Hands {
  readonly done: Promise<Done>;
  /** What isn't done by then is an error. */
  stop(): void;
}

/**
 * Does in the place of people what summary.md tells them to do while apply.sh waits: the directory's Secrets, the DNS entries, and Vault's
 * initialization.
 */
export function lendHands(platform: LivePlatform): Hands {
  const { cluster } = platform;
  let stopped = false;
  let keys: VaultKeys | undefined;
  const tasks: readonly Task[] = [
    ...Object.entries(directorySecrets()).map(([name, data]) => ({
      what: `the Secret dex/${name}`,
      do: async () => createSecret(cluster, name, data),
    })),
    {
      what: 'the DNS entries',
      do: async () =>
        platform.address().then(
          async (address) => setGatewayAddress(address).then(() => true as const),
          () => undefined,
        ),
    },
    {
      what: "Vault's initialization",
      do: async () => {
        keys = await initialize(cluster);
        return keys && (await unseal(cluster, keys), await bootstrap(cluster, keys), true);
      },
    },
  ];
  const work = async (task: Task) => {
    while ((await task.do()) === undefined) {
      if (stopped) throw new Error(`${task.what}: not done by hand before the end`);
      await sleep(1);
    }
  };
  const done = Promise.all(tasks.map(work)).then(() => ({ keys: keys! }));
  done.catch(() => undefined);
  return { done, stop: () => (stopped = true) };
}

/** What Dex needs to ask the directory, by the Secrets' names. */
function directorySecrets(): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const { authority, bind } = directory();
  return { 'ldap-ca': { 'ca.crt': authority }, 'ldap-bind': bind };
}

/** @returns undefined while its namespace isn't there */
async function createSecret(
  cluster: Cluster,
  name: string,
  stringData: Readonly<Record<string, string>>,
): Promise<true | undefined> {
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'dex' }, stringData });
  return (await cluster.attempt(['kubectl', 'create', '-f', '-'], { input })).code === 0 || undefined;
}

/** @returns undefined while the first server isn't there */
export async function initialize(cluster: Cluster, shares = SHARES): Promise<VaultKeys | undefined> {
  const options = [`-key-shares=${shares}`, `-key-threshold=${Math.min(shares, THRESHOLD)}`, '-format=json'];
  const { code, stdout } = await cluster.attempt(vault('vault-0', 'vault', 'operator', 'init', ...options));
  return code === 0 ? (JSON.parse(stdout) as VaultKeys) : undefined;
}

/** With as many shares as are asked for, typed by three people at a terminal, since no other input is taken. */
export async function unseal(
  cluster: Cluster,
  { unseal_keys_b64: keys }: VaultKeys,
  servers: readonly string[] = SERVERS,
): Promise<void> {
  for (const server of servers) {
    const typed = vault(server, 'sh', '/vault/scripts/unseal.sh').map((word) => (word === '-i' ? '-it' : word));
    // A terminal gives back what is typed before it is asked for, so that it needn't be waited for each prompt.
    await cluster.run(['script', '--quiet', '--return', '--command', typed.join(' '), '/dev/null'], {
      input: keys
        .slice(0, 3)
        .map((key) => `${key}\n`)
        .join(''),
      timeout: 120,
    });
  }
}

export async function bootstrap(cluster: Cluster, { root_token: token }: VaultKeys): Promise<void> {
  await cluster.run(vault('vault-0', 'sh', '/vault/scripts/bootstrap.sh'), { input: `${token}\n`, timeout: 120 });
}

/** A command in a server's container. */
export function vault(server: string, ...command: string[]): string[] {
  return ['kubectl', 'exec', '-i', '-n', 'vault', server, '-c', 'vault', '--', ...command];
}

/** Name of the server that answers; empty where there is none. */
export async function activeServer(cluster: Cluster): Promise<string> {
  const active = await cluster.list('pods', '-n', 'vault', '-l', 'vault-active=true');
  return active.map(({ metadata }) => metadata.name).join(' ');
}
