import { Construct, type IConstruct } from 'constructs';
import {
  type CertificateProps,
  type IAddress,
  type IBucket,
  type ICertificateIssuer,
  type ICertificateSigner,
  type ICredentials,
  type IExperimentTracking,
  type IGateway,
  type IGpuPool,
  type IIdentityProvider,
  type ILoadBalancer,
  type IMetrics,
  type IPostgresDatabase,
  type IQueue,
  type IRdmaNetworks,
  type IRedisDatabases,
  type IRoute,
  type ISecret,
  type ISecretStore,
  type RouteProps,
} from './contracts';
import { ExistingCredentials } from './credentials/secret';
import { fail, show } from './errors';
import { ExternalIdentityProvider, type ExternalIdentityProviderProps, issuerAddress } from './external-identity';
import { externalPostgres, type ExternalPostgresProps } from './external-postgres';
import { type ExternalRdmaNetworkProps, ExternalRdmaNetworks } from './external-rdma';
import { ExternalSecretStore, type ExternalSecretStoreProps } from './external-secret-store';
import { ExternalCertificateSigner, type ExternalCertificateSignerProps } from './external-signer';
import * as k8s from './k8s';
import { checkHost, checkLabel, checkPort, digest } from './names';
import { type IEndpoint, type NetworkEdge, type Peer } from './network';
import { type PrometheusProps, prometheusObjects } from './prometheus/objects';
import { platformOf } from './scope';
import { type Stage } from './stage';
import { ServiceEndpoint } from './workload/service';

/** A Secret that the user makes before the platform is applied. */
export interface ExternalSecretProps {
  readonly name: string;
  /** @default - one of this name is in each namespace that uses it */
  readonly namespace?: string;
}

export interface ExternalEndpointProps {
  /** Host name or address. */
  readonly host: string;
  readonly port: number;
  /** Address range of its hosts, which alone the NetworkPolicies open: `10.20.0.15/32`. @default - any address, at that port */
  readonly cidr?: string;
}

export interface ExternalBucketProps extends ExternalEndpointProps {
  readonly bucket: string;
  /** @default 'https' */
  readonly scheme?: 'http' | 'https';
  /** @default 'us-east-1' */
  readonly region?: string;
  /** Secret with the keys `access-key` and `secret-key`. */
  readonly credentials: ExternalSecretProps;
  /** Secret with the key `ca.crt`. @default - the public authorities */
  readonly authority?: ExternalSecretProps;
}

export interface ExternalRedisProps extends ExternalEndpointProps {
  /** Numbers of the logical databases that nobody else uses, in ascending order. */
  readonly numbers: readonly number[];
  /** Secret with the keys `username` and `password`, both legal in a URL as they are. */
  readonly credentials: ExternalSecretProps;
  /** Whether clients speak TLS. @default true */
  readonly tls?: boolean;
  /** With TLS: Secret with the key `ca.crt`. @default - the public authorities */
  readonly authority?: ExternalSecretProps;
}

export interface ExternalExperimentTrackingProps extends ExternalEndpointProps {
  /** @default 'https' */
  readonly scheme?: 'http' | 'https';
  /** Secret with the keys `username` and `password`. */
  readonly credentials: ExternalSecretProps;
}

export interface ExternalIngressProps {
  /** The controller's IngressClass. */
  readonly ingressClassName: string;
  /** The controller's pods, which the NetworkPolicies let in. */
  readonly pods: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> };
  /** The controller's pods' port for https, to which pods of the cluster get by a route's URL. @default 443 */
  readonly httpsPort?: number;
  /** TLS Secret in the namespace of each route's system. @default - the controller's default certificate */
  readonly tlsSecret?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export type ExternalPrometheusProps = PrometheusProps;

export interface ExternalQueueProps {
  /** Name of a LocalQueue of Kueue's. */
  readonly name: string;
  /** Where it and its jobs are. @default - its name */
  readonly namespace?: string;
  /** The pools with GPUs that it may use, the first tried first. @default - none */
  readonly pools?: readonly IGpuPool[];
}

