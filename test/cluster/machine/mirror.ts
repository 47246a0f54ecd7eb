import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Platform, type Site } from '../../../lib';
import { REPOSITORY, RUN, SCRATCH } from '../paths';
import { ownBuilds, platformFolder, type PlatformName, platformOf, synthesize } from '../platforms';
import { program } from '../programs/programs';
import { attempt, type Result, run, type RunOptions, until } from '../shell';
import { type MirrorState, readState } from '../state';
import { LOGS, MIRROR_ADDRESS, RESOLV_CONF, SYSTEM_PATH } from './constants';
import { certificate, key, makeServerCertificate } from './pki';
import { addProcess } from './processes';

/** Name of its process, its certificate and its log. */
export const MIRROR = 'mirror';

/** What came to it, in the form of Apache's combined log, among what it says itself. */
export const MIRROR_LOG = join(LOGS, `${MIRROR}.log`);

const FOLDER = join(RUN, 'mirror');
const USERS = join(FOLDER, 'htpasswd');
/** Who brings images, and who nodes are. */
const [OPERATOR, NODES] = ['operator', 'nodes'];
/** What stands in summary.md for who a node is. */
const BLANK = 'BASE64 OF USER:PASSWORD';

/** What the state says of the mirror of a platform, before there is one. */
export function mirrorState(platform: Platform, saved: string): MirrorState {
  return {
    base: platform.mirror!.base,
    authority: certificate(`${MIRROR}-ca`),
    hosts: join(FOLDER, 'hosts'),
    login: join(FOLDER, 'login'),
    saved,
    lock: join(FOLDER, 'images.lock'),
  };
}

/** Where the manifests are that name the digests of the mirror. */
export function mirroredFolder(name: PlatformName): string {
  return join(FOLDER, 'platforms', name);
}

/** The platform that is applied, with the digests of its images where these are the mirror's. */
export function appliedPlatform(site: Site): Platform {
  const { platform, mirror } = readState();
  return platformOf(platform, site, mirror && { images: ownBuilds(platform), imageLock: mirror.lock });
}

/** Certificates, users and logins. @returns the credential of nodes, as summary.md wants it */
export async function prepareMirror({ base, hosts, login }: MirrorState): Promise<string> {
  const host = hostOf(base);
  mkdirSync(login, { recursive: true, mode: 0o700 });
  await makeServerCertificate(MIRROR, host.split(':')[0]!);
  const known = readFileSync('/etc/hosts', 'utf8');
  writeFileSync(hosts, `${known.trimEnd()}\n${hostsEntry(host)}\n`);
  const users = [OPERATOR, NODES].map((name) => ({ name, password: randomBytes(18).toString('base64url') }));
  const lines = await Promise.all(
    users.map(async ({ name, password }) => run([program('registry'), 'htpasswd', name], { input: password })),
  );
  writeFileSync(USERS, lines.join(''), { mode: 0o600 });
  const [operator, nodes] = users.map(({ name, password }) => Buffer.from(`${name}:${password}`).toString('base64'));
  writeFileSync(join(login, 'config.json'), JSON.stringify({ auths: { [host]: { auth: operator } } }), { mode: 0o600 });
  return nodes!;
}

