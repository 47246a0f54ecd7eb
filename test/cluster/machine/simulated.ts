import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type NodeResources, type TaintProps } from '../../../lib';
import { RUN } from '../paths';
import { program } from '../programs/programs';
import { CONTROL_PLANE, POD_NETWORK, SYSTEM_PATH } from './constants';
import { nodeOf } from './node-labels';
import { kubeconfig } from './pki';
import { type PlannedNode } from './plan';
import { addProcess } from './processes';

/** By this annotation kwok knows its nodes; as a label, what only seems to run is put on them by it. */
export const KWOK_NODE = 'kwok.x-k8s.io/node';

/** A Node object as it is made, with the status that a kubelet would report. */
export interface SimulatedNode {
  readonly apiVersion: 'v1';
  readonly kind: 'Node';
  readonly metadata: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly podCIDR: string;
    readonly podCIDRs: readonly string[];
    readonly taints: readonly TaintProps[];
  };
  readonly status: {
    readonly capacity: Readonly<Record<string, string>>;
    readonly allocatable: Readonly<Record<string, string>>;
    readonly addresses: readonly { readonly type: string; readonly address: string }[];
    readonly nodeInfo: Readonly<Record<string, string>>;
  };
}

/**
 * The Node that a server of the site would be in its cluster, with nothing behind it.
 *
 * @param devices what the platform's device plugins would make of its devices
 */
export function simulatedNode(
  { name, pool, address, podCidr }: PlannedNode,
  version: string,
  devices: Readonly<Record<string, number>>,
): SimulatedNode {
  const node = nodeOf(pool);
  const offered = (resources: NodeResources) => quantities(new Map([...resources, ...Object.entries(devices)]));
  // Only pods that come for what is simulated may be placed there: a controller that tolerates a control plane would
  // seem to run and do nothing.
  const own = node.taints;
  const isApart = pool.gpus && own.some(({ effect }) => effect !== 'PreferNoSchedule');
  const taints = isApart ? own : [...own, { key: KWOK_NODE, value: 'fake', effect: 'NoSchedule' as const }];
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        ...node.labels,
        'kubernetes.io/hostname': name,
        [KWOK_NODE]: 'fake',
      },
      annotations: { [KWOK_NODE]: 'fake' },
    },
    spec: { podCIDR: podCidr, podCIDRs: [podCidr], taints },
    status: {
      capacity: offered(node.capacity),
      allocatable: offered(node.allocatable),
      addresses: [
        { type: 'InternalIP', address },
        { type: 'Hostname', address: name },
      ],
      nodeInfo: {
        architecture: pool.arch,
        bootID: '',
        containerRuntimeVersion: 'kwok://',
        kernelVersion: '',
        kubeProxyVersion: '',
        kubeletVersion: version,
        machineID: '',
        operatingSystem: 'linux',
        osImage: '',
        systemUUID: '',
      },
    },
  };
}

/** Where the pool doesn't say its system disk: pods ask for some of it, and these nodes take any. */
const DISK = 440 * 1024 ** 3;

/** Amounts as a kubelet writes them. */
function quantities(resources: NodeResources): Record<string, string> {
  return Object.fromEntries(
    [['ephemeral-storage', DISK] as const, ...resources].map(([name, amount]) => {
      if (name === 'cpu') return [name, amount % 1000 === 0 ? String(amount / 1000) : `${amount}m`];
      const inBytes = ['memory', 'ephemeral-storage'].includes(name) || name.startsWith('hugepages-');
      return [name, inBytes ? `${Math.floor(amount / 1024)}Ki` : String(amount)];
    }),
  );
}

