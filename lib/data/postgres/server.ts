import { Duration, Size } from 'cdk8s';
import {
  type ConfigFiles,
  type ContainerProps,
  intOrString,
  type ISecret,
  type k8s,
  type Mount,
  type ServiceEndpoint,
  type Stage,
  StatefulSet,
  volume,
  VolumeClaim,
} from '../../core';
import { TRANSFER_TIMEOUT } from './backup';
import { type Archive, archiveAccess, copyClient } from './bucket-access';
import { PATHS } from './configuration';
import { images, POSTGRES_USER } from './images';
import { type PostgresRestore } from './restore';
import { sharedMemory } from './tuning';

/** Longest that a shutdown may write what is in memory to a slow disk. */
const STOP_SECONDS = 300;
const METRICS_PORT = 9187;
const CLAIM = 'data';

export interface ServerProps {
  readonly memory: Size;
  readonly cpu: number;
  readonly cpuLimit: number;
  readonly storage: Size;
  readonly storageClassName?: string;
  readonly config: ConfigFiles;
  readonly scripts: ConfigFiles;
  readonly superuser: ISecret;
  readonly archive?: Archive;
  readonly restore?: { readonly source: Archive; readonly props: PostgresRestore };
  readonly certificate?: ISecret;
  readonly metricsCredentials?: ISecret;
}

export interface Server {
  readonly workload: StatefulSet;
  readonly endpoint: ServiceEndpoint;
  readonly metrics?: ServiceEndpoint;
}

/** The server: its volume, its pod, its Services. */
export function addServer(stage: Stage, id: string, props: ServerProps): Server {
  // A claim of its own, not a template of the StatefulSet: templates can't change, and this one must be able to grow.
  new VolumeClaim(stage, CLAIM, { size: props.storage, storageClassName: props.storageClassName });
  const headless = `${id}-pods`;
  const workload = new StatefulSet(stage, id, {
    serviceName: headless,
    user: POSTGRES_USER,
    restartOn: [props.config],
    terminationGracePeriod: Duration.seconds(STOP_SECONDS),
    initContainers: [...(props.archive || props.restore ? [copyClient()] : []), bootstrap(stage, props)],
    containers: [
      postgres(stage, props),
      ...(props.certificate ? [reload(props)] : []),
      ...(props.metricsCredentials ? [exporter(props)] : []),
    ],
  });
  workload.addService({ name: headless, headless: true, publishNotReadyAddresses: true, ports: { postgres: 5432 } });
  const { postgres: endpoint } = workload.addService({
    name: id,
    ports: { postgres: { port: 5432, appProtocol: 'postgresql' } },
  });
  const metrics =
    props.metricsCredentials &&
    workload.addService({ name: `${id}-metrics`, ports: { metrics: METRICS_PORT } }).metrics;
  workload.connectTo(props.archive?.bucket.endpoint, props.restore?.source.bucket.endpoint);
  return { workload, endpoint, metrics };
}

/** Makes the data directory, recovers it and sets passwords; has the server's memory, since recovery does the server's work. */
function bootstrap(stage: Stage, props: ServerProps): ContainerProps {
  const { archive, restore } = props;
  const access = archiveAccess(stage, { archive, restore: restore?.source });
  return {
    ...base(props),
    name: 'bootstrap',
    command: ['bash', `${PATHS.scripts}/bootstrap.sh`],
    env: {
      PGDATA: PATHS.data,
      SUPERUSER_PASSWORD: props.superuser.env('password'),
      METRICS_PASSWORD: props.metricsCredentials?.env('password'),
      ...access.env,
      ...(restore
        ? {
            RESTORE_BACKUP: restore.props.backup,
            RESTORE_TIME: restore.props.targetTime,
            RESTORE_TIMEOUT: String(TRANSFER_TIMEOUT.toSeconds()),
          }
        : {}),
    },
    mounts: [...dataMounts(props), ...access.mounts],
  };
}

