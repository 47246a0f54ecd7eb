import { type CrdVersion } from '../../crds';

/** What Istio's definitions have in common. */
export const AGE = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' } as const;
export const column = (name: string, path: string) => ({ name, type: 'string', jsonPath: `.spec.${path}` }) as const;

export const status = { subresources: { status: true } } as const;
/** The versions that most kinds have, all alike. */
export const three = <V extends Omit<CrdVersion, 'name' | 'storage'>>(version: V) =>
  [
    { name: 'v1', storage: true, ...version },
    { name: 'v1alpha3', ...version },
    { name: 'v1beta1', ...version },
  ] as const;
export const two = <V extends Omit<CrdVersion, 'name' | 'storage'>>(version: V) =>
  [
    { name: 'v1', storage: true, ...version },
    { name: 'v1beta1', ...version },
  ] as const;
