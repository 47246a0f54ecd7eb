import { type Cluster } from '../../cluster';
import { sleep } from '../../shell';

/** What an operator says of its resource once all that it makes of it is up. */
interface Word {
  readonly operator: readonly [namespace: string, deployment: string];
  readonly resource: readonly [kind: string, name: string];
  readonly status: object;
}

const WORDS: readonly Word[] = [
  {
    operator: ['gpu-operator', 'gpu-operator'],
    resource: ['clusterpolicies.nvidia.com', 'cluster-policy'],
    status: {
      state: 'ready',
      namespace: 'gpu-operator',
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'Reconciled',
          message: 'said by the bench',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
    },
  },
  {
    operator: ['network-operator', 'network-operator'],
    resource: ['nicclusterpolicies.mellanox.com', 'nic-cluster-policy'],
    status: { state: 'ready', appliedStates: [] },
  },
];

/**
 * Says in the place of operators whose programs the bench lacks what they would say, once their pods seem to be up and there is what they
 * speak of, and until it is stopped. What they would make of it is not there.
 */
export function speakForOperators(cluster: Cluster): { stop(): Promise<void> } {
  let stopped = false;
  const speak = async () => {
    const left = [...WORDS];
    while (!stopped && left.length > 0) {
      for (const word of [...left]) if (await said(cluster, word)) left.splice(left.indexOf(word), 1);
      await sleep(1);
    }
  };
  const speaking = speak();
  return {
    stop: async () => {
      stopped = true;
      await speaking;
    },
  };
}

async function said(cluster: Cluster, { operator, resource, status }: Word): Promise<boolean> {
  const [namespace, deployment] = operator;
  const up = [
    'kubectl',
    'get',
    'deployment',
    '-n',
    namespace,
    deployment,
    '-o',
    'jsonpath={.status.availableReplicas}',
  ];
  const { code, stdout } = await cluster.attempt(up);
  if (code !== 0 || !(Number(stdout) > 0)) return false;
  const patch = ['--subresource=status', '--type=merge', '-p', JSON.stringify({ status })];
  return (await cluster.attempt(['kubectl', 'patch', ...resource, ...patch])).code === 0;
}