function postgres(stage: Stage, props: ServerProps): ContainerProps {
  const access = archiveAccess(stage, { archive: props.archive });
  const isReady = ['pg_isready', '-q', '-h', '127.0.0.1', '-t', '5'];
  return {
    ...base(props),
    name: 'postgres',
    command: ['postgres', '-D', PATHS.data, '-c', `config_file=${PATHS.config}/postgresql.conf`],
    env: { PGDATA: PATHS.data, PGUSER: 'postgres', ...access.env },
    ports: { postgres: 5432 },
    mounts: [
      ...dataMounts(props),
      { path: PATHS.sockets, volume: volume.scratch('sockets', { limit: Size.mebibytes(1) }) },
      ...(props.certificate ? [certificateMount(props.certificate)] : []),
      ...access.mounts,
    ],
    // Status 1 says that it answers and refuses: it starts, recovers or stops, however long that takes.
    startupProbe: probe(['bash', '-c', `${isReady.join(' ')} || [ $? -eq 1 ]`], {
      periodSeconds: 2,
      failureThreshold: 60,
      timeoutSeconds: 10,
    }),
    livenessProbe: probe(['bash', '-c', `${isReady.join(' ')} || [ $? -eq 1 ]`], {
      periodSeconds: 20,
      failureThreshold: 6,
      timeoutSeconds: 10,
    }),
    readinessProbe: probe(isReady, { periodSeconds: 5, failureThreshold: 3, timeoutSeconds: 10 }),
    // A fast shutdown whatever signal the runtime sends: at SIGTERM the server would wait for each client to leave.
    lifecycle: {
      preStop: {
        exec: { command: ['pg_ctl', 'stop', '-D', PATHS.data, '-m', 'fast', '-w', '-t', String(STOP_SECONDS - 10)] },
      },
    },
  };
}

/** Has a renewed certificate read. */
function reload(props: ServerProps): ContainerProps {
  return {
    name: 'reload',
    image: images.postgres,
    command: ['bash', `${PATHS.scripts}/reload.sh`],
    env: {
      PGHOST: '127.0.0.1',
      PGUSER: 'postgres',
      PGPASSWORD: props.superuser.env('password'),
      PGDATABASE: 'postgres',
      PGSSLMODE: 'require',
      PGCONNECT_TIMEOUT: '10',
    },
    resources: { cpu: 0.01, memory: Size.mebibytes(32), scratch: Size.mebibytes(64) },
    mounts: [
      { path: PATHS.scripts, volume: volume.config('scripts', props.scripts) },
      certificateMount(props.certificate!),
    ],
  };
}

function exporter(props: ServerProps): ContainerProps {
  const sslMode = props.certificate ? 'require' : 'disable';
  return {
    name: 'metrics',
    image: images.exporter,
    env: {
      DATA_SOURCE_URI: `127.0.0.1:5432/postgres?sslmode=${sslMode}`,
      DATA_SOURCE_USER: props.metricsCredentials!.env('username'),
      DATA_SOURCE_PASS: props.metricsCredentials!.env('password'),
    },
    ports: { metrics: METRICS_PORT },
    resources: { cpu: 0.05, memory: Size.mebibytes(64), scratch: Size.mebibytes(64) },
    // Not /metrics, which fails while the server is down: restarting the exporter would not mend that.
    livenessProbe: { tcpSocket: { port: intOrString('metrics') }, periodSeconds: 30, timeoutSeconds: 5 },
    readinessProbe: { httpGet: { path: '/', port: intOrString('metrics') }, periodSeconds: 10, timeoutSeconds: 5 },
  };
}

/** What the bootstrap and the server have in common. */
function base({ memory, cpu, cpuLimit }: ServerProps): Pick<ContainerProps, 'image' | 'resources'> {
  return { image: images.postgres, resources: { cpu, cpuLimit, memory } };
}

function dataMounts({ config, scripts, memory }: ServerProps): Mount[] {
  return [
    { path: PATHS.volume, volume: volume.claim('data', CLAIM) },
    { path: PATHS.config, volume: volume.config('config', config) },
    { path: PATHS.scripts, volume: volume.config('scripts', scripts) },
    { path: '/tmp', volume: volume.scratch('tmp', { limit: Size.mebibytes(256) }) },
    // Parallel queries share memory there, and a container has 64 MiB of it by default.
    { path: '/dev/shm', volume: volume.scratch('shared-memory', { memory: true, limit: sharedMemory(memory) }) },
  ];
}

function certificateMount(certificate: ISecret): Mount {
  return { path: PATHS.certificate, volume: volume.secret('certificate', certificate) };
}

function probe(command: string[], timing: Omit<k8s.Probe, 'exec'>): k8s.Probe {
  return { exec: { command }, ...timing };
}
