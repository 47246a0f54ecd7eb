import { Duration, Size } from 'cdk8s';
import {
  checkChoice,
  checkCpu,
  checkDuration,
  checkInteger,
  checkLabel,
  checkSize,
  didYouMean,
  fail,
  quantity,
  show,
} from '../../core';
import { type DefaultPermission, LOG_LEVELS, type LogLevel } from './configuration';
import { type MLflowProps } from './mlflow';

/** MLflow's props with all defaults, within their bounds. */
export interface Settings {
  readonly replicas: number;
  readonly workers: number;
  readonly memory: Size;
  readonly cpu: number;
  readonly connections: number;
  readonly scratch: Size;
  readonly administrator: string;
  readonly defaultPermission: DefaultPermission;
  readonly passwordCache: Duration;
  /** Undefined leaves the programs their own. */
  readonly logLevel?: LogLevel;
}

/** Tracking, model registry and authentication each have a pool of their own in each worker. */
export const POOLS_PER_WORKER = 3;
/** One that stays, and one more while it is busy: SQLAlchemy takes an overflow of 0 from MLflow for none given. */
const MIN_POOL = 2;
const PERMISSIONS: readonly DefaultPermission[] = ['READ', 'EDIT', 'MANAGE', 'NO_PERMISSIONS'];
const USER = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;

/** @throws when a prop is out of its bounds, at the system's path */
export function check(path: string, props: MLflowProps): Settings {
  const { replicas = 1, workers = 2, administrator = 'admin', defaultPermission = 'READ', logLevel } = props;
  if (!props.database) fail(path, 'needs a database; pass database: postgres.addDatabase("mlflow")');
  if (!props.artifacts) fail(path, 'needs a bucket for artifacts; pass artifacts: objects.addBucket("mlflow")');
  if (props.host !== undefined && !props.gateway) {
    fail(path, `host ${show(props.host)} needs a gateway that answers to it; pass gateway, or leave host out`);
  }
  if (props.signIn && !props.gateway) fail(path, 'signIn needs a gateway by which people come; pass gateway');
  const groups = props.administratorGroups ?? [];
  if (groups.length > 0 && !props.signIn) {
    fail(path, `administratorGroups ${show(groups)} need people who sign in; pass signIn, or leave them out`);
  }
  const comma = groups.find((group) => typeof group !== 'string' || group.trim() === '' || group.includes(','));
  if (comma !== undefined) fail(path, `administratorGroups has ${show(comma)}; name groups without commas`);
  for (const namespace of props.clientNamespaces ?? []) checkLabel(path, 'a namespace of clientNamespaces', namespace);
  checkInteger(path, 'replicas', replicas, 1, 20, 'give the number of servers');
  checkInteger(path, 'workers', workers, 1, 32, 'give the number of processes of each server');
  const memory = checkMemory(path, props.memory, workers);
  const cpu = props.cpu ?? 0.25 * workers;
  checkCpu(path, 'cpu', cpu);
  if (logLevel !== undefined) checkChoice(path, 'logLevel', logLevel, LOG_LEVELS);
  const pools = replicas * workers * POOLS_PER_WORKER;
  const connections = props.connections ?? pools * 2 * MIN_POOL;
  checkInteger(
    path,
    `connections of ${replicas} x ${workers} workers`,
    connections,
    pools * MIN_POOL,
    10_000,
    `give at least 6 for each worker, or fewer workers`,
  );
  checkSize(path, 'scratch', props.scratch);
  checkDuration(path, 'passwordCache', props.passwordCache);
  const scratch = props.scratch ?? Size.gibibytes(20);
  if (scratch.toKibibytes() < Size.gibibytes(1).toKibibytes()) {
    fail(path, `scratch must be at least 1 GiB, got ${quantity(scratch)}; it holds artifacts on their way`);
  }
  if (!USER.test(administrator)) {
    fail(
      path,
      `administrator must be 1 to 64 letters, digits, ".", "_", "@" and "-", got ${show(administrator)}; rename it`,
    );
  }
  if (!PERMISSIONS.includes(defaultPermission)) {
    fail(
      path,
      `defaultPermission ${show(defaultPermission)} is none${didYouMean(String(defaultPermission), PERMISSIONS)}`,
    );
  }
  const passwordCache = props.passwordCache ?? Duration.minutes(1);
  if (passwordCache.toSeconds() > 3600) {
    fail(
      path,
      `passwordCache must be at most an hour, got ${passwordCache.toHumanString()}; changed passwords stay good for as long`,
    );
  }
  return {
    replicas,
    workers,
    memory,
    cpu,
    connections,
    scratch,
    administrator,
    defaultPermission,
    passwordCache,
    logLevel,
  };
}

/** Measured on 3.17: the process that starts the others and each worker take 300 MiB before the first request. */
function checkMemory(path: string, memory: Size | undefined, workers: number): Size {
  checkSize(path, 'memory', memory);
  const least = Size.mebibytes(320 * (workers + 1));
  if (memory && memory.toKibibytes() < least.toKibibytes()) {
    fail(
      path,
      `memory of ${workers} ${workers === 1 ? 'worker' : 'workers'} must be at least ${quantity(least)}, got ${quantity(memory)}; give more, or fewer workers`,
    );
  }
  return memory ?? Size.mebibytes(512 * (workers + 1));
}
