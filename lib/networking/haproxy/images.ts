import { tools } from '../../core';

export const images = {
  haproxy: tools.haproxy,
} as const;
