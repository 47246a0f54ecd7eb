import { Duration, Size } from 'cdk8s';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { External, type Platform } from '../../lib/core';
import { findingsOf, objectOf, objectsOf, testPlatform } from '../support';
import { Consumer, job, LARGE, minio, type Policy, SMALL, statements, valueOf } from './minio-support';

describe('buckets', () => {
  test('come with a user, a key in the namespace of whoever uses it, the way through the network, and the wave', () => {
    const { lab, store } = minio(LARGE);
    const bucket = store.addBucket('mlflow');
    const consumer = new Consumer(lab, 'consumer', bucket);
    expect([bucket.name, bucket.region, bucket.url]).toEqual(['mlflow', 'us-east-1', store.url]);
    expect(bucket.credentials.keys).toEqual(['access-key', 'secret-key']);
    const waves = new Map(lab.stages.map((stage) => [stage.file, stage.wave]));
    expect(waves.get('consumer')).toBeGreaterThan(waves.get('minio-configure')!);
    expect(waves.get('minio-configure')).toBeGreaterThan(waves.get('minio')!);
    expect(JSON.stringify(objectOf<Policy>(lab, 'NetworkPolicy', 'pool-0').spec.ingress)).toContain(
      '"kubernetes.io/metadata.name":"consumer"',
    );
    expect(JSON.stringify(objectOf<Policy>(lab, 'NetworkPolicy', 'program', consumer.namespace).spec.egress)).toContain(
      '"minio.onprem-ml.io/server":"true"',
    );
    expect(findingsOf(lab)).toEqual([]);
  });

  test('the user may use objects of the bucket and nothing else', () => {
    const { lab, store } = minio(SMALL);
    store.addBucket('mlflow');
    const [look, use, ...deny] = statements(lab, /^bucket-mlflow-/);
    expect(look!.Action).toContain('s3:CreateBucket');
    expect(look).toMatchObject({ Effect: 'Allow', Resource: ['arn:aws:s3:::mlflow'] });
    expect(use).toMatchObject({ Effect: 'Allow', Resource: ['arn:aws:s3:::mlflow/*'] });
    expect(
      [...look!.Action, ...use!.Action].filter((action) => /\*|DeleteBucket|^s3:Put(?!Object)/.test(action)),
    ).toEqual([]);
    expect(use!.Action).toEqual(
      expect.arrayContaining(['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload']),
    );
    expect(deny).toEqual([{ Effect: 'Deny', Action: ['admin:CreateServiceAccount', 'admin:CreateUser'] }]);
  });

  test('with versioning, former versions are out of reach of the user', () => {
    const { lab, store } = minio(SMALL);
    store.addBucket('mlflow', { versioning: true });
    expect(valueOf(job(lab, /^bucket-mlflow-/).env, 'VERSIONING')).toBe('on');
    expect(statements(lab, /^bucket-mlflow-/)).toContainEqual({
      Effect: 'Deny',
      Action: ['s3:DeleteObjectVersion'],
      Resource: ['arn:aws:s3:::mlflow/*'],
    });
  });

  test('expire objects and former versions as asked', () => {
    const { lab, store } = minio(SMALL);
    store.addBucket('plain');
    store.addBucket('short', { expireAfter: Duration.days(7) });
    store.addBucket('kept', { versioning: true, expireNoncurrentAfter: Duration.days(30) });
    const rules = (name: string) => {
      const text = valueOf(job(lab, new RegExp(`^bucket-${name}-`)).env, 'LIFECYCLE')!;
      return text === '' ? [] : (JSON.parse(text) as { Rules: object[] }).Rules;
    };
    const rule = { Status: 'Enabled', Filter: { Prefix: '' } };
    expect(rules('plain')).toEqual([]);
    expect(rules('short')).toEqual([{ ID: 'expire', ...rule, Expiration: { Days: 7 } }]);
    expect(rules('kept')).toEqual([
      { ID: 'expire-noncurrent', ...rule, NoncurrentVersionExpiration: { NoncurrentDays: 30 } },
      { ID: 'expire-delete-markers', ...rule, Expiration: { ExpiredObjectDeleteMarker: true } },
    ]);
  });

  test('have a quota where one is asked for', () => {
    const { lab, store } = minio(SMALL);
    store.addBucket('mlflow', { quota: Size.gibibytes(20) });
    store.addBucket('plain');
    expect(valueOf(job(lab, /^bucket-mlflow-/).env, 'QUOTA')).toBe('20GiB');
    expect(valueOf(job(lab, /^bucket-plain-/).env, 'QUOTA')).toBe('');
  });

  test("a change of the bucket makes a new Job, other buckets' Jobs stay", () => {
    const names = (versioning: boolean) => {
      const { lab, store } = minio(SMALL);
      store.addBucket('mlflow', { versioning });
      store.addBucket('plain');
      return objectsOf(lab).flatMap(({ kind, metadata }) =>
        kind === 'Job' && metadata.namespace === 'minio' ? [metadata.name!] : [],
      );
    };
    const [before, after] = [names(false), names(true)];
    expect(before[0]).toMatch(/^bucket-mlflow-[0-9a-f]{8}$/);
    expect(after[0]).not.toBe(before[0]);
    expect(after[1]).toBe(before[1]);
  });

  test("readers read and don't write, each with a key of its own", () => {
    const { lab, store } = minio(SMALL);
    const bucket = store.addBucket('mlflow', { versioning: true });
    const reader = bucket.addReader('dashboards');
    new Consumer(lab, 'consumer', reader);
    const allowed = statements(lab, /^reader-mlflow-dashboards-/).flatMap(({ Effect, Action }) =>
      Effect === 'Allow' ? Action : [],
    );
    expect(allowed).toContain('s3:GetObject');
    expect(allowed.filter((action) => /Put|Delete|Abort|Create/.test(action))).toEqual([]);
    expect(reader).toMatchObject({ name: 'mlflow', url: bucket.url });
    expect(reader.credentials.in('consumer').name).not.toBe(bucket.credentials.in('consumer').name);
    expect(findingsOf(lab)).toEqual([]);
  });

  test('names of buckets and readers never meet, however they are put together, and long ones fit', () => {
    const { lab, store } = minio(SMALL);
    store.addBucket('a-b').addReader('c');
    store.addBucket('a-b-c');
    store.addBucket('b-a').addReader('b-c');
    store.addBucket('b-a-b').addReader('c');
    store.addBucket('x'.repeat(63)).addReader('y'.repeat(40));
    store.addBucket(`${'x'.repeat(62)}z`);
    expect(findingsOf(lab)).toEqual([]);
  });
});

