import { JobSet } from '../../lib/compute/jobset';
import { External, type IMetrics, type k8s, type Platform, type PlatformProps } from '../../lib/core';
import { toYaml } from '../../lib/core/output/yaml';
import { KubeflowTrainer, type KubeflowTrainerProps } from '../../lib/mlops/kubeflow-trainer';
import { expectGolden, findingsOf, objectOf, objectsOf, testPlatform } from '../support';

function make(props: Partial<KubeflowTrainerProps> = {}, platform: Partial<PlatformProps> = {}): Platform {
  const lab = testPlatform(platform);
  new KubeflowTrainer(lab, 'trainer', { jobSets: new JobSet(lab, 'jobset'), ...props });
  return lab;
}

interface Runtime {
  metadata: { labels: Record<string, string> };
  spec: {
    mlPolicy: Record<string, unknown>;
    template: {
      spec: { replicatedJobs: { name: string; template: { spec: { template: { spec: k8s.PodSpec } } } }[] };
    };
  };
}

const runtime = (lab: Platform, name: string) => objectOf<Runtime>(lab, 'ClusterTrainingRuntime', name);
const podsOf = ({ spec }: Runtime) => spec.template.spec.replicatedJobs.map((job) => job.template.spec.template.spec);
const config = (lab: Platform): Record<string, unknown> =>
  JSON.parse(
    objectOf<{ data: Record<string, string> }>(lab, 'ConfigMap', 'manager-config', 'trainer').data['config.yaml']!,
  );
const names = (lab: Platform, kind: string) =>
  objectsOf(lab)
    .filter((object) => object.kind === kind)
    .map(({ metadata }) => metadata.name);

