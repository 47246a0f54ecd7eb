import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { READY_SCRIPT } from '../../lib/networking/nvidia-network-operator/sriov-ready';

/** Stands in for the API server: a node offers no function of RoCE until `there` is. */
const CURL = `#!/bin/sh
for url; do :; done
echo "$url" >> "$FOLDER/log"
case "$url" in
  *nodes\\?*)
    if [ -e "$FOLDER/there" ]; then count=8; else count=0; fi
    printf '{"items":[{"status":{"allocatable":{"cpu":"64","rdma/roce":"%s","rdma/infiniband":"1"}}}]}' $count ;;
  *) printf '{"items":[{"status":{"lastSyncError":"NumVfs is larger than TotalVfs","syncStatus":"Failed"}}]}' ;;
esac
`;

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 25));
  expect(condition()).toBe(true);
}

/** Runs the script with these resources; what it prints is in the file `out`. */
function start(resources: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'functions-'));
  const path = (name: string) => join(folder, name);
  for (const name of ['bin', 'account']) mkdirSync(path(name));
  writeFileSync(path('bin/curl'), CURL);
  chmodSync(path('bin/curl'), 0o755);
  writeFileSync(path('account/token'), 'secret');
  const script = READY_SCRIPT.replaceAll('/var/run/secrets/kubernetes.io/serviceaccount', path('account')).replace(
    'sleep 5',
    'sleep 0.1',
  );
  writeFileSync(path('await.sh'), `exec > ${path('out')}\n${script}`);
  const child = spawn('/bin/sh', [path('await.sh'), ...resources], {
    env: { PATH: `${path('bin')}:${process.env.PATH}`, FOLDER: folder, STATES: '/apis/states' },
  });
  const output = () => (existsSync(path('out')) ? readFileSync(path('out'), 'utf8') : '');
  return { path, child, output, remove: () => rmSync(folder, { recursive: true }) };
}

test('is a script', () => {
  expect(() => execFileSync('sh', ['-n'], { input: READY_SCRIPT })).not.toThrow();
});

test('ends once every resource is offered, and says until then what the daemons say', async () => {
  const { path, child, output, remove } = start(['rdma/infiniband', 'rdma/roce']);
  await until(() => output().includes('NumVfs is larger than TotalVfs'));
  await until(() => /1 "syncStatus":"Failed"\n/.test(output()));
  expect(output()).toMatch(/^rdma\/infiniband is there\nno node offers rdma\/roce;/);
  expect(child.exitCode).toBeNull();
  writeFileSync(path('there'), '');
  await until(() => child.exitCode !== null);
  expect(child.exitCode).toBe(0);
  expect(output()).toMatch(/rdma\/roce is there\n$/);
  expect(readFileSync(path('log'), 'utf8')).toContain('https://kubernetes.default.svc/apis/states?pretty=false');
  remove();
});

test('has not done its work when it is told to end', async () => {
  const { child, output, remove } = start(['rdma/roce']);
  await until(() => output() !== '');
  child.kill('SIGTERM');
  await until(() => child.exitCode !== null);
  expect(child.exitCode).toBe(1);
  remove();
});
