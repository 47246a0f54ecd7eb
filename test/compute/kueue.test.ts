import { Duration, Size } from 'cdk8s';
import { dump, load } from 'js-yaml';
import { External } from '../../lib/core';
import { type CrdManifest } from '../../lib/crds';
import { Kueue, type KueueProps } from '../../lib/compute/kueue';
import { expectGolden, findingsOf, objectOf, objectsOf, testPlatform } from '../support';
import { setup, type Setup } from './kueue-support';

interface Configurations {
  readonly webhooks: readonly {
    readonly name: string;
    readonly failurePolicy: string;
    readonly namespaceSelector?: object;
    readonly clientConfig: { readonly caBundle?: string; readonly service: { readonly path: string } };
    readonly rules: readonly { readonly operations: readonly string[]; readonly resources: readonly string[] }[];
  }[];
}
interface Rules {
  readonly rules: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly resourceNames?: readonly string[];
    readonly verbs: readonly string[];
  }[];
}
interface Pods {
  readonly spec: {
    readonly replicas: number;
    readonly template: {
      readonly spec: {
        readonly nodeSelector?: object;
        readonly containers: readonly {
          readonly args: readonly string[];
          readonly resources: object;
          readonly ports: readonly { readonly name: string }[];
        }[];
      };
    };
  };
}

function withQueue(props: KueueProps = {}): Setup {
  const made = setup(props);
  made.kueue.addQueue('research', {
    quotas: [
      { nodes: made.cpu, cpu: 30, memory: Size.gibibytes(64) },
      { pool: made.dgx, gpus: 24, borrowingLimit: 8, lendingLimit: 16 },
    ],
  });
  return made;
}

const webhooks = ({ lab }: Setup, kind: 'Mutating' | 'Validating') =>
  objectOf<Configurations>(lab, `${kind}WebhookConfiguration`, `kueue-${kind.toLowerCase()}-webhook-configuration`)
    .webhooks;
const names = (of: readonly { readonly name: string }[]) => of.map(({ name }) => name);
const configuration = ({ lab }: Setup) =>
  load(
    objectOf<{ data: Record<string, string> }>(lab, 'ConfigMap', 'kueue-manager-config').data[
      'controller_manager_config.yaml'
    ]!,
  ) as object;
const clusterRules = ({ lab }: Setup) =>
  objectOf<Rules>(lab, 'ClusterRole', 'kueue-controller-manager').rules.flatMap(
    ({ apiGroups, resources, resourceNames = [''], verbs }) =>
      resources.flatMap((resource) =>
        resourceNames.map((name) => `${apiGroups[0]}/${resource}${name && `/${name}`}: ${verbs.join(' ')}`),
      ),
  );
const pods = ({ lab }: Setup) => objectOf<Pods>(lab, 'Deployment', 'controller-manager').spec;