describe('KubeflowTrainer', () => {
  test('is as it was, with its defaults', () => {
    const own = objectsOf(make()).filter(
      ({ kind, metadata }) =>
        (metadata.namespace === 'trainer' && ['Deployment', 'ConfigMap'].includes(kind)) ||
        metadata.name === 'deepspeed-distributed',
    );
    expectGolden('mlops/golden/kubeflow-trainer.yaml', toYaml(own.map((object) => ({ object }))));
  });

  test('links without a finding, with its defaults and with everything', () => {
    expect(findingsOf(make())).toEqual([]);
    const lab = testPlatform();
    const metrics: IMetrics = External.prometheus(lab, {
      pods: { namespace: 'monitoring', labels: { app: 'prometheus' } },
    });
    new KubeflowTrainer(lab, 'trainer', {
      jobSets: new JobSet(lab, 'jobset'),
      metrics,
      replicas: 1,
      logLevel: 'error',
      runtimes: ['jax'],
    });
    expect(findingsOf(lab)).toEqual([]);
    expect(config(lab).metrics).toEqual({ bindAddress: ':8443', secureServing: true });
    const deployment = objectOf<{ spec: { replicas: number; template: { spec: k8s.PodSpec } } }>(
      lab,
      'Deployment',
      'kubeflow-trainer-controller-manager',
    );
    expect(deployment.spec.replicas).toBe(1);
    expect(deployment.spec.template.spec.containers[0]!.args).toContain('--zap-log-level=error');
    expect(names(lab, 'ServiceMonitor')).toEqual(['kubeflow-trainer']);
  });

  test('has the runtimes that are asked for, and the images of those alone', () => {
    const images = (lab: Platform) => [...lab.images.keys()].filter((name) => !/jobset|controller-manager/.test(name));
    expect(names(make(), 'ClusterTrainingRuntime')).toEqual([
      'torch-distributed',
      'deepspeed-distributed',
      'jax-distributed',
    ]);
    const one = make({ runtimes: ['torch'] });
    expect(names(one, 'ClusterTrainingRuntime')).toEqual(['torch-distributed']);
    expect(images(one)).toEqual(['docker.io/pytorch/pytorch:2.13.0-cuda13.0-cudnn9-runtime']);
    const none = make({ runtimes: [] });
    expect(names(none, 'ClusterTrainingRuntime')).toEqual([]);
    expect(images(none)).toEqual([]);
  });

  test('runtimes take their images from the mirror, and their pods meet the restricted standard', () => {
    const lab = make({}, { registryMirror: 'registry.lab.example:5000' });
    for (const name of names(lab, 'ClusterTrainingRuntime')) {
      for (const pod of podsOf(runtime(lab, name!))) {
        expect(pod.containers[0]!.image).toMatch(/^registry\.lab\.example:5000\//);
        expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
        expect(pod.containers[0]!.securityContext).toMatchObject({
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
        });
        expect(pod.automountServiceAccountToken).toBe(false);
      }
    }
    const [openshift] = podsOf(runtime(make({}, { distribution: 'openshift' }), 'torch-distributed'));
    expect(openshift!.securityContext).not.toHaveProperty('runAsUser');
  });

  test('each runtime has the policy of its framework', () => {
    const lab = make();
    expect(runtime(lab, 'torch-distributed').spec.mlPolicy).toEqual({ numNodes: 1, torch: {} });
    expect(runtime(lab, 'jax-distributed').spec.mlPolicy).toEqual({ numNodes: 1, jax: {} });
    const deepspeed = runtime(lab, 'deepspeed-distributed');
    expect(deepspeed.spec.mlPolicy).toMatchObject({ mpi: { runLauncherAsNode: true } });
    expect(deepspeed.spec.template.spec.replicatedJobs.map(({ name }) => name)).toEqual(['node', 'launcher']);
    const [node, launcher] = podsOf(deepspeed);
    expect(node!.containers[0]!.command).toEqual(['/usr/sbin/sshd']);
    expect(launcher!.containers[0]).not.toHaveProperty('command');
  });

  test('the webhook is called by the names that the program knows', () => {
    const lab = make();
    const mutating = objectOf<{ webhooks: k8s.MutatingWebhook[] }>(
      lab,
      'MutatingWebhookConfiguration',
      'defaulter.trainer.kubeflow.org',
    );
    const validating = objectOf<{ webhooks: k8s.ValidatingWebhook[] }>(
      lab,
      'ValidatingWebhookConfiguration',
      'validator.trainer.kubeflow.org',
    );
    const paths = [...mutating.webhooks, ...validating.webhooks].map(({ clientConfig }) => clientConfig.service!.path);
    expect(paths).toEqual([
      '/mutate-trainer-kubeflow-org-v1alpha1-trainjob',
      '/validate-trainer-kubeflow-org-v1alpha1-clustertrainingruntime',
      '/validate-trainer-kubeflow-org-v1alpha1-trainingruntime',
      '/validate-trainer-kubeflow-org-v1alpha1-trainjob',
    ]);
    expect(config(lab).certManagement).toEqual({
      enable: true,
      webhookServiceName: mutating.webhooks[0]!.clientConfig.service!.name,
      webhookSecretName: 'kubeflow-trainer-webhook-cert',
    });
  });

  test('starts after JobSets answer, and is ready once its own webhook does', () => {
    const lab = testPlatform();
    const jobSets = new JobSet(lab, 'jobset');
    const trainer = new KubeflowTrainer(lab, 'trainer', { jobSets });
    const [stage] = trainer.readyAfter;
    expect(stage!.comesAfter(jobSets.readyAfter[0]!)).toBe(true);
    expect(stage!.gates.map(({ type }) => type)).toEqual(['field', 'field', 'admission']);
    expect(trainer.trainJobApiVersion).toBe('trainer.kubeflow.org/v1alpha1');
  });

  test.each<[string, object, string]>([
    [
      'no pods',
      { replicas: 0 },
      'replicas must be a whole number from 1 to 5, got 0; one pod works, the others stand by',
    ],
    [
      'a level of another program',
      { logLevel: 'warn' },
      'logLevel must be one of "error", "info", "debug", got "warn"; choose one',
    ],
    [
      'an unknown runtime',
      { runtimes: ['tensorflow'] },
      'a runtime must be one of "torch", "deepspeed", "jax", got "tensorflow"; choose one',
    ],
    [
      'a program that there is not',
      { resources: { managers: {} } },
      'resources has no program "managers"; did you mean "manager"?',
    ],
  ])('refuses %s', (_what, props, message) => {
    expect(() => make(props)).toThrow(new Error(`lab/trainer: ${message}`));
  });
});
