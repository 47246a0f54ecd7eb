import { image } from '../../core';

/**
 * Of upstream's distributions the one that has a receiver for webhooks and an exporter for S3. It is one static program in an empty image, without a
 * shell.
 *
 * @see https://github.com/open-telemetry/opentelemetry-collector-releases/blob/v0.159.0/distributions/otelcol-contrib/manifest.yaml
 */
export const images = {
  collector: image('docker.io/otel/opentelemetry-collector-contrib:0.159.0'),
} as const;