describe('by default', () => {
  const made = withQueue();
  const { lab, kueue } = made;

  test('links', () => {
    expect(findingsOf(lab)).toEqual([]);
  });

  test('counts the pools by the quotas of a queue', () => {
    const own = objectsOf(lab).filter(({ apiVersion }) => apiVersion === 'kueue.x-k8s.io/v1beta2');
    expectGolden('compute/golden/kueue.yaml', own.map((object) => dump(object)).join('---\n'));
  });

  test('is configured for jobs of its namespaces alone', () => {
    expect(configuration(made)).toMatchObject({
      namespace: 'kueue',
      leaderElection: { leaderElect: true, resourceName: 'c1f6bfd2.kueue.x-k8s.io' },
      manageJobsWithoutQueueName: true,
      managedJobsNamespaceSelector: { matchLabels: { 'managed-by-kueue': 'true' } },
      internalCertManagement: {
        enable: true,
        webhookServiceName: 'kueue-webhook-service',
        webhookSecretName: 'kueue-webhook-server-cert',
      },
      waitForPodsReady: { timeout: '1800s', blockAdmission: false },
      integrations: { frameworks: ['batch/job', 'jobset.x-k8s.io/jobset', 'trainer.kubeflow.org/trainjob'] },
      fairSharing: { preemptionStrategies: ['LessThanOrEqualToFinalShare', 'LessThanInitialShare'] },
      resources: { excludeResourcePrefixes: ['ephemeral-storage', 'hugepages-', 'rdma/'] },
      featureGates: { MultiKueue: false, VisibilityOnDemand: true },
    });
  });

  test('has two pods, one of which may be down', () => {
    expect(pods(made).replicas).toBe(2);
    expect(objectOf(lab, 'PodDisruptionBudget', 'controller-manager')).toMatchObject({
      spec: { maxUnavailable: 1 },
    });
  });

  test('holds jobs back in the namespaces of queues, and the rest of the cluster is left alone', () => {
    expect(names(webhooks(made, 'Mutating'))).toEqual([
      ...['mclusterqueue.kb.io', 'mresourceflavor.kb.io', 'mworkload.kb.io'],
      ...['mjob.kb.io', 'mjobset.kb.io', 'mtrainjob.kb.io'],
    ]);
    expect(names(webhooks(made, 'Validating'))).toEqual([
      ...['vclusterqueue.kb.io', 'vcohort.kb.io', 'vresourceflavor.kb.io', 'vworkload.kb.io'],
      ...['vjob.kb.io', 'vjobset.kb.io', 'vtrainjob.kb.io'],
    ]);
    const all = [...webhooks(made, 'Mutating'), ...webhooks(made, 'Validating')];
    for (const { name, failurePolicy, namespaceSelector, clientConfig } of all) {
      expect({ name, failurePolicy, caBundle: clientConfig.caBundle }).toEqual({ name, failurePolicy: 'Fail' });
      expect(namespaceSelector).toEqual(/job/.test(name) ? { matchLabels: { 'managed-by-kueue': 'true' } } : undefined);
    }
    const [job] = webhooks(made, 'Validating').filter(({ name }) => name === 'vjob.kb.io');
    expect(job).toMatchObject({
      clientConfig: { service: { path: '/validate-batch-v1-job' } },
      rules: [{ operations: ['CREATE', 'UPDATE'], resources: ['jobs'] }],
    });
  });

  test('what needs it waits until the webhooks have an authority and answer, and the API of what is pending too', () => {
    const { stage } = kueue.manager;
    expect(kueue.readyAfter[0]!.comesAfter(stage)).toBe(true);
    expect(stage.gates).toEqual([
      ...['v1beta1', 'v1beta2'].map((version) => ({
        type: 'condition',
        resource: 'apiservice',
        name: `${version}.visibility.kueue.x-k8s.io`,
        condition: 'Available',
      })),
      {
        type: 'field',
        resource: 'mutatingwebhookconfiguration',
        name: 'kueue-mutating-webhook-configuration',
        jsonPath: '{.webhooks[5].clientConfig.caBundle}',
      },
      {
        type: 'field',
        resource: 'validatingwebhookconfiguration',
        name: 'kueue-validating-webhook-configuration',
        jsonPath: '{.webhooks[6].clientConfig.caBundle}',
      },
      {
        type: 'admission',
        of: "Kueue's webhook",
        object: {
          apiVersion: 'kueue.x-k8s.io/v1beta2',
          kind: 'ResourceFlavor',
          metadata: { name: 'admission-gate' },
          spec: {},
        },
      },
    ]);
  });

  test('converts the kinds that differ between versions', () => {
    const converted = objectsOf(lab)
      .filter(({ kind }) => kind === 'CustomResourceDefinition')
      .filter((crd) => (crd as Partial<CrdManifest>).spec?.conversion)
      .map(({ metadata }) => metadata.name);
    expect(converted.sort()).toEqual(
      ['clusterqueues', 'cohorts', 'localqueues', 'multikueueclusters', 'workloads'].map(
        (plural) => `${plural}.kueue.x-k8s.io`,
      ),
    );
  });

  test('may change nothing that it has no need to', () => {
    const rules = clusterRules(made);
    expect(rules).toContain('batch/jobs: get list watch update patch delete');
    expect(rules).toContain(
      'admissionregistration.k8s.io/mutatingwebhookconfigurations/kueue-mutating-webhook-configuration: get update',
    );
    expect(rules).toContain('apiextensions.k8s.io/customresourcedefinitions/workloads.kueue.x-k8s.io: get update');
    expect(rules.filter((rule) => rule.includes('/secrets') || /multikueue(?!clusters.kueue)/.test(rule))).toEqual([]);
    expect(rules.filter((rule) => /^(apps|ray.io|kubeflow.org)\//.test(rule))).toEqual([]);
    expect(rules.filter((rule) => rule.includes('*'))).toEqual([]);
    const own = objectOf<Rules>(lab, 'Role', 'controller-manager').rules;
    expect(own).toContainEqual({
      apiGroups: [''],
      resources: ['secrets'],
      resourceNames: ['kueue-webhook-server-cert'],
      verbs: ['update'],
    });
  });

  test('users have roles for jobs, administrators for queues', () => {
    const roles = objectsOf(lab).filter(
      ({ kind, metadata }) => kind === 'ClusterRole' && /-role$/.test(metadata.name!),
    );
    const labelled = (label: string) =>
      roles.filter(({ metadata }) => metadata.labels?.[label] === 'true').map(({ metadata }) => metadata.name);
    expect(labelled('rbac.kueue.x-k8s.io/batch-user')).toEqual([
      ...['kueue-localqueue-viewer-role', 'kueue-workload-viewer-role'],
      ...['kueue-job-editor-role', 'kueue-job-viewer-role', 'kueue-jobset-editor-role', 'kueue-jobset-viewer-role'],
      ...['kueue-trainjob-editor-role', 'kueue-trainjob-viewer-role', 'kueue-pending-workloads-lq-viewer-role'],
    ]);
    expect(labelled('rbac.kueue.x-k8s.io/batch-admin')).toContain('kueue-clusterqueue-editor-role');
    expect(labelled('rbac.authorization.k8s.io/aggregate-to-edit')).not.toContain('kueue-job-editor-role');
  });
});

describe('what is tuned', () => {
  test('definitions: where they are installed beforehand, queues find their flavors all the same', () => {
    const { lab } = withQueue({ crds: 'external', topology: ['kubernetes.io/hostname'] });
    expect(findingsOf(lab)).toEqual([]);
    expect(objectsOf(lab).some(({ kind }) => kind === 'CustomResourceDefinition')).toBe(false);
  });

  test('frameworks: their webhooks, their rights, and pods for what is counted by pods', () => {
    const made = withQueue({ frameworks: ['deployment', 'batch/job'] });
    expect(configuration(made)).toMatchObject({
      integrations: { frameworks: ['batch/job', 'pod', 'deployment'] },
    });
    expect(names(webhooks(made, 'Validating')).slice(4)).toEqual(['vjob.kb.io', 'vpod.kb.io', 'vdeployment.kb.io']);
    const [pod, deployment] = webhooks(made, 'Mutating').slice(-2);
    expect(pod!.clientConfig.service.path).toBe('/mutate--v1-pod');
    expect(deployment!.rules[0]!.operations).toEqual(['CREATE', 'UPDATE']);
    expect(clusterRules(made)).toContain('apps/deployments: get list watch');
    expect(clusterRules(made)).toContain('/pods/finalizers: get update');
    expect(clusterRules(made).filter((rule) => rule.startsWith('jobset'))).toEqual([]);
    expect(findingsOf(made.lab)).toEqual([]);
    expect(clusterRules(withQueue({ frameworks: ['trainer.kubeflow.org/trainjob'] }))).toContain(
      'jobset.x-k8s.io/jobsets: get list watch',
    );
    expect(clusterRules(withQueue({ frameworks: ['statefulset'] }))).toContain('apps/statefulsets: get list watch');
  });

  test('waitForPodsReady', () => {
    const waitForPodsReady = {
      timeout: Duration.minutes(5),
      recoveryTimeout: Duration.seconds(0),
      retries: 3,
      backoff: Duration.seconds(10),
      maxBackoff: Duration.minutes(2),
      blockAdmission: true,
      timestamp: 'Creation',
    } as const;
    expect(configuration(withQueue({ waitForPodsReady }))).toMatchObject({
      waitForPodsReady: {
        timeout: '300s',
        recoveryTimeout: '0s',
        blockAdmission: true,
        requeuingStrategy: {
          timestamp: 'Creation',
          backoffLimitCount: 3,
          backoffBaseSeconds: 10,
          backoffMaxSeconds: 120,
        },
      },
    });
    const off = configuration(withQueue({ waitForPodsReady: false }));
    expect(off).not.toHaveProperty('waitForPodsReady');
    expect(off).toMatchObject({ featureGates: { DisableWaitForPodsReady: true } });
  });

  test('who comes first, jobs that name no queue, resources without quota', () => {
    const made = withQueue({ fairSharing: false, manageJobsWithoutQueueName: false, ignoredResources: [] });
    expect(configuration(made)).toMatchObject({ manageJobsWithoutQueueName: false });
    expect(configuration(made)).not.toHaveProperty('fairSharing');
    expect(configuration(made)).not.toHaveProperty('resources');
    expect(objectOf<{ spec: object }>(made.lab, 'ClusterQueue', 'research').spec).not.toHaveProperty('fairSharing');
    const ignoredResources = ['example.com/licence'];
    expect(configuration(withQueue({ ignoredResources }))).toMatchObject({
      resources: { excludeResourcePrefixes: ignoredResources },
    });
  });

  test('without the API of what is pending, there is nothing of it', () => {
    const made = withQueue({ visibility: false });
    expect(findingsOf(made.lab)).toEqual([]);
    expect(configuration(made)).toMatchObject({ featureGates: { VisibilityOnDemand: false } });
    expect(objectsOf(made.lab).filter(({ kind }) => kind === 'APIService')).toEqual([]);
    expect(names(pods(made).template.spec.containers[0]!.ports)).not.toContain('visibility');
    expect(clusterRules(made).filter((rule) => rule.startsWith('flowcontrol'))).toEqual([]);
    expect(made.kueue.manager.stage.gates.map(({ type }) => type)).toEqual(['field', 'field', 'admission']);
  });

  test('metrics are scraped with a token', () => {
    const lab = testPlatform();
    const metrics = External.prometheus(lab, { pods: { namespace: 'monitoring', labels: { app: 'prometheus' } } });
    new Kueue(lab, 'kueue', { metrics });
    expect(findingsOf(lab)).toEqual([]);
    expect(objectOf(lab, 'ServiceMonitor', 'kueue')).toMatchObject({
      spec: { endpoints: [{ port: 'metrics', scheme: 'https', bearerTokenFile: expect.any(String) }] },
    });
  });

  test('pods: number, place, resources, log', () => {
    const made = withQueue({
      replicas: 1,
      nodeSelector: { infra: 'true' },
      resources: { manager: { cpu: 1, memory: Size.gibibytes(2) } },
      logLevel: 4,
    });
    const { replicas, template } = pods(made);
    expect(replicas).toBe(1);
    expect(template.spec.nodeSelector).toEqual({ infra: 'true' });
    const [manager] = template.spec.containers;
    expect(manager!.args).toContain('--zap-log-level=4');
    expect(manager!.resources).toMatchObject({ requests: { cpu: '1', memory: '2Gi' } });
  });

  test('priorities', () => {
    const { lab, kueue } = withQueue({ priorities: { night: { value: -5 } } });
    expect(kueue.addPriority('urgent', { value: 99, description: 'Demo tomorrow.' })).toEqual({
      'kueue.x-k8s.io/priority-class': 'urgent',
    });
    const classes = objectsOf(lab).filter(({ kind }) => kind === 'WorkloadPriorityClass');
    expect(classes).toMatchObject([
      { metadata: { name: 'night' }, value: -5 },
      { metadata: { name: 'urgent' }, value: 99, description: 'Demo tomorrow.' },
    ]);
  });

  test('topology', () => {
    const { lab } = withQueue({ topology: ['topology.lab.example/rack', 'kubernetes.io/hostname'] });
    expect(findingsOf(lab)).toEqual([]);
    expect(objectOf(lab, 'Topology', 'site')).toMatchObject({
      spec: { levels: [{ nodeLabel: 'topology.lab.example/rack' }, { nodeLabel: 'kubernetes.io/hostname' }] },
    });
    expect(objectOf(lab, 'ResourceFlavor', 'dgx')).toMatchObject({ spec: { topologyName: 'site' } });
  });
});

test.each<[string, KueueProps, string]>([
  ['replicas', { replicas: 6 }, 'lab/kueue: replicas must be a whole number from 1 to 5, got 6; one pod leads'],
  ['logLevel', { logLevel: 0 }, 'lab/kueue: logLevel must be a whole number from 1 to 6, got 0; 2 is what'],
  ['allocatable', { allocatable: 90 }, 'lab/kueue: allocatable must be above 0 and at most 1, got 90; write 0.9'],
  ['podsPerNode', { podsPerNode: 0 }, "podsPerNode must be a whole number from 1 to 1000, got 0; the kubelet's own"],
  ['cohort', { cohort: 'All' }, 'cohort must be of lower-case letters, digits and "-" between them, got "All"'],
  ['frameworks', { frameworks: [] }, 'frameworks must name at least one, got []; leave it out'],
  ['topology', { topology: [] }, 'topology must name at least one label of the nodes, got []'],
  ['topology twice', { topology: ['rack', 'rack'] }, 'topology names "rack" twice; leave one out'],
  [
    'topology within a node',
    { topology: ['kubernetes.io/hostname', 'rack'] },
    'topology must have "kubernetes.io/hostname" last',
  ],
  ['priority', { priorities: { p: { value: 0.5 } } }, 'the value of priority "p" must be a whole number from'],
  [
    'timeout',
    { waitForPodsReady: { timeout: Duration.seconds(5) } },
    'waitForPodsReady.timeout must be at least 10 seconds, got 5; give pods time',
  ],
  [
    'backoff',
    { waitForPodsReady: { backoff: Duration.hours(2) } },
    'waitForPodsReady.maxBackoff must be at least backoff, which must be a second or more, got 3600 s and 7200 s',
  ],
  ['retries', { waitForPodsReady: { retries: -1 } }, 'waitForPodsReady.retries must be a whole number of at least 0'],
])('refuses a wrong %s', (_, props, message) => {
  expect(() => setup(props)).toThrow(message);
});

test('refuses a framework that it has no webhook for', () => {
  const wrong = { frameworks: ['batch/jobs'] } as unknown as KueueProps;
  expect(() => setup(wrong)).toThrow('a framework must be one of "batch/job"');
});

test('refuses a priority that is there', () => {
  expect(() => setup().kueue.addPriority('high', { value: 1 })).toThrow(
    'lab/kueue: priority "high" is there already; give this one another name',
  );
});
