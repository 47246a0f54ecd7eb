import { until } from '../shell';
import { kubectl } from './kubectl';
import { KWOK_NODE } from './simulated';

const NAME = 'bench-stand-ins';

/**
 * Has pods whose images the bench can't make put on simulated nodes, where they seem to run. The manifests stay as they are: it is the API
 * server that adds to such a pod, when it is made, where it goes.
 */
export async function applyStandIns(images: readonly string[]): Promise<void> {
  if (images.length === 0) return;
  const group = 'admissionregistration.k8s.io/v1';
  const policy = {
    apiVersion: group,
    kind: 'MutatingAdmissionPolicy',
    metadata: { name: NAME },
    spec: {
      reinvocationPolicy: 'IfNeeded',
      failurePolicy: 'Fail',
      matchConstraints: {
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      },
      matchConditions: [
        {
          name: 'has-an-image-that-is-only-simulated',
          expression: `object.spec.containers.exists(container, container.image in ${JSON.stringify(images)})`,
        },
      ],
      mutations: [
        {
          patchType: 'JSONPatch',
          jsonPatch: {
            expression: `[
              JSONPatch{op: "add", path: "/spec/nodeSelector", value: {${JSON.stringify(KWOK_NODE)}: "fake"}},
              JSONPatch{op: "add", path: "/spec/tolerations", value: [{"operator": "Exists"}]}
            ]`,
          },
        },
      ],
    },
  };
  const binding = {
    apiVersion: group,
    kind: 'MutatingAdmissionPolicyBinding',
    metadata: { name: NAME },
    spec: { policyName: NAME },
  };
  await kubectl(['apply', '--server-side', '-f', '-'], [policy, binding]);
  // It takes the API server a moment to act by it.
  const pod = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: NAME, namespace: 'default' },
    spec: { serviceAccountName: 'default', containers: [{ name: NAME, image: images[0] }] },
  });
  await until('simulated images being put on simulated nodes', 60, async () => {
    const made = await kubectl(['create', '--dry-run=server', '-o', 'json', '-f', '-'], [JSON.parse(pod) as object]);
    return made.includes(KWOK_NODE) || undefined;
  });
}
