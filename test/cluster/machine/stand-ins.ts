import { until } from '../shell';
import { kubectl } from './kubectl';
import { KWOK_NODE } from './simulated';

const NAME = 'bench-stand-ins';

/** Where in an object the description of its pods is. */
interface Kind {
  readonly group: string;
  readonly resources: string;
  readonly operations: readonly string[];
  readonly path: readonly string[];
}

const POD: Kind = { group: '', resources: 'pods', operations: ['CREATE'], path: ['spec'] };

/** Pods with real images that have nothing to do but to talk to simulated ones, by their instance and component. */
const TALK_TO_SIMULATED: readonly (readonly [instance: string, component: string])[] = [['harbor', 'configure']];

/** Else one pod would be waited for on each real node, where none of them may go. */
const DAEMON_SET: Kind = {
  group: 'apps',
  resources: 'daemonsets',
  operations: ['CREATE', 'UPDATE'],
  path: ['spec', 'template', 'spec'],
};

/**
 * Has pods whose images the bench can't make put on simulated nodes, where they seem to run. The manifests stay as they are: it is the API
 * server that adds to such a pod, when it is made, where it goes.
 */
export async function applyStandIns(images: readonly string[]): Promise<void> {
  if (images.length === 0) return;
  await kubectl(
    ['apply', '--server-side', '-f', '-'],
    [POD, DAEMON_SET].flatMap((kind) => standIn(kind, images)),
  );
  // It takes the API server a moment to act by them.
  const containers = [{ name: NAME, image: images[0] }];
  const labels = { app: NAME };
  const metadata = { name: NAME, namespace: 'default' };
  const pods = { spec: { serviceAccountName: 'default', containers } };
  const tried = [
    { apiVersion: 'v1', kind: 'Pod', metadata, ...pods },
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata,
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, ...pods } },
    },
  ];
  await until('simulated images being put on simulated nodes', 60, async () => {
    for (const object of tried) {
      const made = await kubectl(['create', '--dry-run=server', '-o', 'json', '-f', '-'], [object]);
      if (!made.includes(KWOK_NODE)) return undefined;
    }
    return true;
  });
}

function standIn({ group, resources, operations, path }: Kind, images: readonly string[]): readonly object[] {
  const name = `${NAME}-${resources}`;
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const at = (field: string) => JSON.stringify(['', ...path, field].join('/'));
  return [
    {
      apiVersion,
      kind: 'MutatingAdmissionPolicy',
      metadata: { name },
      spec: {
        reinvocationPolicy: 'IfNeeded',
        failurePolicy: 'Fail',
        matchConstraints: {
          resourceRules: [{ apiGroups: [group], apiVersions: ['v1'], operations, resources: [resources] }],
        },
        matchConditions: [
          {
            name: 'has-an-image-that-is-only-simulated',
            expression: [
              `object.${path.join('.')}.containers.exists(container, container.image in ${JSON.stringify(images)})`,
              ...(resources === POD.resources ? TALK_TO_SIMULATED.map(labelled) : []),
            ].join(' || '),
          },
        ],
        mutations: [
          {
            patchType: 'JSONPatch',
            jsonPatch: {
              expression: `[
                JSONPatch{op: "add", path: ${at('nodeSelector')}, value: {${JSON.stringify(KWOK_NODE)}: "fake"}},
                JSONPatch{op: "add", path: ${at('tolerations')}, value: [{"operator": "Exists"}]}
              ]`,
            },
          },
        ],
      },
    },
    {
      apiVersion,
      kind: 'MutatingAdmissionPolicyBinding',
      metadata: { name },
      spec: { policyName: name },
    },
  ];
}

function labelled([instance, component]: readonly [string, string]): string {
  const label = (name: string, value: string) =>
    `object.metadata.?labels[?'app.kubernetes.io/${name}'].orValue('') == '${value}'`;
  return `(${label('instance', instance)} && ${label('component', component)})`;
}
