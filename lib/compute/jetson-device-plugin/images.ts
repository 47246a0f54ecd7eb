import { image } from '../../core/image';

/** For amd64 and arm64 alike. @see https://github.com/NVIDIA/k8s-device-plugin/releases/tag/v0.20.0 */
export const images = { devicePlugin: image('nvcr.io/nvidia/k8s-device-plugin:v0.20.0') } as const;
