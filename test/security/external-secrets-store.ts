import { Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  Deployment,
  type ICertificateIssuer,
  type ICredentials,
  type ISecret,
  type ISecretStore,
  type IStoreRole,
  image,
  type Platform,
  type ServiceEndpoint,
  type Stage,
  type StoreRoleProps,
  System,
  volume,
} from '../../lib/core';
import { CertManager } from '../../lib/security/cert-manager';
import { ExternalSecrets, type ExternalSecretsProps } from '../../lib/security/external-secrets';
import { testPlatform } from '../support';

/** A store of secrets within the platform, as far as its contract goes: one stage makes its roles, whenever they are asked for. */
export class Store extends System implements ISecretStore {
  readonly endpoint: ServiceEndpoint;
  readonly url: string;
  readonly mount = 'kv';
  readonly authMount = 'kubernetes';
  readonly readyAfter: readonly Stage[];
  readonly roles = new Map<string, StoreRoleProps>();
  /** What it asks for itself. */
  readonly unseal: ICredentials;

  constructor(
    scope: Construct,
    id: string,
    private readonly certificates: ICertificateIssuer,
    private readonly roleStage?: Stage,
  ) {
    super(scope, id, { name: 'store', version: 'v1' }, {});
    this.unseal = this.platform.credentials.generate(this, 'unseal', { key: { length: 32 } });
    const certificate = this.addStage('certificate', [certificates, this.unseal]);
    certificates.issue(certificate, 'tls', { dnsNames: ['store.store.svc.cluster.local'] });
    const install = this.addStage('install', [certificate]);
    const server = new Deployment(install, 'store', {
      containers: [
        {
          name: 'store',
          image: image('registry.example/store:v1'),
          ports: { https: 8200 },
          resources: { cpu: 0.1, memory: Size.mebibytes(64) },
          mounts: [{ path: '/unseal', volume: volume.secret('unseal', this.unseal.in(this.namespace)) }],
        },
      ],
    });
    // Its pods talk to each other.
    server.allowFrom({ namespace: server.namespace, podLabels: server.podLabels }, 8200);
    this.endpoint = server.addService({ ports: { https: 8200 } }).https;
    this.url = `https://${this.endpoint.host}:8200`;
    this.readyAfter = [install];
  }

  authority(stage: Stage): ISecret | undefined {
    return this.certificates.authority(stage);
  }

  addRole(_scope: Construct, name: string, props: StoreRoleProps): IStoreRole {
    this.roles.set(name, props);
    return { name, readyAfter: this.roleStage ? [this.roleStage] : this.readyAfter };
  }

  allowGroup(): void {}

  /** The paths of a role, as they are once all is said. */
  paths(role: string, right: 'read' | 'create' | 'write'): readonly string[] {
    const paths = this.roles.get(role)?.[right] ?? [];
    return typeof paths === 'function' ? paths() : paths;
  }
}

/** A system that uses a credential. */
export class Consumer extends System {
  readonly stage: Stage;
  readonly credentials: ICredentials;

  constructor(scope: Construct, id: string, credentials?: ICredentials) {
    super(scope, id, { name: 'consumer', version: 'v1' }, {});
    this.credentials =
      credentials ??
      this.platform.credentials.generate(this, `${id}-db`, { username: { value: 'app' }, password: { length: 32 } });
    this.stage = this.addStage('install', [this.credentials]);
    new Deployment(this.stage, 'app', {
      containers: [
        {
          name: 'app',
          image: image('registry.example/app:v1'),
          env: { PASSWORD: this.credentials.in(this.namespace).env(this.credentials.keys.at(-1)!) },
          resources: { cpu: 0.1, memory: Size.mebibytes(64) },
        },
      ],
    });
  }
}

export interface Made {
  readonly lab: Platform;
  readonly certificates: CertManager;
  readonly store: Store;
  readonly secrets: ExternalSecrets;
}

/** A platform with a store that has an authority of its own, and External Secrets. */
export function make(props: Partial<ExternalSecretsProps> = {}, lab = testPlatform()): Made {
  const certificates = new CertManager(lab, 'cert-manager');
  const store = new Store(lab, 'store', certificates);
  const secrets = new ExternalSecrets(lab, 'external-secrets', { store, certificates, ...props });
  return { lab, certificates, store, secrets };
}
