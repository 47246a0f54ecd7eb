import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { checkCleanup } from './machine/check-cleanup';
import { enterLoadBalancer } from './machine/dns';
import { down } from './machine/down';
import { runHere } from './machine/interactive';
import { isLocked, withJanitor } from './machine/janitor';
import { NO_PLATFORM, onlyUp, suites, test } from './machine/test';
import { build, up } from './machine/up';
import { CACHE, STATE } from './paths';
import { type PlatformName, PLATFORMS } from './platforms';
import { installRequirements, line, missingRequirements } from './programs/requirements';
import { readState } from './state';

const USAGE = `usage: cli.ts COMMAND

  up [--install] [--site FILE] [--platform NAME]
                                 start a cluster that stays until it is taken down
  down                           take it down
  kubectl ARGUMENT...            kubectl with the cluster that is up
  run COMMAND...                 any command at the clients' place, with kubectl and the site's DNS
  build [--install]              build programs and images, start nothing
  test [--install] [ARGUMENT...] start clusters, run the suites, take them down; arguments are jest's
  check-cleanup [--seed N]       kill the bench at random moments and look for what it leaves

--install installs Debian packages that are missing; for test it raises the kernel's limit of inotify instances too,
until the machine is started anew, where that lets three platforms run at a time.
`;

type Command = (args: readonly string[]) => Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = {
  up: async (args) => {
    const { install, site, platform } = options(args, ['install'], ['site', 'platform']);
    if ((await isLocked()) && existsSync(STATE) && readState().ready) {
      tell(`a cluster is up.\n\n${hints()}`);
      return 0;
    }
    await require(install);
    await withJanitor(async (janitor) => {
      await up(janitor, { platform: platform === undefined ? undefined : platformNamed(platform), site, tell });
      await janitor.stay();
    });
    tell(`\nThe cluster is up.\n\n${hints()}`);
    return 0;
  },
  down: async (args) => {
    options(args, [], []);
    tell((await down()) ? 'the cluster is down; nothing of it is left' : 'no cluster is up');
    return 0;
  },
  kubectl: async (args) => runHere(['kubectl', ...args]),
  run: async (args) => {
    if (args.length === 0) throw new Usage('run needs a command');
    await enterLoadBalancer();
    return runHere(args);
  },
  build: async (args) => {
    const { install } = options(args, ['install'], []);
    await require(install);
    await build([], tell);
    tell(`programs and images are in ${CACHE}`);
    return 0;
  },
  test: async (args) => {
    const install = args.includes('--install');
    await require(install);
    return test({ args: args.filter((argument) => argument !== '--install'), install, tell });
  },
  'check-cleanup': async (args) => {
    const { seed } = options(args, [], ['seed']);
    if (seed !== undefined && !/^\d+$/.test(seed)) throw new Usage(`--seed needs a number, got ${seed}`);
    await require(undefined);
    const left = await checkCleanup({ seed: seed === undefined ? undefined : Number(seed), tell });
    for (const thing of left) tell(thing);
    return left.length === 0 ? 0 : 1;
  },
  // Started by the two above, in processes of their own.
  suites: async ([name, ...args]) => suites(name === NO_PLATFORM ? undefined : platformNamed(name), args, tell),
  'only-up': async (args) => {
    options(args, [], []);
    return onlyUp(tell);
  },
};

/** What to do with the cluster that is up. */
function hints(): string {
  return `  npm run cluster:kubectl -- get nodes
  npx ts-node test/cluster/cli.ts run sh ${relative(process.cwd(), join(readState().folder, 'apply.sh'))}
  npm run cluster:down`;
}

/** A command line that can't be understood. */
class Usage extends Error {}

async function main([name, ...args]: readonly string[]): Promise<number> {
  const command = COMMANDS[name ?? ''];
  if (!command) throw new Usage(name === undefined ? 'which command?' : `there is no command ${name}`);
  return command(args);
}

/** Flags and options with a value. @throws Usage where there is anything else */
function options<Flag extends string, Name extends string>(
  args: readonly string[],
  flags: readonly Flag[],
  names: readonly Name[],
): Partial<Record<Flag | Name, string>> {
  const found: Partial<Record<Flag | Name, string>> = {};
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const flag = flags.find((each) => word === `--${each}`);
    const option = names.find((each) => word === `--${each}`);
    const value = flag ?? (option && rest.shift());
    if (value === undefined) throw new Usage(option ? `--${option} needs a value` : `what is ${word}?`);
    found[(flag ?? option)!] = value;
  }
  return found;
}

function platformNamed(name: string | undefined): PlatformName {
  const found = PLATFORMS.find((platform) => platform === name);
  if (!found) throw new Usage(`there is no platform ${name}; there is ${PLATFORMS.join(', ')}`);
  return found;
}

/** @throws with all that the machine lacks */
async function require(install: boolean | string | undefined): Promise<void> {
  const missing = await missingRequirements();
  if (missing.length === 0) return;
  if (install) return installRequirements(missing, tell);
  const lines = missing.map((requirement) => `  ${line(requirement)}`);
  throw new Error(`this machine lacks what the bench needs:\n${lines.join('\n')}\n--install installs Debian packages`);
}

function tell(text: string): void {
  console.log(text);
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    if (error instanceof Usage) console.error(`\n${USAGE}`);
    process.exit(error instanceof Usage ? 2 : 1);
  },
);
