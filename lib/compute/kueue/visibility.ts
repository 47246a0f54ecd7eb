import { Construct } from 'constructs';
import { type Deployment, type Stage } from '../../core';
import * as k8s from '../../core/k8s';

/** Kueue's own default. */
export const VISIBILITY_PORT = 8082;

/**
 * What waits in a queue and in which order, as an API of the cluster: `kubectl get --raw
 * /apis/visibility.kueue.x-k8s.io/v1beta2/namespaces/team/localqueues/team/pendingworkloads`.
 */
export class Visibility extends Construct {
  constructor(stage: Stage, id: string, manager: Deployment) {
    super(stage, id);
    // Requests come from the API server, which says by certificate for whom; the authority of that is in a ConfigMap that this role reads.
    const name = 'kueue-visibility-server-auth-reader';
    new k8s.KubeRoleBinding(this, 'auth-reader', {
      metadata: { name, namespace: 'kube-system' },
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'Role',
        name: 'extension-apiserver-authentication-reader',
      },
      subjects: [manager.subject],
    });
    const service = 'kueue-visibility-server';
    manager.addService({ name: service, ports: { https: { port: 443, target: VISIBILITY_PORT } } });
    manager.allowFrom('anywhere', VISIBILITY_PORT);
    const group = 'visibility.kueue.x-k8s.io';
    for (const version of ['v1beta1', 'v1beta2']) {
      new k8s.KubeApiService(this, version, {
        metadata: { name: `${version}.${group}` },
        spec: {
          group,
          version,
          groupPriorityMinimum: 100,
          versionPriority: 100,
          insecureSkipTlsVerify: true,
          service: { namespace: stage.namespace!, name: service, port: 443 },
        },
      });
      stage.platform.justify({
        kind: 'APIService',
        name: `${version}.${group}`,
        field: 'spec.insecureSkipTLSVerify',
        reason:
          'each pod of Kueue signs its own certificate for this port, of which no authority is kept; it is asked what waits in a queue, and by the API server alone',
      });
      stage.addGate({
        type: 'condition',
        resource: 'apiservice',
        name: `${version}.${group}`,
        condition: 'Available',
      });
    }
  }
}
