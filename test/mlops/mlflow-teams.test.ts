import { External, type k8s, type Platform } from '../../lib/core';
import { MLflow, type MLflowProps } from '../../lib/mlops/mlflow';
import { OAuth2Proxy } from '../../lib/security/oauth2-proxy';
import { findingsOf, objectOf } from '../support';
import { dexLab } from '../security/dex-support';

function needs(lab: Platform): Pick<MLflowProps, 'database' | 'artifacts'> {
  return {
    database: External.postgres(lab, {
      host: 'db.corp.example',
      port: 5432,
      database: 'mlflow',
      credentials: { name: 'mlflow-db' },
    }),
    artifacts: External.bucket(lab, {
      host: 's3.corp.example',
      port: 443,
      bucket: 'mlflow',
      credentials: { name: 'mlflow-s3' },
    }),
  };
}

function make(props: Partial<MLflowProps> = {}) {
  const made = dexLab();
  const signIn = new OAuth2Proxy(made.lab, 'sign-in', { identity: made.dex });
  const mlflow = new MLflow(made.lab, 'mlflow', { ...needs(made.lab), gateway: made.gateway, signIn, ...props });
  return { ...made, signIn, mlflow };
}

function podOf(lab: Platform): k8s.PodSpec {
  return objectOf<{ spec: { template: { spec: k8s.PodSpec } } }>(lab, 'Deployment', 'server', 'mlflow').spec.template
    .spec;
}

function filesOf(lab: Platform): Record<string, string> {
  return objectOf<{ data: Record<string, string> }>(lab, 'ConfigMap', 'config', 'mlflow').data;
}

function environment({ env }: k8s.Container): Record<string, unknown> {
  return Object.fromEntries((env ?? []).map(({ name, value, valueFrom }) => [name, value ?? valueFrom]));
}

describe('with a sign-in', () => {
  test('people come by it, programs past it, and both by the same host', () => {
    const { lab, mlflow } = make();
    expect(findingsOf(lab)).toEqual([]);
    expect(mlflow.externalUrl).toBe('https://mlflow.test.example');
    const [proxy] = objectOf<{ spec: { template: { spec: k8s.PodSpec } } }>(lab, 'Deployment', 'mlflow', 'sign-in').spec
      .template.spec.containers;
    expect(proxy.args?.filter((arg) => arg.startsWith('--skip-auth-route'))).toEqual([
      '--skip-auth-route=^/api/',
      '--skip-auth-route=^/v1/',
      '--skip-auth-route=^/health',
      '--skip-auth-route=^/version',
    ]);
    const { data } = objectOf<{ data: Record<string, string> }>(lab, 'ConfigMap', 'configuration', 'gateway');
    expect(data['haproxy.cfg']).toContain('server service mlflow.sign-in.svc.cluster.local:80');
  });

  test('the servers believe who carries the proof, which is a Secret on both sides', () => {
    const { lab } = make();
    const proof = { secretKeyRef: { name: 'mlflow-sign-in', key: 'proof' } };
    expect(environment(podOf(lab).containers[0]).SIGN_IN_PROOF).toEqual(proof);
    const proxy = objectOf<{ spec: { template: { spec: k8s.PodSpec } } }>(lab, 'Deployment', 'mlflow', 'sign-in');
    expect(environment(proxy.spec.template.spec.containers[0]).SIGN_IN_PROOF).toEqual(proof);
    expect(filesOf(lab)['auth.ini']).toContain('authorization_function = platform_sign_in:authenticate\n');
    expect(filesOf(lab)['platform_sign_in.py']).toContain('hmac.compare_digest(proof, PROOF)');
    expect(podOf(lab).volumes?.[1]).toMatchObject({
      configMap: {
        items: expect.arrayContaining([{ key: 'platform_sign_in.py', path: 'python/platform_sign_in.py' }]) as object,
      },
    });
  });

  test('there are workspaces; the default one is shared until there are teams', () => {
    const without = make().lab;
    expect(environment(podOf(without).containers[0]).MLFLOW_ENABLE_WORKSPACES).toBe('true');
    expect(filesOf(without)['auth.ini']).toContain('grant_default_workspace_access = true\n');
    const { lab, mlflow } = make();
    mlflow.addTeam('vision', { group: 'ml-vision' });
    expect(filesOf(lab)['auth.ini']).not.toContain('grant_default_workspace_access');
  });

  test('without one nothing of it is there', () => {
    const { lab } = make({ signIn: undefined });
    expect(Object.keys(filesOf(lab))).not.toContain('sign-in.json');
    expect(filesOf(lab)['upgrade.py']).not.toContain('teams');
    expect(environment(podOf(lab).containers[0])).not.toHaveProperty('MLFLOW_ENABLE_WORKSPACES');
  });
});

