import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { External, type k8s, type Platform } from '../../lib/core';
import { type Harbor, type HarborProps } from '../../lib/registry/harbor';
import { objectsOf } from '../support';
import { FakeHarbor } from './fake-harbor';
import { Identity, lab } from './harbor-support';

const PASSWORD = 'adminPassword1';

let harbor: FakeHarbor;
let root: string;
beforeEach(() => {
  harbor = new FakeHarbor(PASSWORD);
  root = mkdtempSync(join(tmpdir(), 'harbor-'));
});
afterEach(async () => {
  await harbor.close();
  rmSync(root, { recursive: true });
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

let url: string | undefined;

/** Runs the Job's script on the Job's own files against the API. */
async function configure(
  say: (harbor: Harbor, platform: Platform) => void,
  props?: (platform: Platform) => Partial<HarborProps>,
): Promise<{ status: number; output: string }> {
  url ??= await harbor.listen();
  const made = lab(props ?? ((p) => ({ identity: new Identity(p), administrators: 'admins' })));
  say(made.harbor, made.platform);
  const objects = objectsOf(made.platform);
  const named = (kind: string, name: string) =>
    objects.find(
      (one) => one.kind === kind && one.metadata.name!.startsWith(name) && one.metadata.namespace === 'harbor',
    )!;
  rmSync(join(root, 'plan'), { recursive: true, force: true });
  for (const [name, text] of Object.entries(
    (named('ConfigMap', 'plan') as unknown as { data: Record<string, string> }).data,
  )) {
    write(
      `plan/${name}`,
      name !== 'configure.sh'
        ? text
        : text
            .replaceAll('https://kubernetes.default.svc', url)
            .replaceAll('/var/run/secrets/kubernetes.io/serviceaccount', join(root, 'account'))
            .replaceAll('/plan/', `${root}/plan/`)
            .replaceAll('/secrets/admin', `${root}/secrets/admin`)
            .replace('secrets=/secrets', `secrets=${root}/secrets`)
            .replace('work=/tmp', `work=${root}/tmp`)
            .replace('--retry 5 ', ''),
    );
  }
  mkdirSync(join(root, 'tmp'), { recursive: true });
  write('account/token', 'account');
  write('account/ca.crt', '');
  const { volumes } = (named('Job', 'configure') as unknown as { spec: k8s.JobSpec }).spec.template.spec!;
  // What the pod would find: each key at its path. A robot's secret is told apart by where it is.
  for (const { secret } of volumes!.find(({ name }) => name === 'secrets')!.projected!.sources!) {
    for (const { path } of secret!.items!) write(`secrets/${path}`, path === 'admin' ? PASSWORD : `Secret1-of-${path}`);
  }
  return new Promise((done) => {
    const child = spawn('sh', [join(root, 'plan/configure.sh')], {
      env: { PATH: process.env.PATH, HARBOR: url, HOST: 'harbor.test.example' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('close', (status) => done({ status: status ?? -1, output }));
  });
}

afterEach(() => (url = undefined));

test('makes all that the program says, and nothing anew the second time', async () => {
  const say = (registry: Harbor) => {
    const vision = registry.addProject('vision', { quota: 500, keepLast: 20, preventVulnerable: 'critical' });
    vision.addRobot('ci', 'push').in('harbor');
    vision.allowGroup('Vision Team', 'push');
    vision.allowGroup('Vision', 'pull');
    registry.addProject('base', { public: true, scanOnPush: false });
  };
  const first = await configure(say);
  expect(first).toMatchObject({ status: 0 });
  const { state } = harbor;
  expect(state.configuration).toMatchObject({
    auth_mode: 'oidc_auth',
    oidc_endpoint: 'https://login.corp.example',
    oidc_client_id: 'Secret1-of-oidc/client-id',
    oidc_client_secret: 'Secret1-of-oidc/client-secret',
    oidc_scope: 'openid,email,groups',
    oidc_groups_claim: 'groups',
    oidc_user_claim: 'email',
    oidc_admin_group: 'admins',
    self_registration: false,
    project_creation_restriction: 'adminonly',
  });
  expect(state.projects).toMatchObject([
    {
      name: 'vision',
      quota: 500 * 1024 ** 3,
      metadata: { public: 'false', auto_scan: 'true', prevent_vul: 'true', severity: 'critical' },
      members: [
        { name: 'Vision Team', role: 2 },
        { name: 'Vision', role: 3 },
      ],
    },
    { name: 'base', quota: -1, metadata: { public: 'true', auto_scan: 'false', prevent_vul: 'false' } },
  ]);
  expect(state.robots).toMatchObject([{ name: 'vision+ci', secret: 'Secret1-of-robots/vision/ci' }]);
  expect(state.retentions).toMatchObject({
    [state.projects[0]!.metadata.retention_id!]: {
      scope: { level: 'project', ref: state.projects[0]!.id },
      trigger: { settings: { cron: '0 0 1 * * *' } },
      rules: [{ template: 'latestPushedK', params: { latestPushedK: 20 } }],
    },
  });
  expect(state.collection).toMatchObject({ schedule: { type: 'Custom', cron: '0 0 3 * * 6' } });

  const before = JSON.stringify(state);
  expect(await configure(say)).toMatchObject({ status: 0 });
  expect(JSON.stringify(state)).toBe(before);
});

test('what is changed is changed there', async () => {
  await configure((registry) => {
    const project = registry.addProject('vision', { keepLast: 5 });
    project.addRobot('ci', 'pull').in('harbor');
    project.allowGroup('Vision', 'pull');
    project.allowGroup('Vision Team', 'pull');
  });
  expect(
    await configure((registry) => {
      const project = registry.addProject('vision', { public: true, quota: 1, keepLast: 7, keepSchedule: '@weekly' });
      project.addRobot('ci', 'maintain').in('harbor');
      project.allowGroup('Vision', 'maintain');
    }),
  ).toMatchObject({ status: 0 });
  const { projects, robots, retentions } = harbor.state;
  expect(projects).toMatchObject([
    {
      metadata: { public: 'true' },
      quota: 1024 ** 3,
      // A group that the program has no more stays as it is.
      members: [
        { name: 'Vision', role: 4 },
        { name: 'Vision Team', role: 3 },
      ],
    },
  ]);
  expect(JSON.stringify(robots[0]!.permissions)).toContain('{"resource":"artifact","action":"delete"}');
  expect(Object.values(retentions)).toMatchObject([
    { rules: [{ params: { latestPushedK: 7 } }], trigger: { settings: { cron: '0 0 0 * * 0' } } },
  ]);
});

test("a robot's account is a Secret where it is used, for programs and for kubelets", async () => {
  const say = (registry: Harbor, platform: Platform) => {
    const robot = registry.addProject('vision').addRobot('ci', 'push');
    robot.in('harbor');
    robot.in('redis');
    expect(platform).toBeDefined();
  };
  expect(await configure(say)).toMatchObject({ status: 0 });
  expect(await configure(say)).toMatchObject({ status: 0 });
  const { secrets } = harbor.state;
  expect(Object.keys(secrets).map((key) => key.split('/')[0])).toEqual(['harbor', 'redis']);
  const { type, data } = Object.values(secrets)[1] as { type: string; data: Record<string, string> };
  const decode = (key: string) => Buffer.from(data[key]!, 'base64').toString();
  const username = 'robot$vision+ci';
  const password = 'Secret1-of-robots/vision/ci';
  expect(type).toBe('kubernetes.io/dockerconfigjson');
  expect([decode('username'), decode('password')]).toEqual([username, password]);
  expect(JSON.parse(decode('.dockerconfigjson'))).toEqual({
    auths: {
      'harbor.test.example': { username, password, auth: Buffer.from(`${username}:${password}`).toString('base64') },
    },
  });
});

test('proxies and replications', async () => {
  const say = (registry: Harbor, platform: Platform) => {
    registry.proxy('docker.io').addRobot('nodes', 'pull').in('harbor');
    registry.addProject('vision');
    registry.addReplication('branch', {
      url: 'https://harbor.branch.example',
      repositories: 'vision/**',
      credentials: External.credentials(platform, { name: 'branch' }, ['username', 'password']),
    });
  };
  const props = (): Partial<HarborProps> => ({ proxies: ['docker.io', 'nvcr.io'] });
  for (const time of ['first', 'second']) {
    expect({ time, ...(await configure(say, props)) }).toMatchObject({ time, status: 0 });
    const { registries, projects, replications } = harbor.state;
    expect(registries).toMatchObject([
      { name: 'docker.io', url: 'https://hub.docker.com' },
      { name: 'nvcr.io', url: 'https://nvcr.io' },
      {
        name: 'branch',
        url: 'https://harbor.branch.example',
        credential: {
          access_key: 'Secret1-of-registries/branch/username',
          access_secret: 'Secret1-of-registries/branch/password',
        },
      },
    ]);
    expect(registries[0]!.credential).toBeUndefined();
    expect(projects).toMatchObject([
      { name: 'vision' },
      { name: 'docker.io', registry: registries[0]!.id, metadata: { public: 'true' } },
      { name: 'nvcr.io', registry: registries[1]!.id },
    ]);
    expect(replications).toMatchObject([
      {
        name: 'branch',
        dest_registry: { id: registries[2]!.id },
        filters: [{ type: 'name', value: 'vision/**' }],
        trigger: { type: 'event_based' },
      },
    ]);
  }
});

test('a registry that does not answer holds up nothing but what needs it', async () => {
  harbor.away.add('https://hub.docker.com');
  const { status, output } = await configure(
    (registry) => registry.addProject('vision'),
    () => ({ proxies: ['docker.io', 'quay.io'] }),
  );
  expect(status).toBe(1);
  expect(output).toContain(
    'configure: registry docker.io, https://hub.docker.com: status 400: {"errors":[{"message":"the registry is unhealthy"}]}',
  );
  expect(output).toMatch(/not done: registry docker\.io .*is what it names reachable\?/);
  expect(harbor.state.projects.map(({ name }) => name)).toEqual(['vision', 'quay.io']);
});

test('a group whose name is part of another one has its own role', async () => {
  const { status } = await configure(
    (registry) => registry.addProject('vision').allowGroup('team', 'pull'),
    (p) => {
      const members = [
        { id: 5, name: 'team of others', role: 2 },
        { id: 6, name: 'team', role: 2 },
      ];
      harbor.state.projects.push({ id: 77, name: 'vision', metadata: {}, quota: -1, members });
      return { identity: new Identity(p) };
    },
  );
  expect(status).toBe(0);
  expect(harbor.state.projects[0]!.members.map(({ role }) => role)).toEqual([2, 3]);
});

test('what Harbor refuses ends the Job, with its answer', async () => {
  const { status, output } = await configure((registry) => {
    registry.addProject('vision').addRobot('ci', 'push').in('harbor');
    harbor.state.robots.push({ id: 3, name: 'vision+other', permissions: [] });
    harbor.refuse = 'PATCH robots';
  });
  expect(status).toBe(1);
  expect(output).toContain('configure: secret of robot vision+ci: status 400: {"errors":[{"message":"refused"}]}');
});

test('core is told where the audit log goes, last, and a collector that is away holds nothing else up', async () => {
  const audit = (platform: Platform) => ({
    audit: External.auditSink(platform, { syslog: { host: 'syslog.corp.example', port: 601 } }),
  });
  expect(await configure((registry) => registry.addProject('vision'), audit)).toMatchObject({ status: 0 });
  expect(harbor.state.configuration).toMatchObject({
    audit_log_forward_endpoint: 'syslog.corp.example:601',
    skip_audit_log_database: false,
  });
  harbor.away.add('syslog.corp.example:601');
  const { status, output } = await configure((registry) => registry.addProject('late'), audit);
  expect(status).toBe(1);
  expect(output).toMatch(/not done: audit syslog\.corp\.example 601; is what it names reachable\?/);
  expect(harbor.state.projects.map(({ name }) => name)).toContain('late');
});
