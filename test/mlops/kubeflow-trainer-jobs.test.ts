import { Duration, Size } from 'cdk8s';
import { type IQueue, type k8s } from '../../lib/core';
import { type KubeObject, link } from '../../lib/core/link';
import { Bundle } from '../../lib/core/link/bundle';
import { trainJobPods } from '../../lib/core/link/train-jobs';
import { toYaml } from '../../lib/core/output/yaml';
import { crd } from '../../lib/crds';
import { type TrainingJobProps } from '../../lib/mlops/kubeflow-trainer';
import { expectGolden, findingsOf, objectOf } from '../support';
import { type Fakes, Lab } from './kubeflow-trainer-support';

interface Job {
  spec: k8s.JobSpec & { template: k8s.PodTemplateSpec };
}
interface Runtime {
  metadata: { name: string };
  spec: {
    mlPolicy: Record<string, unknown>;
    template: { spec: { failurePolicy: object; replicatedJobs: { name: string; template: Job }[] } };
  };
}
interface TrainJob {
  metadata: { name: string; namespace: string; labels: Record<string, string> };
  spec: { runtimeRef: { name: string; kind: string }; trainer: object; activeDeadlineSeconds?: number };
}

const runtimeOf = (lab: Lab) => objectOf<Runtime>(lab.platform, 'TrainingRuntime', /^resnet-[0-9a-f]{8}$/);
const trainJobOf = (lab: Lab) => objectOf<TrainJob>(lab.platform, 'TrainJob', 'resnet');
const jobs = (lab: Lab) => runtimeOf(lab).spec.template.spec.replicatedJobs.map(({ template }) => template.spec);
const podOf = (lab: Lab) => jobs(lab)[0]!.template;
const container = (lab: Lab) => podOf(lab).spec!.containers[0]!;
const envOf = (lab: Lab): Record<string, string | k8s.EnvVarSource | undefined> =>
  Object.fromEntries(container(lab).env!.map(({ name, value, valueFrom }) => [name, value ?? valueFrom]));

function trained(props: (lab: Lab) => Partial<TrainingJobProps> = () => ({}), fakes: Fakes = {}): Lab {
  const lab = new Lab(fakes);
  lab.train(props(lab));
  return lab;
}

const everything = (lab: Lab): Partial<TrainingJobProps> => ({
  nodes: 4,
  network: lab.network,
  data: lab.bucket('images', { authority: 'company-ca' }),
  checkpoints: lab.bucket('checkpoints', { authority: 'company-ca' }),
  tracking: lab.tracking(),
  priority: { 'kueue.x-k8s.io/priority-class': 'high' },
  priorityClassName: 'training',
});

