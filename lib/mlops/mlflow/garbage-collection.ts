import { Duration, Size } from 'cdk8s';
import { checkDuration, CronJob, fail, type IEndpoint, type ISecret, type Stage, volume } from '../../core';
import { type DatabaseAccess } from './database';
import { images } from './images';

export interface GarbageCollectionProps {
  /** When, in cron's five fields, UTC. @default '30 3 * * *', every night */
  readonly schedule?: string;
  /**
   * How long runs, experiments and models stay restorable after they were deleted; at least an hour.
   * @default 30 days
   */
  readonly olderThan?: Duration;
}

/** What the job reaches and how. */
export interface GarbageCollectionAccess {
  readonly database: DatabaseAccess;
  readonly databaseEndpoint: IEndpoint;
  readonly server: IEndpoint;
  readonly trackingUri: string;
  /** Whether there are workspaces, all of which are gone through. */
  readonly workspaces: boolean;
  /** Keys `username` and `password` of an administrator. */
  readonly administrator: ISecret;
}

/**
 * A CronJob that removes for good what users deleted: rows from the database, and artifacts through the server, since it alone knows
 * where they are.
 *
 * @see https://mlflow.org/docs/latest/api_reference/cli.html#mlflow-gc
 */
export class GarbageCollection extends CronJob {
  constructor(stage: Stage, id: string, props: GarbageCollectionProps, access: GarbageCollectionAccess) {
    checkDuration(stage.node.path, 'garbageCollection.olderThan', props.olderThan);
    const olderThan = props.olderThan ?? Duration.days(30);
    if (olderThan.toSeconds() < 3600) {
      fail(
        `${stage.node.path}/${id}`,
        `olderThan must be at least an hour, got ${olderThan.toHumanString()}; what is removed can't be restored`,
      );
    }
    super(stage, id, {
      schedule: props.schedule ?? '30 3 * * *',
      // A run that hangs must not keep all later ones from starting.
      podSpec: { activeDeadlineSeconds: Duration.hours(6).toSeconds() },
      containers: [
        {
          name: 'gc',
          image: images.mlflow,
          command: ['mlflow', 'gc'],
          args: [
            `--backend-store-uri=${access.database.uri}`,
            `--older-than=${olderThan.toSeconds()}s`,
            ...(access.workspaces ? ['--all-workspaces'] : []),
          ],
          env: {
            ...access.database.env,
            MLFLOW_TRACKING_URI: access.trackingUri,
            MLFLOW_ENABLE_WORKSPACES: access.workspaces ? 'true' : undefined,
            MLFLOW_TRACKING_USERNAME: access.administrator.env('username'),
            MLFLOW_TRACKING_PASSWORD: access.administrator.env('password'),
            MLFLOW_DISABLE_TELEMETRY: 'true',
            HOME: '/tmp',
          },
          resources: { cpu: 0.1, memory: Size.mebibytes(512) },
          mounts: [
            { path: '/tmp', volume: volume.scratch('tmp', { limit: Size.mebibytes(256) }) },
            ...access.database.mounts,
          ],
        },
      ],
    });
    this.connectTo(access.databaseEndpoint, access.server);
  }
}
