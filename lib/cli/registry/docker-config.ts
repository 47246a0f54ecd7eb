import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isObj, str } from '../../core/link/json';

/** How to sign in at a registry. */
export type Login = { readonly username: string; readonly password: string } | { readonly identityToken: string };

/**
 * The logins that `docker login`, `crane auth login` and `skopeo login` have written: `$DOCKER_CONFIG/config.json` or `~/.docker/config.json`, else
 * `$REGISTRY_AUTH_FILE`, else `$XDG_RUNTIME_DIR/containers/auth.json`; with the programs that keep passwords for it.
 *
 * @see https://github.com/docker/cli/blob/v28.0.0/docs/reference/commandline/login.md
 */
export class DockerConfig {
  /** @throws Error when there is a file, but it is no JSON */
  static read(environment: Readonly<Record<string, string | undefined>> = process.env): DockerConfig {
    const { DOCKER_CONFIG, REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR } = environment;
    const files = [
      join(DOCKER_CONFIG ?? join(environment.HOME ?? homedir(), '.docker'), 'config.json'),
      ...(REGISTRY_AUTH_FILE ? [REGISTRY_AUTH_FILE] : []),
      ...(XDG_RUNTIME_DIR ? [join(XDG_RUNTIME_DIR, 'containers/auth.json')] : []),
    ];
    for (const file of files) {
      let text: string;
      try {
        text = readFileSync(file, 'utf8');
      } catch {
        continue;
      }
      try {
        return new DockerConfig(JSON.parse(text));
      } catch (error) {
        throw new Error(`${file}: is no JSON: ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        });
      }
    }
    return new DockerConfig({});
  }

  constructor(private readonly content: unknown) {}

  /** The login for a registry; undefined where there is none. */
  login(registry: string): Login | undefined {
    if (!isObj(this.content)) return undefined;
    const { auths, credHelpers, credsStore } = this.content;
    const keys =
      registry === 'docker.io' ? ['https://index.docker.io/v1/', 'docker.io', 'index.docker.io'] : [registry];
    for (const key of keys) {
      const helper = (isObj(credHelpers) ? str(credHelpers[key]) : undefined) ?? str(credsStore);
      const kept = helper === undefined ? undefined : askHelper(helper, key);
      if (kept) return kept;
      const entry = isObj(auths) ? (auths[key] ?? auths[`https://${key}`] ?? auths[`https://${key}/v2/`]) : undefined;
      const login = isObj(entry) ? loginOf(entry) : undefined;
      if (login) return login;
    }
    return undefined;
  }
}

function loginOf(entry: Readonly<Record<string, unknown>>): Login | undefined {
  const identityToken = str(entry.identitytoken);
  if (identityToken) return { identityToken };
  const [username, password] = [str(entry.username), str(entry.password)];
  if (username !== undefined && password !== undefined) return { username, password };
  const pair = Buffer.from(str(entry.auth) ?? '', 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon < 0
    ? undefined
    : { username: pair.slice(0, colon), password: pair.slice(colon + 1).replace(/\0+$/, '') };
}

/** @see https://github.com/docker/docker-credential-helpers#development */
function askHelper(helper: string, key: string): Login | undefined {
  const { status, stdout } = spawnSync(`docker-credential-${helper}`, ['get'], {
    input: key,
    env: process.env,
    encoding: 'utf8',
  });
  if (status !== 0) return undefined;
  let answer: unknown;
  try {
    answer = JSON.parse(stdout);
  } catch {
    return undefined;
  }
  if (!isObj(answer)) return undefined;
  const [username, password] = [str(answer.Username), str(answer.Secret)];
  if (username === undefined || password === undefined) return undefined;
  return username === '<token>' ? { identityToken: password } : { username, password };
}
