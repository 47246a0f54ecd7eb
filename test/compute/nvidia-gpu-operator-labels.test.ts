import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LABEL_SCRIPT } from '../../lib/compute/nvidia-gpu-operator/node-labels';

/** Stands in for the API server: two nodes lack what is asked for, unless they were given it; `DOWN` has it answer nothing. */
const CURL = `#!/bin/sh
[ -e "$DOWN" ] && exit 22
case "$*" in
  *PATCH*) for url; do :; done; echo "$* $url" >> "$LOG" ;;
  *labelSelector=pool=a,*)
    if [ -e "$LOG" ]; then printf '{"kind":"Table","rows":[]}'
    else printf '{"kind":"Table","columnDefinitions":[{"name":"Name"}],"rows":[{"cells":["a-0","Ready"],"object":null},{"cells":["a-1.lab","Ready"],"object":null}]}'
    fi ;;
  *) printf '{"kind":"Table","rows":[]}' ;;
esac
`;

const PLAN =
  'pool=a,gpus!=whole\t{"metadata":{"labels":{"gpus":"whole"}}}\npool=b,gpus!=whole\t{"metadata":{"labels":{"gpus":"whole"}}}\n';

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 25));
  expect(condition()).toBe(true);
}

function sandbox() {
  const folder = mkdtempSync(join(tmpdir(), 'labels-'));
  for (const name of ['bin', 'account', 'tmp', 'plan']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'bin/curl'), CURL);
  chmodSync(join(folder, 'bin/curl'), 0o755);
  writeFileSync(join(folder, 'account/token'), 'secret');
  writeFileSync(join(folder, 'plan/labels'), PLAN);
  const path = (name: string) => join(folder, name);
  const script = LABEL_SCRIPT.replaceAll('/var/run/secrets/kubernetes.io/serviceaccount', path('account'))
    .replaceAll('/tmp/', `${path('tmp')}/`)
    .replaceAll('/plan/', `${path('plan')}/`)
    .replace('pause=30', 'pause=0.1')
    .replace('pause=5', 'pause=0.1');
  const start = () =>
    spawn('/bin/sh', ['-c', script], {
      env: { PATH: `${path('bin')}:${process.env.PATH}`, LOG: path('log'), DOWN: path('down') },
    });
  return { path, start, remove: () => rmSync(folder, { recursive: true }) };
}

test('is a script', () => {
  expect(() => execFileSync('sh', ['-n'], { input: LABEL_SCRIPT })).not.toThrow();
});

test('labels the nodes that lack it, once, and says when all have', async () => {
  const { path, start, remove } = sandbox();
  const child = start();
  try {
    await until(() => existsSync(path('tmp/done')));
    const calls = readFileSync(path('log'), 'utf8').trim().split('\n');
    expect(calls.map((call) => call.split(' ').at(-1))).toEqual([
      'https://kubernetes.default.svc/api/v1/nodes/a-0',
      'https://kubernetes.default.svc/api/v1/nodes/a-1.lab',
    ]);
    expect(calls[0]).toContain('--data {"metadata":{"labels":{"gpus":"whole"}}}');
    expect(calls[0]).toContain('Content-Type: application/merge-patch+json');
  } finally {
    child.kill('SIGTERM');
  }
  // It ends at once when it is told to.
  await until(() => child.exitCode !== null);
  expect(child.exitCode).toBe(0);
  remove();
});

test('goes on trying while the API server doesn’t answer', async () => {
  const { path, start, remove } = sandbox();
  writeFileSync(path('down'), '');
  const child = start();
  try {
    await until(() => existsSync(path('tmp/alive')));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(existsSync(path('tmp/done'))).toBe(false);
    rmSync(path('down'));
    await until(() => existsSync(path('tmp/done')));
    expect(readFileSync(path('log'), 'utf8')).toContain('nodes/a-0');
  } finally {
    child.kill('SIGTERM');
  }
  await until(() => child.exitCode !== null);
  remove();
});
