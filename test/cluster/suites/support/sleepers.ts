import { type KubeObject as Manifest } from '../../../../lib/core/link';

/** A namespace that is none of the platform's. */
export const STRANGERS = 'strangers';

export const STRANGER_NAMESPACE: Manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: STRANGERS } };

/** A pod that meets the `restricted` standard and does nothing, for what its place in the network lets it reach. */
export function sleeper(
  namespace: string,
  name: string,
  labels: Readonly<Record<string, string>>,
  image: string,
  options: { readonly serviceAccountToken?: boolean } = {},
): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: {
      automountServiceAccountToken: options.serviceAccountToken ?? false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 0,
      restartPolicy: 'Never',
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: 'sleep',
          image,
          command: ['sleep', '3600'],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '1', memory: '64Mi' } },
        },
      ],
    },
  };
}
