import { conditions, t } from '../../crds';

/** What definitions of Gateway API v1.6.1, standard channel, have in common. @see https://gateway-api.sigs.k8s.io */
export const GROUP = 'gateway.networking.k8s.io';
export const CATEGORIES = ['gateway-api'] as const;
export const AGE = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' } as const;

/** The API server takes no definition of a group of Kubernetes' own without it. */
export const ANNOTATIONS = {
  'api-approved.kubernetes.io': 'https://github.com/kubernetes-sigs/gateway-api/pull/4530',
  'gateway.networking.k8s.io/bundle-version': 'v1.6.1',
  'gateway.networking.k8s.io/channel': 'standard',
};

export const SUBDOMAIN = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*';

export const objectName = () => t.string({ minLength: 1, maxLength: 253 });
export const groupName = (byDefault?: string) =>
  t.string({ default: byDefault, maxLength: 253, pattern: `^$|^${SUBDOMAIN}$` });
export const kindName = (byDefault?: string) =>
  t.string({ default: byDefault, minLength: 1, maxLength: 63, pattern: '^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$' });
export const namespaceName = () =>
  t.string({ minLength: 1, maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' });
export const sectionName = () => t.string({ minLength: 1, maxLength: 253, pattern: `^${SUBDOMAIN}$` });
export const portNumber = () => t.int32({ minimum: 1, maximum: 65535 });
export const hostname = () => t.string({ minLength: 1, maxLength: 253, pattern: `^(\\*\\.)?${SUBDOMAIN}$` });

export const parentReference = () =>
  t.object({
    group: groupName(GROUP),
    kind: kindName('Gateway'),
    name: objectName().required(),
    namespace: namespaceName(),
    port: portNumber(),
    sectionName: sectionName(),
  });
export const secretReference = () =>
  t.object({
    group: groupName(''),
    kind: kindName('Secret'),
    name: objectName().required(),
    namespace: namespaceName(),
  });
export const parametersReference = () =>
  t.object({
    group: groupName().required(),
    kind: kindName().required(),
    name: objectName().required(),
    namespace: namespaceName(),
  });

export const pending = (...types: string[]) =>
  types.map((type) => ({
    lastTransitionTime: '1970-01-01T00:00:00Z',
    message: 'Waiting for controller',
    reason: 'Pending',
    status: 'Unknown' as const,
    type,
  }));
/** `status.conditions` with what they say before a controller has looked. */
export const waiting = (...types: string[]) =>
  t.raw<object>({ ...conditions({ maxItems: 8 }).json, default: pending(...types) });
