import { image } from '../image';

/** curl's own image: a shell, curl and busybox's tools, runs as any user. @see https://github.com/curl/curl-container */
export const images = {
  curl: image('quay.io/curl/curl:8.17.0'),
};
