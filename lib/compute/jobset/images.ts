import { image } from '../../core/image';

/** @see https://github.com/kubernetes-sigs/jobset/releases/tag/v0.12.0 */
export const images = {
  /** On distroless/static, as user 65532; the program is `/manager`. */
  manager: image('registry.k8s.io/jobset/jobset:v0.12.0'),
} as const;
