import { t } from '../../crds';

/** A list that server-side apply takes as a whole, as all of cert-manager's are. */
export const strings = () => t.array(t.string(), { listType: 'atomic' });

/** One key of a Secret; a ClusterIssuer's Secrets are in cert-manager's own namespace. */
export const secretKey = () => t.object({ name: t.string().required(), key: t.string() });

/** A ServiceAccount of the issuer's namespace, whose token cert-manager asks for. */
export const serviceAccountReference = () => t.object({ name: t.string().required(), audiences: strings() });

/** Who signs. `kind` is Issuer where it is left out. */
export const issuerReference = () => t.object({ name: t.string().required(), kind: t.string(), group: t.string() });

/** @see https://cert-manager.io/docs/reference/api-docs/#cert-manager.io/v1.KeyUsage */
export const keyUsages = () =>
  t.array(
    t.enum([
      'signing',
      'digital signature',
      'content commitment',
      'key encipherment',
      'key agreement',
      'data encipherment',
      'cert sign',
      'crl sign',
      'encipher only',
      'decipher only',
      'any',
      'server auth',
      'client auth',
      'code signing',
      'email protection',
      's/mime',
      'ipsec end system',
      'ipsec tunnel',
      'ipsec user',
      'timestamping',
      'ocsp signing',
      'microsoft sgc',
      'netscape sgc',
    ]),
    { listType: 'atomic' },
  );

/** cert-manager's own conditions, which are looser than Kubernetes' common ones: only type and status are sure. */
export const certManagerConditions = () =>
  t.array(
    t.object({
      type: t.string().required(),
      status: t.enum(['True', 'False', 'Unknown']).required(),
      reason: t.string(),
      message: t.string(),
      lastTransitionTime: t.dateTime(),
      observedGeneration: t.int64(),
    }),
    { listType: 'map', keys: ['type'] },
  );

/** The columns and filters that most of the kinds share. */
export const AGE = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' } as const;
export const READY = {
  name: 'Ready',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type == "Ready")].status',
} as const;
export const STATUS = {
  name: 'Status',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type == "Ready")].message',
  priority: 1,
} as const;
export const ISSUER_FILTERS = ['.spec.issuerRef.group', '.spec.issuerRef.kind', '.spec.issuerRef.name'] as const;