describe("the Jobs' script", () => {
  /** Runs a Job's command with an `mc` that writes down its arguments and what is piped to it, and that these commands fail the first time. */
  function run(
    lab: Platform,
    name: RegExp,
    answers: Readonly<Record<string, string>> = {},
    refused: readonly string[] = [],
  ): string[] {
    const folder = mkdtempSync(join(tmpdir(), 'minio-'));
    try {
      const log = join(folder, 'log');
      const cases = Object.entries(answers).map(([args, answer]) => `  ${args}) printf '%s' '${answer}'; exit ;;`);
      const mc = [
        '#!/bin/sh',
        `case "$1" in --quiet | --json) shift ;; esac`,
        `echo "$*" >> ${log}`,
        ...refused.map((args, i) => `case "$*" in ${args}) mkdir ${folder}/${i} 2> /dev/null && exit 1 ;; esac`),
        `case "$*" in`,
        `  *import* | *'user add'*) sed 's/^/  < /' >> ${log}; echo >> ${log} ;;`,
        ...cases,
        `  *'rule export'*) exit 1 ;;`,
        'esac',
      ];
      writeFileSync(join(folder, 'mc'), `${mc.join('\n')}\n`, { mode: 0o755 });
      const { command, env } = job(lab, name);
      const values = Object.fromEntries(env.map((one) => [one.name, one.value ?? `{${one.name}}`]));
      writeFileSync(join(folder, 'sleep'), '#!/bin/sh\n', { mode: 0o755 });
      const [program, ...args] = command.map((word) => word.replaceAll('/tmp/', `${folder}/`));
      execFileSync(program!, args, {
        env: { ...values, PATH: `${folder}:${process.env.PATH}` },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      return readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line !== '');
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  test('begins again when a server refuses what another took', () => {
    const { lab, store } = minio(SMALL);
    store.addBucket('mlflow');
    const lines = run(lab, /^bucket-mlflow-/, {}, ["'admin policy create'*", "'admin user add'*"]);
    expect(lines.filter((line) => line === 'ready minio')).toHaveLength(3);
    expect(lines.at(-1)).toMatch(/^admin policy attach/);
    expect(lines.filter((line) => line.startsWith('admin policy attach'))).toHaveLength(1);
  });

  test('fails when it is refused each time', () => {
    const { lab, store } = minio(SMALL);
    store.addBucket('mlflow');
    expect(() => run(lab, /^bucket-mlflow-/, {}, Array<string>(5).fill("'mb '*"))).toThrow(/once more in 8 s/);
  });

  test('makes all that is asked for, and no secret is an argument', () => {
    const { lab, store } = minio(SMALL);
    store.addBucket('mlflow', { versioning: true, expireAfter: Duration.days(1), quota: Size.gibibytes(1) });
    const lines = run(lab, /^bucket-mlflow-/);
    expect(
      lines.map((line) => line.replace(/^.*\/policy.json/, 'policy.json').replace(/ < \{"Rules".*/, ' < rules')),
    ).toEqual([
      'ready minio',
      'mb --ignore-existing minio/mlflow',
      'version info minio/mlflow',
      'version enable minio/mlflow',
      'ilm rule import minio/mlflow',
      '  < rules',
      'quota set minio/mlflow --size 1GiB',
      'policy.json',
      'admin user add minio',
      '  < {ACCESS_KEY}',
      '  < {SECRET_KEY}',
      'admin policy attach minio user-mlflow --user {ACCESS_KEY}',
    ]);
    expect(lines.filter((line) => !line.startsWith('  < ') && /SECRET_KEY|ROOT_PASSWORD/.test(line))).toEqual([]);
  });

  test('takes back what is no longer asked for, and only that', () => {
    const { lab, store } = minio(SMALL);
    store.addBucket('mlflow');
    const changes = (answers: Readonly<Record<string, string>>) =>
      run(lab, /^bucket-mlflow-/, answers).filter(
        (line) => /^(version|ilm|quota|r[bm]) /.test(line) && !/info|export/.test(line),
      );
    expect(changes({})).toEqual(['quota clear minio/mlflow']);
    expect(changes({ "'version info'*": '{"versioning":{"status":"Enabled"}}', "'ilm rule export'*": '{}' })).toEqual([
      'version suspend minio/mlflow',
      'ilm rule rm --all --force minio/mlflow',
      'quota clear minio/mlflow',
    ]);
    expect(changes({ "'version info'*": '{"versioning":{"status":"Suspended"}}' })).toEqual([
      'quota clear minio/mlflow',
    ]);
  });
});

test('an external bucket stands where one of MinIO does', () => {
  const lab = testPlatform();
  const bucket = External.bucket(lab, {
    host: 's3.corp.example',
    port: 443,
    bucket: 'mlflow',
    credentials: { name: 's3' },
  });
  new Consumer(lab, 'consumer', bucket);
  expect(findingsOf(lab)).toEqual([]);
});
