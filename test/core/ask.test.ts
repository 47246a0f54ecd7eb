import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Platform } from '../../lib/core';
import { Job, StatefulSet } from '../../lib/core/workload';
import { linked } from '../../lib/core/output/linked';
import { platformFiles } from '../../lib/core/output/platform-files';
import { objectOf, testPlatform } from '../support';
import { container, Demo } from './demo';

const UNSEAL = "unseal it: kubectl exec -it store-0 -- sh -c 'unseal'";

function make(ask?: string): Platform {
  const lab = testPlatform();
  const { stage } = new Demo(lab, 'demo');
  const set = new StatefulSet(stage, 'store', {
    serviceName: 'store',
    ask,
    containers: [container({ ports: { a: 80 } })],
  });
  set.addService({ ports: { a: 80 }, headless: true });
  new Job(stage, 'setup', { ask: ask && 'let it in', containers: [container()] });
  new Job(stage, 'other', { containers: [container()] });
  return lab;
}

const files = (lab: Platform) => platformFiles(linked(lab).bundle);
const script = (lab: Platform) => files(lab).find(({ name }) => name === 'apply.sh')!.text;

/** Answers at once, but for a rollout, which takes as many seconds as the environment says. */
const KUBECTL = `#!/bin/sh
case "$*" in
  'rollout status'*) sleep "$TAKES" ;;
  'get job'*) echo 'Complete ' ;;
esac
exit 0
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ask-'));
  writeFileSync(join(folder, 'kubectl'), KUBECTL);
  chmodSync(join(folder, 'kubectl'), 0o755);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What apply.sh says when the rollout takes so long; it waits one second before it asks, not ten. */
function apply(takes: string, ...args: string[]): string[] {
  for (const { name, text, mode } of files(make(UNSEAL)))
    writeFileSync(join(folder, name), text.replace('1 2 3 4 5 6 7 8 9 10', '1'), { mode });
  const { stdout, stderr, status } = spawnSync(join(folder, 'apply.sh'), args, {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, KUBECTL: join(folder, 'kubectl'), TAKES: takes },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^ *\d+s {2}/, ''));
}

test('what a person must do stands on the object', () => {
  const annotation = { 'onprem-ml.io/asks': UNSEAL };
  expect(objectOf(make(UNSEAL), 'StatefulSet', 'store').metadata.annotations).toEqual(annotation);
  expect(objectOf(make(UNSEAL), 'Job', /^setup-/).metadata.annotations).toEqual({ 'onprem-ml.io/asks': 'let it in' });
  expect(objectOf(make(), 'StatefulSet', 'store').metadata.annotations).toBeUndefined();
  expect(objectOf(make(), 'Job', /^setup-/).metadata.annotations).toBeUndefined();
});

test('what is asked for is no part of what the pods are', () => {
  expect(objectOf(make(UNSEAL), 'Job', /^setup-/).metadata.name).toBe(objectOf(make(), 'Job', /^setup-/).metadata.name);
});

test('apply.sh says it while it waits, in full, once', () => {
  const said = apply('3');
  const asking = said.indexOf(`wave 1: waiting for a person: ${UNSEAL}`);
  expect(asking).toBeGreaterThan(-1);
  expect(said.indexOf('wave 1: ready: statefulset demo/store')).toBeGreaterThan(asking);
  expect(said.filter((line) => line.includes('waiting for a person'))).toHaveLength(1);
});

test('apply.sh asks for nothing that was done before', () => {
  const said = apply('0');
  expect(said).toContain('wave 1: ready: statefulset demo/store');
  expect(said.filter((line) => line.includes('waiting for a person'))).toEqual([]);
});

test('--dry-run asks the API server, and nobody else', () => {
  const said = apply('3', '--dry-run');
  expect(said).toContain('wave 1: 01-demo.k8s.yaml: 0 objects would be accepted');
  expect(said.filter((line) => line.includes('waiting for a person'))).toEqual([]);
});

test('a script in which nobody is asked is as it was', () => {
  expect(script(make(UNSEAL))).toMatch(/^ {2}ask_person 'let it in' gate_job demo setup-[0-9a-f]{8}$/m);
  expect(script(make(UNSEAL))).toMatch(/^ {2}gate_job demo other-[0-9a-f]{8}$/m);
  expect(script(make())).not.toMatch(/ask_person|exec 4>/);
});
