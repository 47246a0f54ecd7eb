import { image } from '../../core/image';

/** @see https://github.com/kubernetes-sigs/kueue/releases/tag/v0.19.2 */
export const images = { kueue: image('registry.k8s.io/kueue/kueue:v0.19.2') } as const;
