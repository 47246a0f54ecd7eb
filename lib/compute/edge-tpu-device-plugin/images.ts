import { image } from '../../core/image';

/** For amd64, arm64 and arm alike. @see https://github.com/squat/generic-device-plugin/releases/tag/0.1.0 */
export const images = { devicePlugin: image('ghcr.io/squat/generic-device-plugin:0.1.0') } as const;
