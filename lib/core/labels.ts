/** Labels that the API's own recommendation names. @see https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/ */
export const LABEL = {
  name: 'app.kubernetes.io/name',
  instance: 'app.kubernetes.io/instance',
  component: 'app.kubernetes.io/component',
  version: 'app.kubernetes.io/version',
  partOf: 'app.kubernetes.io/part-of',
  managedBy: 'app.kubernetes.io/managed-by',
} as const;

/** Set by Kubernetes on each namespace; what NetworkPolicies of other namespaces select by. */
export const NAMESPACE_NAME = 'kubernetes.io/metadata.name';

/** On a namespace: every pod in it is denied all traffic that a policy doesn't allow, and link insists on it. */
export const ISOLATED = 'onprem-ml.io/isolated';

/** On a namespace: its pods are held to this segment of the site's network, and link insists on it. */
export const SEGMENT = 'onprem-ml.io/segment';

/** On what holds data: tools that delete what a new output no longer has leave it alone. */
export const NEVER_PRUNE = {
  'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
  'kustomize.toolkit.fluxcd.io/prune': 'disabled',
} as const;

/** On a Job: JSON list of what it makes at run time, so that link knows: `[{"kind","namespace","name","keys"}]`. */
export const CREATES = 'onprem-ml.io/creates';

/** On a workload: what a person must do before it gets ready. apply.sh says it while it waits. */
export const ASKS = 'onprem-ml.io/asks';

/** On a pod template: digest of the configuration it reads, so that a change restarts the pods. */
export const CONFIG_DIGEST = 'onprem-ml.io/config-digest';

/**
 * On a monitor or a NetworkPolicy: what it selects is made at run time by a controller, and no object shows it; link takes its word.
 */
export const SELECTS_AT_RUN_TIME = 'onprem-ml.io/selects-at-run-time';

/** Names of files in the output's folder `nodes`. */
export const NODE_FILE = /^([a-z0-9][a-z0-9-]*\.(yaml|sh)|README\.md)$/;