describe('TrainingJob', () => {
  test('is as it was, with everything that a training takes', () => {
    const lab = trained(everything);
    expectGolden('mlops/golden/training-job.yaml', toYaml(lab.objects().map((object) => ({ object }))));
  });

  test('links without a finding, with everything and with nothing', () => {
    expect(findingsOf(trained(everything, { runtimeClassName: 'nvidia' }).platform)).toEqual([]);
    expect(findingsOf(trained((lab) => ({ queue: undefined, pool: lab.small, gpusPerNode: 1 })).platform)).toEqual([]);
    expect(findingsOf(trained(() => ({ queue: undefined, gpusPerNode: 0, nodes: 2 })).platform)).toEqual([]);
  });

  test('waits in the queue, in its namespace and with its labels', () => {
    const { metadata, spec } = trainJobOf(trained(everything));
    expect(metadata.namespace).toBe('research');
    expect(metadata.labels).toMatchObject({
      'kueue.x-k8s.io/queue-name': 'research',
      'kueue.x-k8s.io/priority-class': 'high',
    });
    // Whether it is suspended is the queue's to say.
    expect(spec).not.toHaveProperty('suspend');
    expect(spec.trainer).toEqual({ numNodes: 4, numProcPerNode: 8 });
    expect(podOf(trained(everything)).spec!.priorityClassName).toBe('training');
  });

  test("without a queue is held to its pool's segment", () => {
    const labels = (own: (lab: Lab) => Partial<TrainingJobProps>) =>
      objectOf(
        trained((lab) => ({ queue: undefined, namespace: 'trials', ...own(lab) })).platform,
        'Namespace',
        'trials',
      ).metadata.labels;
    expect(labels((lab) => ({ pool: lab.pool, gpusPerNode: 1 }))).toMatchObject({ 'onprem-ml.io/segment': 'gpu' });
    expect(labels((lab) => ({ pool: lab.small, gpusPerNode: 1 }))).not.toHaveProperty(['onprem-ml.io/segment']);
    const held = trained((lab) => ({ queue: undefined, pool: lab.pool, gpusPerNode: 1, tracking: lab.tracking() }));
    expect(findingsOf(held.platform)).toEqual([]);
  });

  test('without a queue starts at once, in a namespace of its own', () => {
    const lab = trained(() => ({ queue: undefined, gpusPerNode: 0, nodes: 2, namespace: 'trials' }));
    expect(trainJobOf(lab).metadata).toMatchObject({ namespace: 'trials' });
    expect(trainJobOf(lab).metadata.labels).not.toHaveProperty('kueue.x-k8s.io/queue-name');
    expect(objectOf(lab.platform, 'Namespace', 'trials').metadata.labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'restricted',
    });
  });

  test('asks for GPUs, RDMA devices and the part of the node that goes with them, each as request and limit', () => {
    const { resources, volumeMounts } = container(trained((lab) => ({ network: lab.network })));
    expect(resources!.requests).toEqual({ cpu: '80', memory: '800Gi', 'nvidia.com/gpu': '8', 'rdma/fabric': '1' });
    expect(resources!.limits).toEqual(resources!.requests);
    expect(volumeMounts!.map(({ mountPath }) => mountPath)).toEqual(['/dev/shm', '/tmp']);
    const { volumes } = podOf(trained(() => ({ gpusPerNode: 2, nodes: 1 }))).spec!;
    expect(volumes).toContainEqual({ name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: '50Gi' } });
    const half = container(trained(() => ({ gpusPerNode: 4, cpu: 10, memory: Size.gibibytes(64) })));
    expect(half.resources!.requests).toEqual({ cpu: '10', memory: '64Gi', 'nvidia.com/gpu': '4' });
  });

  test('runs on the nodes of its pool; of several the queue chooses', () => {
    const lab = trained(() => ({}), { runtimeClassName: 'nvidia' });
    expect(podOf(lab).spec).toMatchObject({
      nodeSelector: { 'onprem-ml.io/pool': 'dgx' },
      tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
      runtimeClassName: 'nvidia',
    });
    const two = trained(({ pool, small, fakeQueue }) => ({
      queue: fakeQueue('research', [pool, small]),
      gpusPerNode: 4,
      nodeSelector: { disk: 'nvme' },
    }));
    expect(podOf(two).spec!.nodeSelector).toEqual({ disk: 'nvme' });
    // The smaller part of a node: half of one, all of the other.
    expect(container(two).resources!.requests).toMatchObject({ cpu: '40', memory: '400Gi' });
  });

  test('trains on CPUs without a pool', () => {
    const lab = trained(() => ({ gpusPerNode: 0, nodes: 2, cpu: 1, memory: Size.gibibytes(1) }));
    expect(container(lab).resources!.requests).toEqual({ cpu: '1', memory: '1Gi' });
    expect(podOf(lab).spec).not.toHaveProperty('nodeSelector');
    expect(trainJobOf(lab).spec.trainer).toEqual({ numNodes: 2, numProcPerNode: 1 });
  });

  test('tells the program where its data and checkpoints are, by the words that S3 clients read', () => {
    const env = envOf(trained(everything));
    const secret = (name: string, key: string) => ({ secretKeyRef: { name, key } });
    expect(env).toMatchObject({
      TRAINING_NAME: 'resnet',
      DATA_URI: 's3://images',
      DATA_ENDPOINT_URL: 'https://s3.corp.example:9000',
      DATA_ACCESS_KEY_ID: secret('images-bucket', 'access-key'),
      DATA_SECRET_ACCESS_KEY: secret('images-bucket', 'secret-key'),
      CHECKPOINT_URI: 's3://checkpoints/resnet',
      AWS_ENDPOINT_URL_S3: 'https://s3.corp.example:9000',
      AWS_ACCESS_KEY_ID: secret('checkpoints-bucket', 'access-key'),
      AWS_SECRET_ACCESS_KEY: secret('checkpoints-bucket', 'secret-key'),
      AWS_REGION: 'us-east-1',
      NCCL_IB_HCA: '=mlx5_0,mlx5_1',
    });
    const { volumeMounts } = container(trained(everything));
    expect(volumeMounts!.map(({ mountPath }) => `${mountPath}/ca.crt`)).toContain(env.AWS_CA_BUNDLE);
    // Both buckets have the same authority: it is mounted once.
    expect(env.DATA_CA_BUNDLE).toBe(env.AWS_CA_BUNDLE);
    const dataOnly = envOf(trained((lab) => ({ data: lab.bucket('images') })));
    expect(dataOnly.AWS_ACCESS_KEY_ID).toEqual(secret('images-bucket', 'access-key'));
    expect(dataOnly).not.toHaveProperty('CHECKPOINT_URI');
    expect(dataOnly).not.toHaveProperty('AWS_CA_BUNDLE');
    const named = trained((lab) => ({ checkpoints: lab.bucket('checkpoints'), checkpointPrefix: 'team/one' }));
    expect(envOf(named).CHECKPOINT_URI).toBe('s3://checkpoints/team/one');
  });

  test('tells the program where it is tracked', () => {
    const env = envOf(trained((lab) => ({ tracking: lab.tracking(), experiment: 'vision' })));
    expect(env).toMatchObject({
      MLFLOW_TRACKING_URI: 'https://mlflow.corp.example:443',
      MLFLOW_TRACKING_USERNAME: { secretKeyRef: { name: 'mlflow-user', key: 'username' } },
      MLFLOW_TRACKING_PASSWORD: { secretKeyRef: { name: 'mlflow-user', key: 'password' } },
      MLFLOW_EXPERIMENT_NAME: 'vision',
    });
    expect(envOf(trained(everything)).MLFLOW_EXPERIMENT_NAME).toBe('resnet');
    expect(envOf(trained(() => ({ env: { EPOCHS: '90' } }))).EPOCHS).toBe('90');
  });

  test('is plugged into the network of its GPUs', () => {
    const { annotations } = podOf(trained((lab) => ({ network: lab.network }))).metadata!;
    expect(annotations).toEqual({ 'k8s.v1.cni.cncf.io/networks': 'networks/fabric' });
    expect(podOf(trained()).metadata).not.toHaveProperty('annotations');
  });

  test('lets its pods reach each other, DNS and what the program uses, and nothing else', () => {
    const lab = trained(everything);
    const spec = (name: string) => objectOf<{ spec: k8s.NetworkPolicySpec }>(lab.platform, 'NetworkPolicy', name).spec;
    const own = {
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'training', 'app.kubernetes.io/instance': 'resnet' } },
    };
    expect(spec('resnet-peers')).toMatchObject({ ...own, ingress: [{ from: [own] }], egress: [{ to: [own] }] });
    expect(spec('resnet').ingress).toBeUndefined();
    const blocks = spec('resnet').egress!.flatMap(({ to }) => to!.flatMap(({ ipBlock }) => ipBlock?.cidr ?? []));
    expect(blocks.sort()).toEqual(['10.9.0.6/32', '10.9.0.7/32']);
    expect(podOf(lab).metadata!.labels).toMatchObject(own.podSelector.matchLabels);
  });

  test('meets the restricted standard, has no token, and can write to /tmp and /dev/shm alone', () => {
    const { spec } = podOf(trained());
    expect(spec).toMatchObject({ automountServiceAccountToken: false, serviceAccountName: 'resnet' });
    expect(spec!.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(spec!.containers[0]!.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    const other = podOf(trained(() => ({ user: 4000, readOnlyRootFilesystem: false }))).spec!;
    expect(other.securityContext).toMatchObject({ runAsUser: 4000, fsGroup: 4000 });
    expect(other.containers[0]!.securityContext).toMatchObject({ readOnlyRootFilesystem: false });
  });

  test('a pod that breaks the standard of its namespace is a finding', () => {
    const lab = trained();
    const broken = lab.output.objects.map(({ object, source }) => ({
      source,
      object: JSON.parse(JSON.stringify(object).replace('"drop":["ALL"]', '"add":["IPC_LOCK"]')) as KubeObject,
    }));
    const findings = link(broken, { external: lab.platform.externals }).filter(({ rule }) => rule === 'pod-security');
    expect(findings.map(({ source, value }) => [source, value])).toContainEqual([
      'lab/resnet/definition/runtime',
      'IPC_LOCK',
    ]);
  });

  test('starts all pods anew when one fails, and has time to save its state when it must give way', () => {
    const lab = trained(() => ({ maxRestarts: 5, gracePeriod: Duration.minutes(10), timeLimit: Duration.hours(48) }));
    expect(runtimeOf(lab).spec.template.spec.failurePolicy).toEqual({
      maxRestarts: 5,
      restartStrategy: 'BlockingRecreate',
      rules: [
        {
          name: 'disruption',
          action: 'RestartJobSetAndIgnoreMaxRestarts',
          onJobFailureReasons: ['PodFailurePolicy'],
        },
      ],
    });
    const [job] = jobs(lab);
    expect(job).toMatchObject({
      backoffLimit: 0,
      podFailurePolicy: {
        rules: [{ action: 'FailJob', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
      },
    });
    // A pod failure policy wants it so.
    expect(job!.template.spec).toMatchObject({ restartPolicy: 'Never', terminationGracePeriodSeconds: 600 });
    expect(trainJobOf(lab).spec.activeDeadlineSeconds).toBe(172800);
  });

  test('a change of anything changes the reference to its runtime, which the API server refuses', () => {
    const reference = (props: Partial<TrainingJobProps>) => trainJobOf(trained(() => props)).spec.runtimeRef;
    const lab = trained();
    expect(trainJobOf(lab).spec.runtimeRef).toMatchObject({
      kind: 'TrainingRuntime',
      name: runtimeOf(lab).metadata.name,
    });
    const all = [
      {},
      { command: ['torchrun', '/app/other.py'] },
      { env: { EPOCHS: '3' } },
      { nodes: 2 },
      { gracePeriod: Duration.minutes(3) },
      { maxRestarts: 4 },
    ].map((props) => reference(props).name);
    expect(new Set(all).size).toBe(all.length);
    expect(reference({}).name).toBe(all[0]);
  });

  test('by MPI, the program runs on one node and the others answer it', () => {
    const lab = trained(() => ({ framework: 'mpi', nodes: 3, command: ['mpirun', 'python', '/app/train.py'] }));
    const [node, launcher] = runtimeOf(lab).spec.template.spec.replicatedJobs;
    expect(node!.template.spec.template.spec!.containers[0]!.command).toEqual(['/usr/sbin/sshd']);
    expect(launcher!.template.spec.template.spec!.containers[0]!.command![0]).toBe('mpirun');
    expect(launcher).toMatchObject({ name: 'launcher', dependsOn: [{ name: 'node', status: 'Ready' }] });
    expect(runtimeOf(lab).spec.mlPolicy).toMatchObject({ numNodes: 3, mpi: { numProcPerNode: 8 } });
    expect(envOf(lab)).not.toHaveProperty('HOME');
    for (const framework of ['jax', 'plain'] as const) {
      const other = trained(() => ({ framework, nodes: 2 }));
      expect(trainJobOf(other).spec.trainer).toEqual({ numNodes: 2 });
    }
  });

  test('link knows its pods, with their number and requests', () => {
    const podsOf = (props: Partial<TrainingJobProps>) => {
      const bundle = new Bundle(trained(() => props).output.objects, {});
      const [job] = bundle.ofType('TrainJob.trainer.kubeflow.org');
      return trainJobPods(job!, bundle).map(({ name, count, spec }) => ({
        name,
        count,
        gpus: (spec.containers as { resources: { limits: Record<string, string> } }[]).map(
          ({ resources }) => resources.limits['nvidia.com/gpu'],
        ),
      }));
    };
    expect(podsOf({ nodes: 4 })).toEqual([{ name: 'node', count: 4, gpus: ['8'] }]);
    expect(podsOf({ nodes: 4, framework: 'mpi' })).toEqual([
      { name: 'node', count: 3, gpus: ['8'] },
      { name: 'launcher', count: 1, gpus: ['8'] },
    ]);
  });

  test.each([
    ['runtime', 'TrainingRuntime', 'spec.runtimeRef.name'],
    ['queue', 'LocalQueue', 'metadata.labels["kueue.x-k8s.io/queue-name"]'],
    ['priority', 'WorkloadPriorityClass', 'metadata.labels["kueue.x-k8s.io/priority-class"]'],
  ])('a %s that is not there is a finding', (_what, missing, field) => {
    const lab = trained(everything);
    const objects = lab.output.objects.filter(({ object }) => object.kind !== missing);
    const external = lab.platform.externals.filter(({ kind }) => kind !== missing);
    // Priorities are looked up where Kueue's definitions are part of the platform.
    const priorities = crd({
      group: 'kueue.x-k8s.io',
      kind: 'WorkloadPriorityClass',
      plural: 'workloadpriorityclasses',
      scope: 'Cluster',
      versions: [{ name: 'v1beta1', storage: true, schema: {} }],
    });
    const all = [...objects, { object: { ...priorities.manifest() }, source: 'kueue' }];
    const findings = link(all, { external }).filter(({ source }) => source === 'lab/resnet/job/train-job');
    expect(findings.map((finding) => finding.field)).toEqual([field]);
  });

  test('is applied after what it uses', () => {
    const lab = new Lab();
    const { stage } = lab.train();
    expect(stage.comesAfter(lab.trainer.readyAfter[0]!)).toBe(true);
  });

  test('is applied once the webhook knows its runtime', () => {
    const lab = trained();
    const { files } = lab.output;
    const definition = files.find(({ name }) => name.endsWith('-training-resnet.k8s.yaml'))!;
    const job = files.find(({ name }) => name.endsWith('-training-resnet-job.k8s.yaml'))!;
    expect(job.needs).toContain(definition.name);
    expect(job.objects.map(({ object }) => object.kind)).toEqual(['TrainJob']);
    const gates = JSON.parse(JSON.stringify(definition.gates)) as object[];
    expect(gates).toContainEqual(
      expect.objectContaining({
        type: 'admission',
        object: expect.objectContaining({
          kind: 'TrainJob',
          spec: { runtimeRef: { kind: 'TrainingRuntime', name: runtimeOf(lab).metadata.name } },
        }) as object,
      }),
    );
  });
});

describe('TrainingJob refuses', () => {
  const noGpus = ({ fakeQueue }: Lab): IQueue => fakeQueue('research', []);
  const shared = { resource: { name: 'nvidia.com/gpu.shared', perNode: 32, whole: false } };

  test.each<[string, (lab: Lab) => Partial<TrainingJobProps>, string, Fakes?]>([
    [
      'more GPUs than a node has',
      () => ({ gpusPerNode: 16 }),
      'gpusPerNode must be at most the 8 of nvidia.com/gpu that a node of pool "dgx" has, got 16; use more nodes',
    ],
    [
      'more nodes than the pool has',
      () => ({ nodes: 5 }),
      '5 nodes with 8 GPUs each don\'t fit pool "dgx", which has 4 nodes with 8 each: at most 4; ask for less, or choose another pool',
    ],
    [
      'several GPUs of a pool that is shared',
      () => ({ gpusPerNode: 2 }),
      'pool "dgx" is shared in parts (nvidia.com/gpu.shared), which don\'t reach each other by NVLink or RDMA, got gpusPerNode 2; train on one part, or choose another pool',
      shared,
    ],
    [
      'several nodes of a pool that is shared',
      () => ({ gpusPerNode: 1, nodes: 2 }),
      'pool "dgx" is shared in parts (nvidia.com/gpu.shared), which don\'t reach each other by NVLink or RDMA, got nodes 2; train on one part, or choose another pool',
      shared,
    ],
    [
      'RDMA with a pool that is shared',
      ({ network }) => ({ gpusPerNode: 1, network }),
      'pool "dgx" is shared in parts (nvidia.com/gpu.shared), which don\'t reach each other by NVLink or RDMA, got network "fabric"; train on one part, or choose another pool',
      shared,
    ],
    [
      "a network that the pool isn't plugged into",
      ({ network, small, fakeQueue }) => ({ network, gpusPerNode: 4, queue: fakeQueue('research', [small]) }),
      'network "fabric" is not one that the nodes of pool "small" are plugged into; choose another network, or say so in the site\'s networkPorts',
    ],
    [
      'a network without GPUs',
      ({ network }) => ({ network, gpusPerNode: 0 }),
      'network "fabric" is between GPUs, but gpusPerNode is 0; leave one of the two out',
    ],
    [
      'a pool without GPUs asked for',
      ({ pool }) => ({ pool, gpusPerNode: 0 }),
      'pool "dgx" is given, but gpusPerNode is 0; give the GPUs of each pod',
    ],
    [
      'GPUs of a queue without',
      (lab) => ({ queue: noGpus(lab) }),
      'gpusPerNode is 8, but queue "research" has no pool with GPUs; give the queue a quota, or 0',
    ],
    [
      'GPUs without a queue or pool',
      () => ({ queue: undefined }),
      'gpusPerNode is 8, but there is no queue to have GPUs; give pool, or 0',
    ],
    [
      "a pool that isn't the queue's",
      ({ small }) => ({ pool: small, gpusPerNode: 1 }),
      'pool "small" is not one of queue "research", which has "dgx"; give the queue a quota of it',
    ],
    [
      'pools that are asked for in different ways',
      ({ pool, fakePool, fakeQueue }) => ({
        queue: fakeQueue('research', [pool, fakePool('small', { name: 'amd.com/gpu' })]),
        gpusPerNode: 4,
      }),
      'the queue\'s pools "dgx" (nvidia.com/gpu) and "small" (amd.com/gpu) are not asked for in the same way; choose one by pool',
    ],
    [
      'no command',
      () => ({ command: [] }),
      "command must not be empty, got []; give the program, such as ['torchrun', '/app/train.py']",
    ],
    [
      'a variable that is set anyhow',
      () => ({ env: { PET_NNODES: '2' } }),
      'env "PET_NNODES" is set for the program, by what data, checkpoints, tracking and nodes say; leave it out',
    ],
    [
      'a key of its own',
      () => ({ env: { AWS_ACCESS_KEY_ID: 'x' } }),
      'env "AWS_ACCESS_KEY_ID" is set for the program, by what data, checkpoints, tracking and nodes say; leave it out',
    ],
    [
      'MPI on one node',
      () => ({ framework: 'mpi' }),
      'nodes must be at least 2 with framework "mpi", which has one that starts and others that answer, got 1; use "plain" for one',
    ],
    [
      "a namespace beside the queue's",
      () => ({ namespace: 'mine' }),
      'namespace "mine" is given, but the queue\'s jobs run in "research"; leave it out',
    ],
    [
      'a rank without a queue',
      ({ pool }) => ({ queue: undefined, pool, priority: { 'kueue.x-k8s.io/priority-class': 'high' } }),
      'priority is a rank in a queue, but there is no queue; give queue, or leave it out',
    ],
    [
      'a prefix without a bucket',
      () => ({ checkpointPrefix: 'x' }),
      'checkpointPrefix "x" is given, but there is no bucket; give checkpoints',
    ],
    [
      'a prefix that is none',
      (lab) => ({ checkpoints: lab.bucket('c'), checkpointPrefix: '/x/' }),
      'checkpointPrefix must be a path of letters, digits, "-", "_" and "." between slashes, got "/x/"; write it as "team/resnet"',
    ],
    [
      'an experiment that nobody records',
      () => ({ experiment: 'x' }),
      'experiment "x" is given, but nobody records it; give tracking',
    ],
    [
      'shared memory beyond the memory',
      () => ({ memory: Size.gibibytes(8), sharedMemory: Size.gibibytes(8) }),
      'sharedMemory must be less than memory, of which it is a part, got 8Gi of 8Gi; lower it',
    ],
    [
      'no time to stop',
      () => ({ gracePeriod: Duration.seconds(0) }),
      'gracePeriod in seconds must be a whole number from 1 to 3600, got 0; other jobs wait so long for its GPUs',
    ],
    [
      'too little time',
      () => ({ timeLimit: Duration.seconds(30) }),
      'timeLimit must be at least a minute, got 30 seconds; the pods take as long to start',
    ],
    [
      'half a core',
      () => ({ cpu: 0.5 }),
      'cpu must be a whole number from 1 to 1024, got 0.5; give whole cores, which the kubelet can give to the pod alone',
    ],
    ['root', () => ({ user: 0 }), 'user must be a whole number from 1 to 2147483647, got 0; root is not allowed'],
  ])('%s', (_what, props, message, fakes = {}) => {
    const lab = new Lab(fakes);
    expect(() => lab.train(props(lab))).toThrow(new Error(`lab/resnet: ${message}`));
  });

  test('two that keep their state in one place', () => {
    const lab = new Lab();
    const checkpoints = lab.bucket('checkpoints');
    lab.train({ checkpoints });
    expect(() => lab.train({ checkpoints, checkpointPrefix: 'resnet' }, 'other')).toThrow(
      new Error(
        'lab/other: checkpoints "checkpoints/resnet" are those of lab/resnet; give one of the two another checkpointPrefix',
      ),
    );
  });

  test("names that pods can't bear", () => {
    expect(() => new Lab().train({}, '2nd')).toThrow(
      'lab/2nd: the id of a training must begin with a letter, got "2nd"; rename it',
    );
    expect(() => new Lab().train({}, 'x'.repeat(41))).toThrow('must have at most 40 characters');
  });

  test('MPI where the cluster chooses the user', () => {
    const lab = new Lab();
    Object.defineProperty(lab.platform, 'distribution', {
      value: { ...lab.platform.distribution, fixedUids: false, title: 'OpenShift' },
    });
    expect(() => lab.train({ framework: 'mpi', nodes: 2 })).toThrow(
      'lab/resnet: framework "mpi" needs a user that the image knows, but OpenShift gives each namespace other ones; use "torch", "jax" or "plain"',
    );
  });

  test('a pool that is shared after the training was written', () => {
    const lab = new Lab();
    const { pool, small } = lab;
    let resource = pool.resource;
    const late = Object.defineProperty({ ...pool }, 'resource', { get: () => resource });
    lab.train({ queue: lab.fakeQueue('research', [late]) });
    resource = { name: 'nvidia.com/gpu.shared', perNode: 32, whole: false };
    expect(() => lab.objects()).toThrow('lab/resnet: pool "dgx" is shared in parts');
    expect(small.resource.whole).toBe(true);
  });
});