/**
 * Things that exist outside the platform, in the form of the contracts. What they refer to is declared to link; nothing is made: of a
 * server elsewhere a platform is given one database or bucket, not the right to make more.
 *
 *     External.postgres(lab, 'db', { host: 'db.corp.example', port: 5432, database: 'mlflow', credentials: { name: 'mlflow-db' } })
 */
export const External = {
  /** A Secret made by the user, with these keys. */
  credentials(scope: IConstruct, props: ExternalSecretProps, keys: readonly string[]): ICredentials {
    const path = `${scope.node.path}: Secret ${props.name}`;
    return new ExistingCredentials(path, props.namespace, props.name, keys, (namespace) =>
      platformOf(scope).addExternal({ kind: 'Secret', namespace, name: props.name, keys }),
    );
  },

  /** A server elsewhere of which nothing more needs to be known: an LDAP directory, a mail server. */
  endpoint(scope: IConstruct, props: ExternalEndpointProps): IEndpoint {
    return new ExternalEndpoint(scope, props);
  },

  /** The company's own identity provider, such as Keycloak or Entra, with clients that its administrator has registered. */
  identityProvider(scope: IConstruct, props: ExternalIdentityProviderProps): IIdentityProvider {
    const endpoint = new ExternalEndpoint(scope, { ...issuerAddress(scope.node.path, props.issuer), cidr: props.cidr });
    return new ExternalIdentityProvider(scope, props, endpoint, externalAuthority(scope, props.authority), (name) =>
      External.credentials(scope, { name }, ['client-id', 'client-secret']),
    );
  },

  /** A database on a PostgreSQL server elsewhere. */
  postgres(scope: IConstruct, props: ExternalPostgresProps): IPostgresDatabase {
    return externalPostgres(
      scope,
      props,
      new ExternalEndpoint(scope, props),
      externalAuthority(scope, props.authority),
      (secret) => External.credentials(scope, secret, ['username', 'password']),
    );
  },

  /** A bucket of an S3 service elsewhere. */
  bucket(scope: IConstruct, props: ExternalBucketProps): IBucket {
    const scheme = props.scheme ?? 'https';
    if (props.authority && scheme === 'http') {
      fail(
        scope.node.path,
        `bucket ${show(props.bucket)} has an authority but speaks http; leave authority out or use https`,
      );
    }
    return {
      name: props.bucket,
      endpoint: new ExternalEndpoint(scope, props),
      url: `${scheme}://${props.host}:${props.port}`,
      region: props.region ?? 'us-east-1',
      credentials: External.credentials(scope, props.credentials, ['access-key', 'secret-key']),
      authority: externalAuthority(scope, props.authority),
      readyAfter: [],
      allowGroup: (group) =>
        fail(
          scope.node.path,
          `bucket ${show(props.bucket)} is elsewhere, where its owner lets group ${show(group)} in; leave allowGroup out`,
        ),
    };
  },

  /** Logical databases of a Redis, or Valkey, elsewhere. */
  redis(scope: IConstruct, props: ExternalRedisProps): IRedisDatabases {
    const { numbers, tls = true } = props;
    const legal = numbers.every((number, i) => Number.isInteger(number) && number > (numbers[i - 1] ?? -1));
    if (!legal || numbers.length === 0) {
      fail(
        scope.node.path,
        `numbers of databases of ${props.host} must be whole, from 0 on and in ascending order, got ${show(numbers)}; write [0, 1, 2, 3]`,
      );
    }
    if (props.authority && !tls) {
      fail(scope.node.path, `Redis ${show(props.host)} has an authority but no TLS; leave authority out or tls: false`);
    }
    return {
      numbers,
      endpoint: new ExternalEndpoint(scope, props),
      credentials: External.credentials(scope, props.credentials, ['username', 'password']),
      tls,
      authority: externalAuthority(scope, props.authority),
      readyAfter: [],
    };
  },

  /** A queue of a Kueue that is there already. `connectTo` lets its pods in at the other end; its namespace's own policies are its owner's. */
  queue(scope: IConstruct, props: ExternalQueueProps): IQueue {
    const { name, namespace = name, pools = [] } = props;
    checkLabel(scope.node.path, 'the name of a queue', name);
    checkLabel(scope.node.path, 'namespace', namespace);
    platformOf(scope).addExternal({ kind: 'Namespace', name: namespace });
    platformOf(scope).addExternal({ kind: 'LocalQueue', namespace, name });
    return {
      name,
      namespace,
      pools,
      jobLabels: { 'kueue.x-k8s.io/queue-name': name },
      readyAfter: pools.flatMap(({ readyAfter }) => readyAfter),
      connectTo: (...endpoints) => {
        for (const endpoint of endpoints) endpoint?.allow({ namespace, podLabels: {} });
      },
    };
  },

  /** A Vault elsewhere. The summary says which roles and policies it must have. */
  secretStore(scope: IConstruct, props: ExternalSecretStoreProps): ISecretStore {
    const endpoint = new ExternalEndpoint(scope, { ...props, port: props.port ?? 8200 });
    return new ExternalSecretStore(scope, props, endpoint, externalAuthority(scope, props.authority));
  },

  /** A tracking server elsewhere that speaks MLflow's API. */
  experimentTracking(scope: IConstruct, props: ExternalExperimentTrackingProps): IExperimentTracking {
    const url = `${props.scheme ?? 'https'}://${props.host}:${props.port}`;
    return {
      endpoint: new ExternalEndpoint(scope, props),
      trackingUri: url,
      externalUrl: url,
      credentials: External.credentials(scope, props.credentials, ['username', 'password']),
      readyAfter: [],
    };
  },

  /** A controller for load balancers that is there already, a cloud's or the distribution's own. Addresses are checked by it. */
  loadBalancer(annotations: Readonly<Record<string, string>> = {}): ILoadBalancer {
    return {
      readyAfter: [],
      addAddress: (_scope, props): IAddress => ({ annotations, address: props?.address }),
    };
  },

  /** Certificates of the company's own authority, which the user puts into a TLS Secret of each namespace that needs one. */
  certificates(
    scope: IConstruct,
    props: { readonly tlsSecret: string; readonly authority?: ExternalSecretProps },
  ): ICertificateIssuer {
    const keys = ['tls.crt', 'tls.key'];
    return {
      readyAfter: [],
      issue: (stage: Stage, _id: string, _props: CertificateProps) =>
        External.credentials(scope, { name: props.tlsSecret }, keys).in(namespaceOf(stage)),
      authority: externalAuthority(scope, props.authority),
      webhookAnnotations: ({ name }) =>
        fail(
          scope.node.path,
          `nobody puts the authority of ${show(name)}, which is issued elsewhere, into a webhook's configuration; use an issuer within the platform`,
        ),
    };
  },

  /** The PKI engine of a Vault elsewhere. The summary says which roles it must have. */
  certificateSigner(scope: IConstruct, props: ExternalCertificateSignerProps): ICertificateSigner {
    const endpoint = new ExternalEndpoint(scope, { ...props, port: props.port ?? 8200 });
    return new ExternalCertificateSigner(scope, props, endpoint, externalAuthority(scope, props.authority));
  },

  /** An ingress controller that is there already; routes become Ingresses. */
  ingress(scope: IConstruct, props: ExternalIngressProps): IGateway {
    platformOf(scope).addExternal({ kind: 'IngressClass', name: props.ingressClassName });
    platformOf(scope).addExternal({ kind: 'Namespace', name: props.pods.namespace });
    const taken = new Map<string, string>();
    return {
      readyAfter: [],
      addRoute: (consumer: Construct, route: RouteProps): IRoute => {
        checkHost(consumer.node.path, 'host', route.host, true);
        const key = `${route.host}${route.path ?? '/'}`;
        const other = taken.get(key);
        if (other) fail(consumer.node.path, `https://${key} is taken by ${other}; give another host or path`);
        taken.set(key, consumer.node.path);
        return ingressRoute(consumer, props, route);
      },
    };
  },

  /** Networks of the site that pods use by RDMA already, by their names in the site. */
  rdmaNetworks(scope: IConstruct, networks: Readonly<Record<string, ExternalRdmaNetworkProps>>): IRdmaNetworks {
    return new ExternalRdmaNetworks(scope, networks);
  },

  /** A Prometheus operator that is there already: endpoints become ServiceMonitors, rules PrometheusRules, dashboards ConfigMaps. */
  prometheus(scope: IConstruct, props: ExternalPrometheusProps): IMetrics {
    platformOf(scope).addExternal({ kind: 'CustomResourceDefinition', name: 'servicemonitors.monitoring.coreos.com' });
    platformOf(scope).addExternal({ kind: 'Namespace', name: props.pods.namespace });
    return prometheusObjects(props);
  },
};

