import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { Job } from '../../lib/core/workload';
import { platformFiles } from '../../lib/core/output/platform-files';
import { linked } from '../../lib/core/output/linked';
import { testPlatform } from '../support';
import { container, Demo } from './demo';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'apply-'));
  mkdirSync(join(folder, 'lab'));
  const platform = testPlatform();
  const first = new Demo(platform, 'first');
  first.deployment();
  new Job(first.stage, 'setup', { containers: [container()] });
  first.stage.addGate({
    type: 'field',
    resource: 'thing',
    name: "o'thing",
    jsonPath: '{.status.ready}',
    value: 'true',
  });
  first.stage.addGate({ type: 'condition', resource: 'thing', name: 'early', condition: 'Done' });
  first.stage.addGate({
    type: 'admission',
    of: "first's webhook",
    object: { apiVersion: 'v1', kind: 'Thing', metadata: { name: "it's" } },
  });
  new Demo(platform, 'second', [first.stage]).deployment();
  const other = new Demo(platform, 'other');
  other.deployment();
  new Demo(platform, 'next', [other.stage]).deployment();
  for (const { name, text, mode } of platformFiles(linked(platform).bundle))
    writeFileSync(join(folder, 'lab', name), text, { mode });
  writeFileSync(join(folder, 'kubectl'), FAKE_KUBECTL);
  chmodSync(join(folder, 'kubectl'), 0o755);
});
afterEach(() => rmSync(folder, { recursive: true }));

const environment = (extra: Record<string, string> = {}) => ({
  env: { PATH: process.env.PATH, KUBECTL: join(folder, 'kubectl'), LOG: join(folder, 'log'), ...extra },
});
function apply(args: string[] = [], extra: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(join(folder, 'lab/apply.sh'), args, {
    encoding: 'utf8',
    ...environment(extra),
  });
  return { status, stdout, stderr, calls: readFileSync(join(folder, 'log'), 'utf8').trimEnd().split('\n') };
}
const position = (calls: string[], pattern: RegExp) => calls.findIndex((call) => pattern.test(call));

test('a file is applied when the gates of what it needs have passed', () => {
  const { status, stdout, calls } = apply();
  expect(status).toBe(0);
  expect(stdout).toMatch(/lab is applied\n$/);
  const second = position(calls, /apply .*-f 02-second/);
  for (const gate of [
    /rollout status --namespace first deployment\/web --timeout \d+s/,
    /get job --namespace first setup-\w+/,
    /wait --for=jsonpath={.status.ready}=true thing\/o'thing/,
    /create --dry-run=server -f - <<{"apiVersion":"v1","kind":"Thing","metadata":{"name":"it's"}}/,
  ]) {
    expect(position(calls, gate)).toBeGreaterThan(position(calls, /apply .*-f 01-first/));
    expect(position(calls, gate)).toBeLessThan(second);
  }
  expect(calls[second]).toBe('apply --server-side --field-manager=cdk8s-onprem-ml -f 02-second.k8s.yaml');
});

test('a gate that fails stops it, with the reason', () => {
  const { status, stderr, calls } = apply([], { FAIL: 'rollout status --namespace first' });
  expect(status).toBe(1);
  expect(stderr).toContain('wave 1: not ready: deployment first/web\n    the fake says no\n');
  expect(stderr).toContain(
    'stopped, not ready: 01-first.k8s.yaml. Mend what is said above and run it again; what is done takes seconds',
  );
  expect(position(calls, /02-second/)).toBe(-1);
});

test('a status that nobody has written yet is waited for, though kubectl gives up on it', () => {
  const SAYS = '.status.conditions accessor error: <nil> is of the type <nil>, expected []interface{}';
  const EARLY = 'wait --for=condition=Done thing/early';
  const { status, calls } = apply([], { EARLY, SAYS });
  expect(status).toBe(0);
  expect(calls.filter((call) => call.startsWith(EARLY))).toHaveLength(2);
  rmSync(join(folder, 'log.asked'));
  const other = apply([], { EARLY, SAYS: 'things.example.com "early" not found' });
  expect(other.status).toBe(1);
  expect(other.stderr).toContain('thing early is Done\n    error: things.example.com "early" not found\n');
});

test('what needs nothing of a slow one does not wait for it', () => {
  const { status, stdout } = apply([], { HANG: 'rollout status --namespace first' });
  expect(status).toBe(0);
  const place = (text: string) => stdout.indexOf(text);
  expect(place('02-next.k8s.yaml:')).toBeGreaterThan(place('ready: deployment other/web'));
  expect(place('ready: deployment first/web')).toBeGreaterThan(place('ready: deployment next/web'));
  expect(place('02-second.k8s.yaml:')).toBeGreaterThan(place('ready: deployment first/web'));
});

test('when one fails, what has begun is waited for and nothing else is begun', () => {
  const { status, stdout, stderr, calls } = apply([], {
    FAIL: 'rollout status --namespace first',
    HANG: 'rollout status --namespace other',
  });
  expect(status).toBe(1);
  expect(stderr).toContain('waiting for what has begun; nothing else is applied');
  expect(stdout).toContain('ready: deployment other/web');
  expect(position(calls, /-f 02-(second|next)/)).toBe(-1);
});

test('a Job that failed is not waited for', () => {
  const { status, stderr } = apply([], { JOB: 'Failed' });
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /the Job failed; when its reason is mended: kubectl delete job --namespace first setup-\w+, and run apply.sh again/,
  );
});

