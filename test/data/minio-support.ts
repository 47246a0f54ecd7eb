import { Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  Deployment,
  type IBucket,
  type ICertificateIssuer,
  type IGateway,
  type IMetrics,
  image,
  type Platform,
  type RouteProps,
  type ScrapeProps,
  SecretReference,
  System,
} from '../../lib/core';
import { MinIO, type MinIOProps } from '../../lib/data/minio';
import { objectOf, testPlatform } from '../support';

export type Env = readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];

export interface Container {
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: Env;
  readonly resources: object;
  readonly livenessProbe: { readonly httpGet: object };
}

export interface Workload {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly replicas: number;
    readonly serviceName: string;
    readonly podManagementPolicy: string;
    readonly minReadySeconds?: number;
    readonly selector: object;
    readonly template: {
      readonly spec: {
        readonly topologySpreadConstraints?: object;
        readonly nodeSelector?: object;
        readonly tolerations?: object;
        readonly volumes: readonly object[];
        readonly initContainers?: readonly [Container];
        readonly containers: readonly [Container];
      };
    };
    readonly volumeClaimTemplates: readonly {
      readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
      readonly spec: object;
    }[];
  };
}

export interface Policy {
  readonly spec: { readonly ingress: readonly object[]; readonly egress: readonly object[] };
}

export interface Statement {
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource?: readonly string[];
}

export const SMALL: MinIOProps = { driveSize: Size.gibibytes(100) };
export const LARGE: MinIOProps = { servers: 4, drivesPerServer: 4, driveSize: Size.tebibytes(3) };
export const POOL_0 = 'pool-0-{0...3}.pool-0.minio.svc.cluster.local:9000/drives/{0...3}';

/** A program that uses a bucket. */
export class Consumer extends System {
  constructor(scope: Construct, id: string, bucket: IBucket) {
    super(scope, id, { name: 'consumer', version: '1' }, {});
    const stage = this.addStage('install', [bucket, bucket.credentials]);
    const key = bucket.credentials.in(this.namespace);
    new Deployment(stage, 'program', {
      containers: [
        {
          name: 'program',
          image: image('quay.io/example/program:1'),
          env: { S3: bucket.url, KEY: key.env('access-key'), PASSWORD: key.env('secret-key') },
          resources: { cpu: 0.1, memory: Size.mebibytes(64) },
        },
      ],
    }).connectTo(bucket.endpoint);
  }
}

/** Remembers what it is asked for. */
export class Recorder implements IGateway, IMetrics, ICertificateIssuer {
  readonly readyAfter = [];
  readonly routes: RouteProps[] = [];
  readonly scraped: (ScrapeProps & { id: string })[] = [];
  readonly dnsNames: string[] = [];
  addRoute(_scope: Construct, props: RouteProps) {
    this.routes.push(props);
    return { host: props.host, url: `https://${props.host}`, endpoint: props.to };
  }
  addRules() {}
  addDashboard() {}
  scrape(_stage: unknown, id: string, props: ScrapeProps) {
    this.scraped.push({ id, ...props });
  }
  issue(
    stage: Parameters<ICertificateIssuer['issue']>[0],
    id: string,
    props: Parameters<ICertificateIssuer['issue']>[2],
  ) {
    this.dnsNames.push(...(typeof props.dnsNames === 'function' ? props.dnsNames() : props.dnsNames));
    return new SecretReference(stage.namespace!, id, ['tls.crt', 'tls.key'], []);
  }
  authority(stage: Parameters<ICertificateIssuer['authority']>[0]) {
    return new SecretReference(stage.namespace!, 'ca', ['ca.crt'], []);
  }
  webhookAnnotations() {
    return {};
  }
}

export function minio(props: MinIOProps, id = 'minio'): { lab: Platform; store: MinIO } {
  const lab = testPlatform();
  return { lab, store: new MinIO(lab, id, props) };
}

export function pool(props: MinIOProps, name = 'pool-0'): Workload {
  return objectOf<Workload>(minio(props).lab, 'StatefulSet', name, 'minio');
}

export function server(props: MinIOProps, name = 'pool-0') {
  return pool(props, name).spec.template.spec.containers[0];
}

export function valueOf(env: Env, name: string): string | undefined {
  return env.find((one) => one.name === name)?.value;
}

/** The container of a Job that runs the client. */
export function job(lab: Platform, name: RegExp) {
  const { initContainers, containers } = objectOf<Workload>(lab, 'Job', name).spec.template.spec;
  return (initContainers ?? containers)[0];
}

export function statements(lab: Platform, name: RegExp): Statement[] {
  return (JSON.parse(valueOf(job(lab, name).env, 'POLICY')!) as { Statement: Statement[] }).Statement;
}
