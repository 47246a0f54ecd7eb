import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { External } from '../../lib/core';
import { production } from '../monitoring/audit-support';
import { objectOf } from '../support';
import { containerOf, fileOf, make, serversOf } from './vault-support';

const webhook = { host: 'audit.corp.example', port: 443, credentials: { name: 'audit-token' } };

describe('the container beside each server', () => {
  test('has the token, the authority and the way to the collector, and no probe', () => {
    const { lab } = production();
    const container = containerOf(lab, 'audit');
    expect(Object.fromEntries(container.env!.map(({ name, value }) => [name, value]))).toMatchObject({
      URL: 'https://vault.audit.svc.cluster.local:9003/records',
      SCHEME: 'Bearer',
      CA: '/vault/audit-authority/ca.crt',
      AUDIT_FILES: '9',
    });
    expect(container).not.toHaveProperty('readinessProbe');
    expect(container.volumeMounts!.map(({ name, mountPath }) => [name, mountPath])).toEqual([
      ['audit', '/vault/audit'],
      ['scripts', '/vault/scripts'],
      ['audit-token', '/vault/audit-token'],
      ['audit-authority', '/vault/audit-authority'],
      ['audit-tmp', '/tmp'],
    ]);
    const { egress } = objectOf<{ spec: { egress: object[] } }>(lab, 'NetworkPolicy', 'vault', 'vault').spec;
    expect(JSON.stringify(egress)).toContain('"kubernetes.io/metadata.name":"audit"');
  });

  test('is not there without, and the devices of the audit log are the same', () => {
    const { lab } = make();
    expect(serversOf(lab).spec.template.spec.containers.map(({ name }) => name)).toEqual(['vault', 'reload']);
    expect(fileOf(lab, 'scripts', 'send-audit.sh')).toBe('');
    const sending = make((platform) => ({ audit: External.auditSink(platform, { webhook }) })).lab;
    expect(fileOf(sending, 'plan', 'configure.sh')).toBe(fileOf(lab, 'plan', 'configure.sh'));
    expect(serversOf(sending).spec.selector).toEqual(serversOf(lab).spec.selector);
    expect(serversOf(sending).spec.volumeClaimTemplates).toEqual(serversOf(lab).spec.volumeClaimTemplates);
  });
});

