import { Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import {
  type ConfigFiles,
  type EnvValue,
  type ISecret,
  k8s,
  lazy,
  type Mount,
  type Resources,
  type ServiceEndpoint,
  type Stage,
  StatefulSet,
  volume,
  VolumeClaim,
} from '../../core';
import { PATHS, PORTS, type Source } from './configuration';
import { images } from './images';

/** Name of the StatefulSet, and of the Service that names its pods. */
const NAME = 'collector';
export const METRICS_SERVICE = `${NAME}-metrics`;
const BUCKET_AUTHORITY = `${PATHS.given}/authority`;
/**
 * Size of a volume in the StatefulSet's templates, which can't be changed. The claims are written out, with the size that is wanted, and are there before
 * the pods; the template stands only for one that somebody adds by hand.
 */
const TEMPLATE_SIZE = Size.gibibytes(10);

export interface CollectorPodsProps {
  readonly replicas: number;
  readonly config: ConfigFiles;
  /** Of the webhooks. */
  readonly certificate?: ISecret;
  readonly resources: Required<Pick<Resources, 'cpu' | 'memory'>>;
  readonly storage: Size;
  readonly storageClassName?: string;
  /** Grows until synthesis. */
  readonly sources: readonly Source[];
}

/** The collectors. What they are given after they were made, of whoever sends and of the bucket, is read when everything is said. */
export class Collector extends StatefulSet {
  private readonly given: Given;

  constructor(stage: Stage, props: CollectorPodsProps) {
    const { replicas, config, certificate, resources, storage, storageClassName, sources } = props;
    const given: Given = { tokens: [] };
    const claim = { size: storage, storageClassName };
    super(stage, NAME, {
      replicas,
      serviceName: NAME,
      // None needs another to become ready.
      parallel: true,
      claims: [{ name: 'queue', ...claim, size: TEMPLATE_SIZE }],
      restartOn: [config],
      // What is on its way to the bucket may end; what isn't done by then is on the volume.
      terminationGracePeriod: Duration.seconds(30),
      containers: [
        {
          name: NAME,
          image: images.collector,
          args: [`--config=${PATHS.config}/collector.yaml`],
          env: () => environment(given, resources.memory),
          ports: () => ({
            metrics: PORTS.metrics,
            health: PORTS.health,
            ...Object.fromEntries(sources.map((source) => [portName(source), source.port])),
          }),
          resources,
          mounts: [
            { path: PATHS.config, volume: volume.config('config', config) },
            { path: PATHS.queue, volume: volume.template('queue') },
            { path: PATHS.given, volume: files(given) },
            ...(certificate ? [tls(certificate)] : []),
          ],
          startupProbe: { ...health(), periodSeconds: 2, failureThreshold: 60 },
          readinessProbe: { ...health(), periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 2 },
          livenessProbe: { ...health(), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
        },
      ],
    });
    this.given = given;
    this.addService({ name: NAME, headless: true, ports: {}, spec: { ports: lazy(() => sources.map(servicePort)) } });
    const claims = new Construct(this, 'claims');
    for (let i = 0; i < replicas; i++) {
      new VolumeClaim(claims, `queue-${NAME}-${i}`, { ...claim, labels: { ...this.podLabels } });
    }
  }

  /** A Service for whoever scrapes. */
  addMetrics(): ServiceEndpoint {
    return this.addService({ name: METRICS_SERVICE, ports: { metrics: PORTS.metrics } }).metrics;
  }

  /** The token by which a system sends. */
  addToken(system: string, secret: ISecret): void {
    this.given.tokens.push({ system, secret });
  }

  /** The bucket's key, and its authority where that is a private one. */
  keepIn(key: ISecret, authority: ISecret | undefined): void {
    Object.assign(this.given, { key, authority });
  }
}

interface Given {
  readonly tokens: { readonly system: string; readonly secret: ISecret }[];
  key?: ISecret;
  authority?: ISecret;
}

function portName({ port }: Source): string {
  return `source-${port}`;
}

function servicePort(source: Source): k8s.ServicePort {
  return {
    name: portName(source),
    port: source.port,
    targetPort: k8s.IntOrString.fromNumber(source.port),
    protocol: 'TCP',
  };
}

/** The bucket's key by the names that S3's clients have for it. Its authority comes on top of the public ones. */
function environment({ key, authority }: Given, memory: Size): Record<string, EnvValue | undefined> {
  return {
    // Above it memory is freed more eagerly, before the limit is met. @see https://pkg.go.dev/runtime#hdr-Environment_Variables
    GOMEMLIMIT: `${Math.floor((memory.toKibibytes() * 0.8) / 1024)}MiB`,
    POD_NAME: { fieldRef: { fieldPath: 'metadata.name' } },
    AWS_ACCESS_KEY_ID: key?.env('access-key'),
    AWS_SECRET_ACCESS_KEY: key?.env('secret-key'),
    // It would ask Amazon's own addresses who it is.
    AWS_EC2_METADATA_DISABLED: 'true',
    SSL_CERT_DIR: authority && BUCKET_AUTHORITY,
  };
}

/** Files that are known when everything is said. */
function files(given: Given): k8s.Volume {
  return {
    name: 'given',
    projected: {
      defaultMode: 0o440,
      sources: lazy(() => {
        const { tokens, authority } = given;
        const sources = [
          ...tokens.map(({ system, secret }) => ({
            secret: { name: secret.name, items: [{ key: 'token', path: `tokens/${system}` }] },
          })),
          ...(authority
            ? [{ secret: { name: authority.name, items: [{ key: 'ca.crt', path: 'authority/ca.crt' }] } }]
            : []),
        ];
        // The API server drops an empty list.
        return sources.length > 0 ? sources : undefined;
      }),
    },
  };
}

function tls(certificate: ISecret): Mount {
  return { path: PATHS.tls, volume: volume.secret('tls', certificate, { 'tls.crt': 'tls.crt', 'tls.key': 'tls.key' }) };
}

/** That it runs, and takes records; whether the bucket answers is no matter of a probe's. */
function health(): k8s.Probe {
  return { httpGet: { path: '/', port: k8s.IntOrString.fromString('health') } };
}
