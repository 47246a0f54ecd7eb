import { Size } from 'cdk8s';
import { type Environment, type IAuditWebhook, type ISecret, type Mount, volume } from '../../core';

/** Records in one request, and in one file of the queue. */
const BATCH = 100;
/** Files of the queue, and records in memory before they get there: a million records in all. Then new ones are dropped, and requests go on. */
const QUEUE = 10_000;
/** Room for the queue's files: a hundred records take some 20 KiB, compressed, and seldom a tenth of a megabyte. */
export const AUDIT_ROOM = Size.gibibytes(4);
const FOLDER = '/audit';

/**
 * The records of all requests go to the collector. They are written to a queue on the node's disk first, and leave it when they were taken: a restart of the
 * server in its pod loses none, nor does a collector that is away. No request waits for it.
 *
 * @see https://github.com/minio/minio/blob/RELEASE.2025-09-07T16-13-09Z/internal/logger/config.go
 * @see https://github.com/minio/minio/blob/RELEASE.2025-09-07T16-13-09Z/internal/logger/target/http/http.go
 */
export function auditEnv(webhook: IAuditWebhook, secret: ISecret): Environment {
  return {
    AUDIT_TOKEN: secret.env('token'),
    MINIO_AUDIT_WEBHOOK_ENABLE_COLLECTOR: 'on',
    MINIO_AUDIT_WEBHOOK_ENDPOINT_COLLECTOR: webhook.url,
    // The header as it is sent; Kubernetes puts the token in.
    MINIO_AUDIT_WEBHOOK_AUTH_TOKEN_COLLECTOR: `${webhook.scheme} $(AUDIT_TOKEN)`,
    MINIO_AUDIT_WEBHOOK_BATCH_SIZE_COLLECTOR: String(BATCH),
    MINIO_AUDIT_WEBHOOK_QUEUE_DIR_COLLECTOR: FOLDER,
    MINIO_AUDIT_WEBHOOK_QUEUE_SIZE_COLLECTOR: String(QUEUE),
    MINIO_AUDIT_WEBHOOK_HTTP_TIMEOUT_COLLECTOR: '15s',
  };
}

/** The queue. It lives as long as the pod: the drives' own folders are MinIO's, and an installed server gets no further volume. */
export function auditMount(): Mount {
  return { path: FOLDER, volume: volume.scratch('audit', { limit: AUDIT_ROOM }) };
}
