import { t } from '../../crds';

const DNS_LABEL = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$';
const DNS_NAME = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$';
const KEY = '^[-._a-zA-Z0-9]+$';

/** Name of an object of the API. */
export const objectName = () => t.string({ minLength: 1, maxLength: 253, pattern: DNS_NAME });
export const namespaceName = () => t.string({ minLength: 1, maxLength: 63, pattern: DNS_LABEL });
/** A key of a Secret or ConfigMap. */
export const dataKey = () => t.string({ minLength: 1, maxLength: 253, pattern: KEY });

/** One key of a Secret; another namespace's only in a ClusterSecretStore. */
export const secretKey = () => t.object({ name: objectName(), key: dataKey(), namespace: namespaceName() });

/** A ServiceAccount whose token the controller asks for. */
export const serviceAccountReference = () =>
  t.object({ name: objectName().required(), namespace: namespaceName(), audiences: t.array(t.string()) });

/** A store in the same namespace, or the cluster's. `kind` is SecretStore where it is left out. */
export const storeReference = () =>
  t.object({ name: objectName(), kind: t.enum(['SecretStore', 'ClusterSecretStore']) });

/** Looser than Kubernetes' common conditions: only type and status are sure. */
export const conditionFields = {
  status: t.string().required(),
  reason: t.string(),
  message: t.string(),
  lastTransitionTime: t.dateTime(),
} as const;

/** The columns of `kubectl get` that the kinds share. */
export const READY = {
  name: 'Ready',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type=="Ready")].status',
} as const;
export const STATUS = {
  name: 'Status',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
} as const;
