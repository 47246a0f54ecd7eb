import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../lib/cli/main';
import { RegistryClient } from '../../lib/cli/registry/client';
import { DockerConfig } from '../../lib/cli/registry/docker-config';
import { proxyOf, request } from '../../lib/cli/registry/http';

let server: Server;
let host: string;
let folder: string;
/** What the registry answers for a path; undefined is 404. */
let answers: (request: IncomingMessage, response: ServerResponse) => boolean;
let manifests: Record<string, string>;
let asked: string[];

const digestOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

beforeEach(async () => {
  [manifests, asked] = [{}, []];
  answers = () => false;
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (answers(request, response)) return;
    const manifest = manifests[request.url!.replace('/v2/', '').replace('/manifests/', ':')];
    response.statusCode = manifest === undefined ? 404 : 200;
    response.end(manifest ?? '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  folder = mkdtempSync(join(tmpdir(), 'images-'));
  mkdirSync(join(folder, 'dist/lab'), { recursive: true });
  mkdirSync(join(folder, 'docker'));
  process.env.DOCKER_CONFIG = join(folder, 'docker');
});
afterEach(async () => {
  delete process.env.DOCKER_CONFIG;
  rmSync(folder, { recursive: true });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function run(...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const file = args.includes('--file') ? [] : ['--file', join(folder, 'images.lock')];
  const code = await main(
    ['images', 'lock', ...file, ...args],
    (line) => out.push(line),
    (line) => err.push(line),
  );
  return { code, out, err };
}
const dist = () => join(folder, 'dist');
const list = (...lines: string[]) =>
  writeFileSync(join(folder, 'dist/lab/mirror.txt'), ['# a title', ...lines, ''].join('\n'));
const lock = () => JSON.parse(readFileSync(join(folder, 'images.lock'), 'utf8')) as { images: object };
const INDEX = JSON.stringify({
  manifests: [
    { digest: digestOf('amd64'), platform: { os: 'linux', architecture: 'amd64' } },
    { digest: digestOf('arm64'), platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
    { digest: digestOf('statement'), platform: { os: 'unknown', architecture: 'unknown' } },
  ],
});

describe('images lock', () => {
  beforeEach(() => {
    manifests = { 'team/web:v1': INDEX, 'team/data:v2': '{"layers":[]}' };
    list(
      `${host}/team/web:v1 - team/web:v1 shop`,
      `${host}/team/data:v2 ${digestOf('before')} team/data:v2 store`,
      `${host}/team/tool:v3@${digestOf('tool')} ${digestOf('tool')} team/tool:v3 shop`,
    );
  });

  test('writes what each tag stands for, but for those that have a digest of their own', async () => {
    expect(await run(dist())).toMatchObject({
      code: 0,
      out: [expect.stringMatching(/^2 images in .*, for all platforms$/)],
    });
    expect(lock()).toEqual({
      version: 1,
      platform: 'all',
      images: { [`${host}/team/data:v2`]: digestOf('{"layers":[]}'), [`${host}/team/web:v1`]: digestOf(INDEX) },
    });
    const before = readFileSync(join(folder, 'images.lock'), 'utf8');
    await run(join(dist(), 'lab'));
    expect(readFileSync(join(folder, 'images.lock'), 'utf8')).toBe(before);
  });

  test('takes one platform of an index, and keeps to it', async () => {
    await run(dist(), '--platform', 'linux/arm64');
    expect(lock()).toMatchObject({ platform: 'linux/arm64', images: { [`${host}/team/web:v1`]: digestOf('arm64') } });
    await run(dist());
    expect(lock()).toMatchObject({ platform: 'linux/arm64', images: { [`${host}/team/web:v1`]: digestOf('arm64') } });
    expect(await run(dist(), '--platform=linux/s390x')).toMatchObject({
      code: 1,
      err: expect.arrayContaining([
        `  - ${host}/team/web:v1: it has no linux/s390x, but linux/amd64, linux/arm64/v8`,
      ]) as string[],
    });
  });

  test('names all that can’t be looked up, and leaves the file as it was', async () => {
    await run(dist());
    manifests = {};
    const { code, err } = await run(dist());
    expect(code).toBe(1);
    expect(err).toEqual([
      "onprem-ml images: 2 images can't be looked up, nothing is written:",
      `  - ${host}/team/data:v2: ${host} answers 404: manifest unknown`,
      `  - ${host}/team/web:v1: ${host} answers 404: manifest unknown`,
    ]);
    expect(lock().images).toHaveProperty([`${host}/team/web:v1`], digestOf(INDEX));
  });

  test('asks another registry for the copies', async () => {
    list('quay.io/a/b:v1 - quay.io/a/b:v1 shop', `${host}/own/build:v2 - = shop`);
    manifests = { 'mirror/quay.io/a/b:v1': INDEX, 'own/build:v2': '{}' };
    expect((await run(dist(), '--from', `http://${host}/mirror`)).code).toBe(0);
    expect(lock().images).toEqual({ 'quay.io/a/b:v1': digestOf(INDEX), [`${host}/own/build:v2`]: digestOf('{}') });
  });

  test('--add looks up one more and no other', async () => {
    await run(dist());
    manifests = { 'team/new:v1': '{}' };
    const { code, out } = await run('--add', `${host}/team/new:v1`);
    expect(code).toBe(0);
    expect(out[0]).toBe(`+ ${host}/team/new:v1 ${digestOf('{}')}`);
    expect(Object.keys(lock().images)).toHaveLength(3);
    expect((await run('--add', `${host}/team/new:v1`, '--platform', 'linux/amd64')).err[0]).toContain(
      '--add keeps what',
    );
  });

  test('--check says what is stale, and writes nothing', async () => {
    await run(dist());
    expect(await run(dist(), '--check')).toMatchObject({ code: 0 });
    manifests['team/web:v1'] = '{"moved":1}';
    manifests['team/more:v1'] = '{}';
    list(`${host}/team/web:v1 - team/web:v1 shop`, `${host}/team/more:v1 - team/more:v1 shop`);
    const before = readFileSync(join(folder, 'images.lock'), 'utf8');
    const { code, out } = await run(dist(), '--check');
    expect(code).toBe(1);
    expect(out).toEqual([
      `- ${host}/team/data:v2, which nobody runs`,
      `+ ${host}/team/more:v1 ${digestOf('{}')}`,
      `! ${host}/team/web:v1 was ${digestOf(INDEX)}, is ${digestOf('{"moved":1}')}`,
      expect.stringMatching(/^2 images, 3 of which are stale in /),
    ]);
    expect(readFileSync(join(folder, 'images.lock'), 'utf8')).toBe(before);
  });

  test.each([
    [['nowhere'], 'nowhere: there is no such folder; synthesize first'],
    [['--platform', 'amd64'], '--platform must be OS/ARCH, such as linux/amd64, or all, got "amd64"'],
    [['--from', 'ftp://x'], '--from must be HOST[:PORT][/PATH], got "ftp://x"'],
    [['--add', 'nginx'], '"nginx" must be registry/repository:tag'],
    [['--add', `x.example/y:v1@${digestOf('')}`], 'has a digest already'],
    [['--add', 'x.example/y:v1', '--check'], '--add goes with no FOLDER and no --check'],
    [['--check'], 'there is no such file to check'],
    [['--file'], '--file needs a value'],
    [['--fast'], 'there is no option "--fast"'],
  ])('%j is refused', async (args, message) => {
    const { code, err } = await run(...args);
    expect([code, err.join()]).toEqual([2, expect.stringContaining(message)]);
    expect(existsSync(join(folder, 'images.lock'))).toBe(false);
  });
});

test('images: without a subcommand it says what there is', async () => {
  const err: string[] = [];
  expect(
    await main(
      ['images'],
      () => undefined,
      (line) => err.push(line),
    ),
  ).toBe(2);
  expect(err).toEqual(['onprem-ml images: says not what to do; there is lock']);
});

describe('the registry', () => {
  const client = (config: object = {}) => new RegistryClient(new DockerConfig(config), { pause: 1, environment: {} });
  const image = () => ({ registry: host, repository: 'team/web', tag: 'v1' });
  beforeEach(() => {
    manifests = { 'team/web:v1': INDEX };
  });
  const refuse = (response: ServerResponse, challenge: string) => {
    response.writeHead(401, { 'www-authenticate': challenge }).end();
    return true;
  };
  const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;
  const bearer = () => `Bearer realm="http://${host}/token",service="the registry",scope="repository:team/web:pull"`;

  test('gives a token to anybody', async () => {
    answers = ({ url, headers }, response) => {
      if (url!.startsWith('/token')) {
        response.end(JSON.stringify({ token: 'T' }));
        return true;
      }
      return headers.authorization !== 'Bearer T' && refuse(response, bearer());
    };
    const registry = client();
    expect(await registry.digest(image(), 'all')).toBe(digestOf(INDEX));
    expect(asked[1]).toBe('GET /token?service=the+registry&scope=repository%3Ateam%2Fweb%3Apull');
    await registry.digest(image(), 'all');
    expect(asked.filter((line) => line.includes('/token'))).toHaveLength(1);
  });

  test('gives a token for a login, or for an identity token', async () => {
    const seen: string[] = [];
    answers = ({ url, method, headers }, response) => {
      if (url!.startsWith('/token')) {
        seen.push(`${method} ${headers.authorization ?? ''}`);
        response.end(JSON.stringify({ access_token: 'T' }));
        return true;
      }
      return headers.authorization !== 'Bearer T' && refuse(response, bearer());
    };
    const auths = (entry: object) => ({ auths: { [host]: entry } });
    await client(auths({ auth: Buffer.from('me:a:b').toString('base64') })).digest(image(), 'all');
    await client(auths({ identitytoken: 'I' })).digest(image(), 'all');
    expect(seen).toEqual([`GET ${basic('me:a:b')}`, 'POST ']);
  });

  test('takes a password as it is', async () => {
    answers = ({ headers }, response) =>
      headers.authorization !== basic('robot$x:secret') && refuse(response, 'Basic realm="lab"');
    expect(
      await client({ auths: { [host]: { username: 'robot$x', password: 'secret' } } }).digest(image(), 'all'),
    ).toBe(digestOf(INDEX));
    await expect(client().digest(image(), 'all')).rejects.toThrow(
      `${host} answers 401: it wants a login; docker login, or crane auth login`,
    );
  });

  test('says why it gives no token', async () => {
    answers = ({ url }, response) => {
      if (!url!.startsWith('/token')) return refuse(response, bearer());
      response.writeHead(403).end('{"errors":[{"message":"who are you"}]}');
      return true;
    };
    await expect(client().digest(image(), 'all')).rejects.toThrow(
      `${host} gives no token: it answers 403: who are you`,
    );
  });

  test('is given no password in the clear', async () => {
    answers = (_, response) => refuse(response, 'Bearer realm="http://token.example/"');
    const login = { auths: { [host]: { username: 'me', password: 'secret' } } };
    await expect(client(login).digest(image(), 'all')).rejects.toThrow(
      'the registry wants the login at http://token.example/, without TLS',
    );
  });

  test('is asked again when it is busy, but not for ever', async () => {
    let busy = 2;
    answers = (_, response) => {
      if (busy-- <= 0) return false;
      response.writeHead(503).end();
      return true;
    };
    expect(await client().digest(image(), 'all')).toBe(digestOf(INDEX));
    busy = 100;
    await expect(client().digest(image(), 'all')).rejects.toThrow(`${host} answers 503`);
    expect(busy).toBe(96);
  });

  test('must send what it says', async () => {
    answers = (_, response) => {
      response.writeHead(200, { 'docker-content-digest': digestOf('another') }).end(INDEX);
      return true;
    };
    await expect(client().digest(image(), 'all')).rejects.toThrow(
      `the registry says ${digestOf('another')}, but sends ${digestOf(INDEX)}`,
    );
  });
});

describe('requests', () => {
  test('go on where they are sent, without the password at another host', async () => {
    const seen: (string | undefined)[] = [];
    const other = createServer((asking, response) => {
      seen.push(asking.headers.authorization);
      response.end('there');
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    answers = (_, response) => {
      response.writeHead(307, { location: `http://127.0.0.1:${(other.address() as AddressInfo).port}/x` }).end();
      return true;
    };
    const { body } = await request(new URL(`http://${host}/`), { headers: { authorization: 'Basic x' } });
    expect([body.toString(), seen]).toEqual(['there', [undefined]]);
    await new Promise((resolve) => other.close(resolve));
  });

  test('go in circles only so long', async () => {
    answers = (_, response) => {
      response.writeHead(302, { location: '/' }).end();
      return true;
    };
    await expect(request(new URL(`http://${host}/`))).rejects.toThrow('redirects more than 5 times');
  });

  test('are given up when nobody answers', async () => {
    answers = () => true;
    await expect(request(new URL(`http://${host}/`), {}, { timeout: 50 })).rejects.toThrow(
      `${host} doesn't answer within 0.05 s`,
    );
  });

  test('go through a proxy', async () => {
    manifests = { 'team/web:v1': INDEX };
    server.on('connect', ({ url, headers }: IncomingMessage, socket) => {
      asked.push(`CONNECT ${url} ${headers['proxy-authorization']}`);
      const way = connect(Number(host.split(':')[1]), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        way.pipe(socket).pipe(way);
      });
    });
    const environment = { http_proxy: `http://me:secret@${host}` };
    const url = new URL('http://registry.example:5000/v2/team/web/manifests/v1');
    expect((await request(url, {}, { environment })).body.toString()).toBe(INDEX);
    expect(asked[0]).toBe(`CONNECT registry.example:5000 Basic ${Buffer.from('me:secret').toString('base64')}`);
  });

  test.each([
    ['https://x.example', { HTTPS_PROXY: 'proxy:3128' }, 'http://proxy:3128/'],
    ['https://x.example', { http_proxy: 'http://proxy' }, undefined],
    ['https://x.lab.example', { https_proxy: 'http://proxy', no_proxy: 'other, .lab.example' }, undefined],
    ['https://x.example', { https_proxy: 'http://proxy', NO_PROXY: '*' }, undefined],
    ['http://127.0.0.1:5000', { http_proxy: 'http://proxy' }, undefined],
  ])('for %s with %j the proxy is %s', (url, environment, proxy) => {
    expect(proxyOf(new URL(url), environment)?.href).toBe(proxy);
  });
});

describe('logins', () => {
  test('are read from where the tools keep them', () => {
    writeFileSync(join(folder, 'auth.json'), '{"auths":{"a.example":{"auth":"eDp5"}}}');
    const environment = { HOME: folder, REGISTRY_AUTH_FILE: join(folder, 'auth.json') };
    expect(DockerConfig.read(environment).login('a.example')).toEqual({ username: 'x', password: 'y' });
    mkdirSync(join(folder, '.docker'));
    writeFileSync(join(folder, '.docker/config.json'), '{"auths":{"https://index.docker.io/v1/":{"auth":"aDpi"}}}');
    expect(DockerConfig.read(environment).login('a.example')).toBeUndefined();
    expect(DockerConfig.read(environment).login('docker.io')).toEqual({ username: 'h', password: 'b' });
    writeFileSync(join(folder, '.docker/config.json'), '{');
    expect(() => DockerConfig.read(environment)).toThrow(/config\.json: is no JSON/);
  });

  test('may be kept by a program', () => {
    const path = process.env.PATH;
    const program = '#!/bin/sh\nread -r key\necho "{\\"Username\\":\\"<token>\\",\\"Secret\\":\\"for $key\\"}"\n';
    writeFileSync(join(folder, 'docker-credential-lab'), program, { mode: 0o755 });
    try {
      process.env.PATH = `${folder}:${path}`;
      const config = new DockerConfig({ credHelpers: { 'a.example': 'lab' }, credsStore: 'missing' });
      expect(config.login('a.example')).toEqual({ identityToken: 'for a.example' });
      expect(config.login('b.example')).toBeUndefined();
    } finally {
      process.env.PATH = path;
    }
  });
});