/** The script, run by a shell in a folder of its own, and a collector that writes down what it takes. */
describe('the script that sends', () => {
  let root: string;
  let server: Server;
  let child: ChildProcess | undefined;
  let output: string;
  let status: number;
  let taken: string[];
  let requests: { readonly authorization?: string; readonly lines: readonly string[] }[];

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'vault-audit-'));
    for (const folder of ['vault/audit', 'vault/audit-token', 'tmp'])
      mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, 'vault/audit-token/token'), 'the-token');
    const { lab } = make((platform) => ({ audit: External.auditSink(platform, { webhook }) }));
    const script = fileOf(lab, 'scripts', 'send-audit.sh');
    writeFileSync(join(root, 'send.sh'), script.replaceAll(/(?<![\w$/}])\/(vault|tmp)/g, `${root}/$1`));
    status = 200;
    taken = [];
    requests = [];
    output = '';
    server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8');
      request.on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        const lines = body.replace(/\n$/, '').split('\n');
        requests.push({ authorization: request.headers.authorization, lines });
        if (status < 300) taken.push(...lines);
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });

  afterEach(async () => {
    await stop();
    await new Promise((done) => server.close(done));
    rmSync(root, { recursive: true });
  });

  function start(): void {
    const { port } = server.address() as AddressInfo;
    child = spawn('sh', [join(root, 'send.sh')], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        URL: `http://127.0.0.1:${port}/records`,
        SCHEME: 'Bearer',
        AUDIT_FILES: '9',
        PAUSE: '0.1',
        no_proxy: '127.0.0.1',
      },
    });
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (data: Buffer) => (output += data.toString()));
  }

  async function stop(): Promise<void> {
    if (!child) return;
    const ended = once(child, 'close');
    process.kill(-child.pid!, 'SIGKILL');
    await ended;
    child = undefined;
  }

  const log = (number = 0): string => join(root, `vault/audit/audit.log${number === 0 ? '' : `.${number}`}`);
  const write = (...lines: string[]): void => appendFileSync(log(), lines.map((line) => `${line}\n`).join(''));
  const records = (from: number, to: number): string[] =>
    Array.from({ length: to - from + 1 }, (_, i) => `{"time":"t${from + i}"}`);

  /** As `reload.sh` does: names move up, the oldest is gone. Vault makes the new file later. */
  function rotate(): void {
    for (let i = 8; i >= 0; i--) if (existsSync(log(i))) renameSync(log(i), log(i + 1));
  }

  async function until(condition: () => boolean): Promise<void> {
    for (let i = 0; i < 150 && !condition(); i++) await new Promise((done) => setTimeout(done, 50));
    if (!condition()) throw new Error(`taken ${taken.length}: ${taken.slice(-3).join()}; ${output}`);
  }

  const takenAll = (count: number): Promise<void> => until(() => taken.length >= count);

  /** Until the script has written down that all of the log was taken: what is taken and not written down is sent again. */
  const keptAll = (): Promise<void> => {
    const size = statSync(log()).size;
    return until(() => readFileSync(join(root, 'vault/audit/sent'), 'utf8').endsWith(` ${size}\n`));
  };

  test('sends each whole line once, with the token, and goes on where it was', async () => {
    write(...records(1, 3));
    start();
    await takenAll(3);
    appendFileSync(log(), '{"time":"t4"');
    await new Promise((done) => setTimeout(done, 400));
    expect(taken).toEqual(records(1, 3));
    appendFileSync(log(), '}\n');
    await takenAll(4);
    await keptAll();
    await stop();
    write(...records(5, 6));
    start();
    await takenAll(6);
    expect(taken).toEqual(records(1, 6));
    expect(requests[0]!.authorization).toBe('Bearer the-token');
  });

  test('what is not taken is sent again', async () => {
    status = 503;
    write(...records(1, 2));
    start();
    await until(() => requests.length > 2);
    expect(output).toMatch(/audit: not taken by http:\S+ \(503\); the records are kept, and sent again/);
    expect(output.match(/not taken/g)).toHaveLength(1);
    status = 204;
    await takenAll(2);
    expect(taken).toEqual(records(1, 2));
  });

  test('follows the files when they are renamed, also by several while nothing is taken', async () => {
    write(...records(1, 2));
    start();
    await takenAll(2);
    status = 500;
    write(...records(3, 4));
    rotate();
    write(...records(5, 6));
    rotate();
    write(...records(7, 8));
    await until(() => requests.length > 1);
    status = 200;
    await takenAll(8);
    expect(taken).toEqual(records(1, 8));
    rotate();
    // Until Vault opens the new one it writes to the old.
    appendFileSync(log(1), `${records(9, 9)[0]}\n`);
    await takenAll(9);
    write(...records(10, 10));
    await takenAll(10);
    expect(taken).toEqual(records(1, 10));
  });

  test('begins with the oldest file, and says when the one it was at is gone', async () => {
    write(...records(1, 2));
    rotate();
    write(...records(3, 4));
    start();
    await takenAll(4);
    expect(taken).toEqual(records(1, 4));
    await keptAll();
    await stop();
    for (let i = 5; i < 16; i++) {
      write(...records(i, i));
      rotate();
    }
    write(...records(16, 16));
    start();
    await until(() => taken.at(-1) === records(16, 16)[0]);
    expect(output).toContain('the file that was being sent is gone');
    expect(taken.slice(4)).toEqual(records(7, 16));
  });

  test('a line longer than what is sent at a time goes alone, and a torn note of the place begins anew', async () => {
    const long = `{"time":"t1","data":"${'x'.repeat(3 * 1024 * 1024)}"}`;
    write(long, ...records(2, 2));
    start();
    await takenAll(2);
    expect(taken[0]).toBe(long);
    await stop();
    const state = join(root, 'vault/audit/sent');
    expect(readFileSync(state, 'utf8')).toMatch(/^[0-9a-f]{32} \d+\n$/);
    writeFileSync(state, 'torn');
    start();
    await takenAll(4);
    expect(taken.slice(2)).toEqual([long, ...records(2, 2)]);
  });
});