describe('teams', () => {
  test('have a workspace, a role by their group, and a user for programs', () => {
    const { lab, mlflow } = make({ administratorGroups: ['ml-admins'] });
    const vision = mlflow.addTeam('vision', { group: 'ml-vision' });
    mlflow.addTeam('speech-2', { group: 'ML Speech' });
    expect(vision).toMatchObject({
      workspace: 'vision',
      trackingUri: mlflow.trackingUri,
      externalUrl: 'https://mlflow.test.example',
    });
    expect(vision.endpoint).toBe(mlflow.endpoint);
    expect(JSON.parse(filesOf(lab)['sign-in.json']!)).toEqual({
      administrators: ['ml-admins'],
      reserved: ['admin', 'team-vision', 'team-speech-2'],
      teams: [
        { name: 'vision', group: 'ml-vision', program: 'team-vision', variable: 'TEAM_VISION_password' },
        { name: 'speech-2', group: 'ML Speech', program: 'team-speech-2', variable: 'TEAM_SPEECH_2_password' },
      ],
    });
    expect(podOf(lab).initContainers?.[0]?.envFrom).toEqual([
      { prefix: 'TEAM_VISION_', secretRef: { name: 'mlflow-team-vision' } },
      { prefix: 'TEAM_SPEECH_2_', secretRef: { name: 'mlflow-team-speech-2' } },
    ]);
    expect(filesOf(lab)['upgrade.py']).toMatch(/teams\.upgrade_teams\(uri, json\.load\(file\)\)\n$/);
    expect(findingsOf(lab)).toEqual([]);
  });

  test('garbage collection goes through all workspaces', () => {
    const { lab } = make({ garbageCollection: {} });
    expect(JSON.stringify(objectOf(lab, 'CronJob', 'gc'))).toContain('"--all-workspaces"');
    expect(
      JSON.stringify(objectOf(make({ signIn: undefined, garbageCollection: {} }).lab, 'CronJob', 'gc')),
    ).not.toContain('workspaces');
  });

  test.each<[string, string, string, string]>([
    [
      'of one name',
      'vision',
      'other',
      'lab/mlflow: team "vision" is there already; pass on what addTeam returned then',
    ],
    [
      'of one group',
      'other',
      'ml-vision',
      'lab/mlflow: group "ml-vision" is that of team "vision" already; give team "other" one of its own',
    ],
    [
      'without a group',
      'other',
      '',
      'lab/mlflow: team "other" needs a group without commas, got ""; name one of the identity provider\'s',
    ],
    [
      'called default',
      'default',
      'x',
      'lab/mlflow: a team can\'t be called "default", since its workspace can\'t; choose another name',
    ],
  ])('%s are refused', (_, name, group, message) => {
    const { mlflow } = make();
    mlflow.addTeam('vision', { group: 'ml-vision' });
    expect(() => mlflow.addTeam(name, { group })).toThrow(new Error(message));
  });
});

test.each<[string, Partial<MLflowProps>, string]>([
  [
    'a sign-in without a gateway',
    { gateway: undefined, clientNamespaces: ['x'] },
    'lab/mlflow: signIn needs a gateway by which people come; pass gateway',
  ],
  [
    "administrators who can't sign in",
    { signIn: undefined, administratorGroups: ['a'] },
    'lab/mlflow: administratorGroups ["a"] need people who sign in; pass signIn, or leave them out',
  ],
  [
    'administrators with a comma',
    { administratorGroups: ['a,b'] },
    'lab/mlflow: administratorGroups has "a,b"; name groups without commas',
  ],
])('%s is refused', (_, props, message) => {
  expect(() => make(props)).toThrow(new Error(message));
});

test('a team needs a sign-in', () => {
  expect(() => make({ signIn: undefined }).mlflow.addTeam('vision', { group: 'ml-vision' })).toThrow(
    new Error('lab/mlflow: team "vision" needs people who sign in; pass signIn'),
  );
});