/** Makes a node ready to pull, by what summary.md says under "Before". */
export async function furnishNode(
  pid: number,
  name: PlatformName,
  mirror: MirrorState,
  credential: string,
): Promise<void> {
  const summary = readFileSync(join(platformFolder(name), 'summary.md'), 'utf8');
  const files = [...summary.matchAll(/^On each node, (\/[^\s,]+), ([^\n]*):\n\n```\w+\n([^`]*)```/gm)];
  const hostsToml = files.find(([, path]) => path!.endsWith('/hosts.toml'))?.[1];
  if (hostsToml === undefined || files.length !== 2) throw new Error(`${name}: summary.md says not what nodes need`);
  for (const [, path, said, text] of files) {
    await write(pid, path!, /of mode (0\d+)/.exec(said!)?.[1] ?? '0644', text!.replace(BLANK, credential));
  }
  await write(pid, join(dirname(hostsToml), 'ca.crt'), '0644', readFileSync(mirror.authority, 'utf8'));
  // Where the platform is finished, the company's DNS leads the name to the gateway: Harbor would be behind it, which the bench lacks.
  const entry = hostsEntry(hostOf(mirror.base));
  await run(['nsenter', '-t', String(pid), '-m', '--', 'sh', '-ec', 'echo "$0" >> /etc/hosts', entry]);
}

async function write(pid: number, path: string, mode: string, text: string): Promise<void> {
  const script = 'mkdir -p "$(dirname "$0")" && umask 077 && cat > "$0" && chmod "$1" "$0"';
  await run(['nsenter', '-t', String(pid), '-m', '--', 'sh', '-ec', script, path, mode], { input: text });
}

/** Starts the registry at the clients' place, at an address of its own. */
export async function startMirror({ base }: MirrorState): Promise<void> {
  const { holder } = readState();
  const [, port = '443'] = hostOf(base).split(':');
  const address = `${MIRROR_ADDRESS}:${port}`;
  await run(['nsenter', '-t', String(holder), '-n', '--', 'ip', 'addr', 'add', `${MIRROR_ADDRESS}/32`, 'dev', 'br0']);
  const config = join(FOLDER, 'config.json');
  writeFileSync(
    config,
    JSON.stringify({
      version: '0.1',
      log: { level: 'warn' },
      storage: {
        filesystem: { rootdirectory: join(FOLDER, 'storage') },
        delete: { enabled: true },
        maintenance: { uploadpurging: { enabled: false } },
      },
      http: { addr: address, tls: { certificate: certificate(MIRROR), key: key(MIRROR) } },
      auth: { htpasswd: { realm: 'mirror', path: USERS } },
    }),
  );
  await addProcess({ name: MIRROR, argv: [program('registry'), 'serve', config], env: { PATH: SYSTEM_PATH } });
  const ask = async () => asOperator(['crane', 'catalog', hostOf(base)]);
  await until('the registry', 60, ask, 0.05);
}

/**
 * Fills the registry as docs/air-gap.md says, looks up in it which digests the images have there, and writes the platform's folder with these.
 *
 * @see docs/air-gap.md
 */
export async function fillMirror(name: PlatformName, site: Site, tell: (line: string) => void): Promise<void> {
  const { base, authority, saved, lock } = readState().mirror!;
  const images = ownBuilds(name);
  const tagged = join(FOLDER, 'tagged');
  synthesize(name, site, tagged, { images });
  await asOperator([join(tagged, name, 'mirror.sh'), '--load', saved, '--ca', authority]);
  tell('the mirror has its images');
  const cli = [process.execPath, '-r', 'ts-node/register', join(REPOSITORY, 'lib/cli/main.ts'), 'images', 'lock'];
  await asOperator([...cli, join(tagged, name), '--file', lock, '--from', base, '--ca', authority], {
    cwd: REPOSITORY,
  });
  synthesize(name, site, dirname(mirroredFolder(name)), { images, imageLock: lock });
  await asOperator([join(mirroredFolder(name), 'mirror.sh'), '--check', '--load', saved, '--ca', authority]);
  tell('the manifests name the digests of the mirror');
}

/** A command at the clients' place, as the one who may write to the mirror: by its name, with crane and a login. @throws where it fails */
export async function asOperator(command: readonly string[], options: RunOptions = {}): Promise<string> {
  return run(inside(command), withLogin(options));
}

/** As `asOperator`, but a failure is a result. */
export async function attemptAsOperator(command: readonly string[], options: RunOptions = {}): Promise<Result> {
  return attempt(inside(command), withLogin(options));
}

function inside(command: readonly string[]): readonly string[] {
  const { holder, mirror } = readState();
  const names =
    'mount --bind "$0" "$(readlink -f /etc/resolv.conf)" && mount --bind "$1" /etc/hosts && shift && exec "$@"';
  return [
    ...['nsenter', '-t', String(holder), '-n', '-p', '--', 'setpriv', '--pdeathsig', 'KILL', '--'],
    ...['unshare', '--mount', '--propagation', 'private', '--', 'sh', '-c', names, RESOLV_CONF, mirror!.hosts],
    ...command,
  ];
}

function withLogin(options: RunOptions): RunOptions {
  const { mirror, path } = readState();
  const env = {
    DOCKER_CONFIG: mirror!.login,
    SSL_CERT_FILE: mirror!.authority,
    PATH: `${dirname(program('crane'))}:${path}:${process.env.PATH}`,
    TMPDIR: SCRATCH,
  };
  return { ...options, env: { ...env, ...options.env } };
}

function hostOf(base: string): string {
  return base.split('/')[0]!;
}

function hostsEntry(host: string): string {
  return `${MIRROR_ADDRESS} ${host.split(':')[0]}`;
}