/** Starts what makes the simulated nodes and their pods look alive. */
export async function startKwok(): Promise<void> {
  const home = join(RUN, 'kwok');
  const config = join(home, 'stages.yaml');
  mkdirSync(home);
  writeFileSync(config, STAGES.map((stage) => JSON.stringify(stage)).join('\n---\n'));
  await addProcess({
    name: 'kwok',
    node: CONTROL_PLANE,
    argv: [
      program('kwok'),
      `--kubeconfig=${kubeconfig('kwok')}`,
      `--config=${config}`,
      '--manage-all-nodes=false',
      `--manage-nodes-with-annotation-selector=${KWOK_NODE}=fake`,
      `--cidr=${POD_NETWORK}`,
      '--node-lease-duration-seconds=40',
    ],
    env: { PATH: SYSTEM_PATH, HOME: home },
  });
}

const NOT_DELETED = { key: '.metadata.deletionTimestamp', operator: 'DoesNotExist' };

/** What becomes of an object in which state. @see https://kwok.sigs.k8s.io/docs/user/stages-configuration/ */
const STAGES = [
  stage('node-ready', 'Node', [{ key: readyStatus(), operator: 'NotIn', values: ['True'] }], {
    statusTemplate: `conditions:
{{ range NodeConditions }}
- type: {{ .type | Quote }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
  lastHeartbeatTime: {{ Now | Quote }}
  lastTransitionTime: {{ Now | Quote }}
{{ end }}
phase: Running
`,
  }),
  stage('pod-ready', 'Pod', [NOT_DELETED, { key: '.status.phase', operator: 'In', values: ['Pending'] }], {
    statusTemplate: `phase: Running
startTime: {{ Now | Quote }}
conditions:
${['PodReadyToStartContainers', 'Initialized', 'ContainersReady', 'Ready'].map((type) => condition(`"${type}"`)).join('')}
{{ range .spec.readinessGates }}
${condition('{{ .conditionType | Quote }}')}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
${container('true', 'running: { startedAt: {{ Now | Quote }} }')}
{{ end }}
initContainerStatuses:
{{ range .spec.initContainers }}
{{ if eq .restartPolicy "Always" }}
${container('true', 'running: { startedAt: {{ Now | Quote }} }')}
{{ else }}
${container('false', completed())}
{{ end }}
{{ end }}
{{ with NodeIPWith .spec.nodeName }}
hostIP: {{ . | Quote }}
hostIPs: [{ ip: {{ . | Quote }} }]
{{ end }}
{{ with PodIPWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) }}
podIP: {{ . | Quote }}
podIPs: [{ ip: {{ . | Quote }} }]
{{ end }}
`,
  }),
  stage(
    'pod-complete',
    'Pod',
    [
      NOT_DELETED,
      { key: '.status.phase', operator: 'In', values: ['Running'] },
      { key: '.metadata.ownerReferences.[].kind', operator: 'In', values: ['Job'] },
      // A training goes on until it is told to give way.
      { key: `.metadata.labels["app.kubernetes.io/name"]`, operator: 'NotIn', values: ['training'] },
    ],
    {
      statusTemplate: `phase: Succeeded
containerStatuses:
{{ range .spec.containers }}
${container('false', completed())}
{{ end }}
`,
    },
  ),
  stage('pod-delete', 'Pod', [{ key: '.metadata.deletionTimestamp', operator: 'Exists' }], { delete: true }),
];

interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

function stage(name: string, kind: string, matchExpressions: readonly Expression[], next: object): object {
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name },
    spec: { resourceRef: { apiGroup: 'v1', kind }, selector: { matchExpressions }, next },
  };
}

function readyStatus(): string {
  return '.status.conditions.[] | select( .type == "Ready" ) | .status';
}

function condition(type: string): string {
  return `- { type: ${type}, status: "True", lastTransitionTime: {{ Now | Quote }} }\n`;
}

function container(ready: string, state: string): string {
  return `- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: ${ready}
  started: ${ready}
  restartCount: 0
  state: { ${state} }`;
}

function completed(): string {
  return 'terminated: { exitCode: 0, reason: Completed, startedAt: {{ Now | Quote }}, finishedAt: {{ Now | Quote }} }';
}