class ExternalEndpoint implements IEndpoint {
  readonly host: string;
  readonly port: number;
  readonly readyAfter: readonly Stage[] = [];
  private readonly peer: Peer;

  constructor(scope: IConstruct, { host, port, cidr }: ExternalEndpointProps) {
    checkHost(scope.node.path, 'host of an external endpoint', host);
    checkPort(scope.node.path, `port of ${host}`, port);
    this.host = host;
    this.port = port;
    this.peer = cidr === undefined ? 'anywhere' : { cidr };
  }

  allow(): NetworkEdge {
    return { peer: this.peer, ports: [{ port: this.port }] };
  }
}

function externalAuthority(
  scope: IConstruct,
  secret: ExternalSecretProps | undefined,
): (stage: Stage) => ISecret | undefined {
  return (stage) => secret && External.credentials(scope, secret, ['ca.crt']).in(namespaceOf(stage));
}

function namespaceOf(stage: Stage): string {
  return stage.namespace ?? fail(stage.node.path, 'has no namespace; use a stage that a system made with addStage');
}

function ingressRoute(
  consumer: Construct,
  props: ExternalIngressProps,
  { host, path, to, scheme }: RouteProps,
): IRoute {
  if (!(to instanceof ServiceEndpoint)) {
    fail(
      consumer.node.path,
      `an Ingress for ${show(host)} can lead to a Service of the platform only, got ${to.host}; use another gateway for it`,
    );
  }
  to.allow({ namespace: props.pods.namespace, podLabels: props.pods.labels });
  const scope = new Construct(to.workload.stage, `ingress-${digest([host, path ?? '/'])}`);
  // Named by a digest of what it leads from: two hosts, or two paths, may lead to one port.
  const name = `${to.service}-${to.portName}-${digest([host, path ?? '/'])}`;
  checkLabel(consumer.node.path, 'the name of an Ingress', name);
  new k8s.KubeIngress(scope, 'ingress', {
    metadata: {
      name,
      annotations:
        scheme === 'https'
          ? { ...props.annotations, 'nginx.ingress.kubernetes.io/backend-protocol': 'HTTPS' }
          : { ...props.annotations },
    },
    spec: {
      ingressClassName: props.ingressClassName,
      tls: [{ hosts: [host], secretName: props.tlsSecret }],
      rules: [
        {
          host,
          http: {
            paths: [
              {
                path: path ?? '/',
                pathType: 'Prefix',
                backend: { service: { name: to.service, port: { number: to.port } } },
              },
            ],
          },
        },
      ],
    },
  });
  if (props.tlsSecret) {
    External.credentials(consumer, { name: props.tlsSecret }, ['tls.crt', 'tls.key']).in(to.workload.namespace);
  }
  return {
    host,
    url: `https://${host}${(path ?? '/') === '/' ? '' : path}`,
    endpoint: {
      host,
      port: 443,
      readyAfter: [],
      allow: () => ({
        peer: { namespace: props.pods.namespace, podLabels: props.pods.labels },
        ports: [{ port: props.httpsPort ?? 443 }],
      }),
    },
  };
}
