import { Size } from 'cdk8s';
import { JobSet, type JobSetProps } from '../../lib/compute/jobset';
import { External, type k8s, type Platform } from '../../lib/core';
import { toYaml } from '../../lib/core/output/yaml';
import { expectGolden, findingsOf, objectOf, objectsOf, testPlatform } from '../support';

function make(props: JobSetProps = {}): Platform {
  const lab = testPlatform();
  new JobSet(lab, 'jobset', props);
  return lab;
}

interface Deployment {
  spec: { replicas: number; template: { spec: k8s.PodSpec } };
}
interface Role {
  rules: k8s.PolicyRule[];
}

const manager = (lab: Platform) => objectOf<Deployment>(lab, 'Deployment', 'jobset-controller-manager').spec;
const container = (lab: Platform) => manager(lab).template.spec.containers[0]!;
const config = (lab: Platform): Record<string, unknown> =>
  JSON.parse(objectOf<{ data: Record<string, string> }>(lab, 'ConfigMap', 'manager-config').data['config.yaml']!);
const mayUpdate = (lab: Platform) =>
  objectsOf(lab)
    .filter(({ kind, metadata }) => /Role$/.test(kind) && /controller-manager/.test(metadata.name ?? ''))
    .flatMap((role) => (role as unknown as Role).rules)
    .filter(({ verbs }) => verbs.includes('update') || verbs.includes('create'));

describe('JobSet', () => {
  test('is as it was, with its defaults', () => {
    const own = objectsOf(make()).filter(
      ({ kind, metadata }) => metadata.namespace === 'jobset' && ['Deployment', 'ConfigMap', 'Service'].includes(kind),
    );
    expectGolden('compute/golden/jobset.yaml', toYaml(own.map((object) => ({ object }))));
  });

  test('links without a finding, with its defaults and with everything', () => {
    expect(findingsOf(make())).toEqual([]);
    const lab = testPlatform();
    const metrics = External.prometheus(lab, { pods: { namespace: 'monitoring', labels: { app: 'prometheus' } } });
    new JobSet(lab, 'jobset', {
      metrics,
      replicas: 3,
      logLevel: 'debug',
      resources: { manager: { cpu: 1, memory: Size.gibibytes(2) } },
    });
    expect(findingsOf(lab)).toEqual([]);
    expect(manager(lab).replicas).toBe(3);
    expect(container(lab).args).toContain('--zap-log-level=debug');
    expect(container(lab).resources!.requests).toMatchObject({ cpu: '1', memory: '2Gi' });
    expect(config(lab).metrics).toEqual({ bindAddress: ':8443' });
    const { endpoints } = objectOf<{ spec: { endpoints: object[] } }>(lab, 'ServiceMonitor', 'jobset').spec;
    expect(endpoints[0]).toMatchObject({ scheme: 'https', port: 'metrics' });
  });

  test('has no metrics, and no right to ask who wants them, unless somebody collects them', () => {
    const lab = make();
    expect(config(lab).metrics).toEqual({ bindAddress: '0' });
    const groups = mayUpdate(lab).flatMap(({ apiGroups }) => apiGroups);
    expect(groups).not.toContain('authentication.k8s.io');
  });

  test('the webhook is called by the names that the program knows, and for pods of JobSets alone', () => {
    const lab = make();
    for (const kind of ['Mutating', 'Validating']) {
      const { webhooks } = objectOf<{ webhooks: k8s.ValidatingWebhook[] }>(
        lab,
        `${kind}WebhookConfiguration`,
        `jobset-${kind.toLowerCase()}-webhook-configuration`,
      );
      expect(webhooks.map(({ clientConfig }) => clientConfig.service)).toEqual(
        webhooks.map(() => expect.objectContaining({ name: 'jobset-webhook-service', namespace: 'jobset', port: 443 })),
      );
      const pods = webhooks.filter(({ rules }) => rules![0]!.resources!.includes('pods'));
      expect(pods).toHaveLength(1);
      expect(pods[0]!.objectSelector!.matchExpressions![0]!.key).toBe('jobset.sigs.k8s.io/jobset-name');
      // Both are the manager's to fill: stated here, each apply would take the authority away again.
      expect(JSON.stringify(webhooks)).not.toContain('caBundle');
    }
    expect(config(lab).internalCertManagement).toEqual({
      enable: true,
      webhookServiceName: 'jobset-webhook-service',
      webhookSecretName: 'jobset-webhook-server-cert',
    });
    expect(objectOf(lab, 'Secret', 'jobset-webhook-server-cert')).not.toHaveProperty('data');
  });

  test('writes only its own Secret and webhooks, and has no right to Secrets elsewhere', () => {
    const rules = mayUpdate(make());
    const secrets = rules.filter(({ resources }) => resources?.includes('secrets'));
    expect(secrets).toEqual([expect.objectContaining({ resourceNames: ['jobset-webhook-server-cert'] })]);
    const webhooks = rules.filter(({ resources }) => resources?.includes('validatingwebhookconfigurations'));
    expect(webhooks).toEqual([
      expect.objectContaining({
        resourceNames: ['jobset-mutating-webhook-configuration', 'jobset-validating-webhook-configuration'],
      }),
    ]);
    const cluster = objectsOf(make()).filter(({ kind }) => kind === 'ClusterRole');
    expect(JSON.stringify(cluster)).not.toContain('"secrets"');
  });

  test('offers its API to who runs JobSets, after the webhook answers', () => {
    const jobSets = new JobSet(testPlatform(), 'jobset');
    expect(jobSets.jobSetApiVersion).toBe('jobset.x-k8s.io/v1alpha2');
    const [stage] = jobSets.readyAfter;
    expect(stage!.gates.map(({ type }) => type)).toEqual(['field', 'field', 'admission']);
  });

  test.each<[string, object, string]>([
    [
      'too many pods',
      { replicas: 6 },
      'replicas must be a whole number from 1 to 5, got 6; one pod works, the others stand by',
    ],
    [
      'a level of another program',
      { logLevel: 'warn' },
      'logLevel must be one of "error", "info", "debug", got "warn"; choose one',
    ],
    [
      'a program that there is not',
      { resources: { controller: {} } },
      'resources has no program "controller"; there is "manager"',
    ],
  ])('refuses %s', (_what, props, message) => {
    expect(() => make(props)).toThrow(new Error(`lab/jobset: ${message}`));
  });
});
