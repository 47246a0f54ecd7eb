import { imageOf, manifests } from './platform';
import { sleeper } from './sleepers';

interface PodTemplate {
  readonly template: { readonly metadata: { readonly labels: Readonly<Record<string, string>> } };
}

/**
 * A pod that stands where Harbor's core does, of which the bench has no program.
 *
 * @param secrets of its namespace, by the folder below the root where they are
 */
export function asCore(name: string, secrets: Readonly<Record<string, string>> = {}): object {
  const core = manifests().find(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.namespace === 'harbor' && metadata.name === 'core',
  )!;
  const pod = sleeper('harbor', name, (core.spec as PodTemplate).template.metadata.labels, imageOf('valkey/valkey'));
  const spec = pod.spec as { readonly containers: readonly object[] };
  return {
    ...pod,
    spec: {
      ...spec,
      containers: spec.containers.map((container) => ({
        ...container,
        volumeMounts: Object.keys(secrets).map((folder) => ({ name: folder, mountPath: `/${folder}`, readOnly: true })),
      })),
      volumes: Object.entries(secrets).map(([folder, secretName]) => ({ name: folder, secret: { secretName } })),
    },
  };
}