test('a Job is waited for by one kubectl until something is said of it, and then until that is its end', () => {
  const { status, calls } = apply([], { JOBS: ':SuccessCriteriaMet:SuccessCriteriaMet Complete' });
  expect(status).toBe(0);
  const asked = calls.filter((call) => /(get|wait) .*setup-/.test(call)).map((call) => call.slice(0, 4));
  expect(asked).toEqual(['get ', 'wait', 'get ', 'wait', 'get ']);
});

test('a webhook is asked whether it admits once its pods are there, and only once then', () => {
  const { stdout, calls } = apply([], { HANG: 'rollout status --namespace first' });
  expect(calls.filter((call) => call.startsWith('create'))).toHaveLength(1);
  expect(stdout.indexOf("ready: first's webhook admits")).toBeGreaterThan(
    stdout.indexOf('ready: deployment first/web'),
  );
});

test('a file that the API server refuses stops it, with its reason', () => {
  const { status, stderr, calls } = apply([], {
    FAIL: 'apply --server-side --field-manager=cdk8s-onprem-ml -f 01-first',
  });
  expect(status).toBe(1);
  expect(stderr).toContain('wave 1: 01-first.k8s.yaml is not applied:\n    the fake says no\n');
  expect(position(calls, /02-second/)).toBe(-1);
});

test('--from skips what is done, options after -- reach kubectl', () => {
  const { status, calls } = apply(['--from', '2', '--force-conflicts', '--', '--context', 'my lab']);
  expect(status).toBe(0);
  expect(position(calls, /00-foundation|01-first/)).toBe(-1);
  expect(calls).toContain(
    'apply --server-side --field-manager=cdk8s-onprem-ml --force-conflicts -f 02-second.k8s.yaml --context my lab',
  );
});

test('--dry-run changes nothing and waits for nothing', () => {
  const { status, calls } = apply(['--dry-run']);
  expect(status).toBe(0);
  expect(calls.filter((call) => call.startsWith('apply')).every((call) => call.includes('--dry-run=server'))).toBe(
    true,
  );
  expect(calls.filter((call) => /^(rollout|wait)/.test(call))).toEqual([]);
});

test('--dry-run says which waves it cannot ask about', () => {
  const { status, stdout, calls } = apply(['--dry-run'], { FAIL: 'get -f 00' });
  expect(status).toBe(0);
  expect(stdout).toContain("waves 1 to 2 can't be asked about until wave 0 is in the cluster");
  expect(position(calls, /01-first/)).toBe(-1);
});

test('--dry-run fails when the API server would refuse something', () => {
  const { status, stderr } = apply(['--dry-run'], {
    FAIL: 'apply --server-side --field-manager=cdk8s-onprem-ml --dry-run=server -f 02',
  });
  expect(status).toBe(1);
  expect(stderr).toContain('the API server would refuse what is said above');
});

test.each([
  [['--from', 'x'], "--from needs a number, got 'x'"],
  [['--from', '3'], '--from 3 is after the last wave, 2'],
  [['--fromm'], "unknown option '--fromm'"],
])('%j is refused before anything is done', (args, message) => {
  writeFileSync(join(folder, 'log'), '');
  const { status, stderr, calls } = apply(args);
  expect(status).toBe(2);
  expect(stderr).toContain(message);
  expect(calls).toEqual(['']);
});

test('when it is stopped it leaves nothing behind', async () => {
  const child = spawn(join(folder, 'lab/apply.sh'), [], {
    ...environment({ HANG: 'rollout', TMPDIR: folder }),
    stdio: 'pipe',
  });
  await once(child.stdout, 'data');
  await new Promise((resolve) => setTimeout(resolve, 300));
  child.kill('SIGTERM');
  const [code] = (await once(child, 'exit')) as [number];
  expect(code).toBe(143);
  expect(
    spawnSync('ls', [folder], { encoding: 'utf8' })
      .stdout.split('\n')
      .filter((name) => name.startsWith('tmp.')),
  ).toEqual([]);
});

test('is plain sh', () => {
  expect(spawnSync('sh', ['-n', join(folder, 'lab/apply.sh')]).status).toBe(0);
});

/** Notes how it is called; fails, hangs or answers as the environment says. */
const FAKE_KUBECTL = `#!/bin/sh
call="$*"
[ "$1" = create ] && call="$call <<$(cat)"
printf '%s\\n' "$call" >> "$LOG"
if [ -n "$FAIL" ]; then case $call in "$FAIL"*) echo 'the fake says no' >&2; exit 1 ;; esac; fi
if [ -n "$EARLY" ]; then
  case $call in
    "$EARLY"*) [ -e "$LOG.asked" ] || { touch "$LOG.asked"; echo "error: $SAYS" >&2; exit 1; } ;;
  esac
fi
if [ -n "$HANG" ]; then case $call in "$HANG"*) sleep 1 ;; esac; fi
if [ -n "$JOBS" ] && [ "$1 $2" = 'get job' ]; then
  echo >> "$LOG.jobs"
  JOB="$(printf '%s' "$JOBS" | cut -d : -f "$(wc -l < "$LOG.jobs")")"
  printf '%s ' "$JOB"
  exit 0
fi
case "$1 $2" in 'get job') printf '%s ' "\${JOB:-Complete}" ;; esac
exit 0
`;
