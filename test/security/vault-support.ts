import { Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  Deployment,
  External,
  type IIdentityProvider,
  image,
  type ISecretStore,
  type k8s,
  type OidcClientProps,
  type Platform,
  System,
} from '../../lib/core';
import { CertManager } from '../../lib/security/cert-manager';
import { Vault, type VaultProps } from '../../lib/security/vault';
import { objectOf, testPlatform } from '../support';

/** A directory elsewhere. */
export class Directory implements IIdentityProvider {
  readonly readyAfter = [];
  readonly issuer = 'https://dex.test.example';
  readonly groupsClaim = 'groups';
  readonly usernameClaim = 'email';
  readonly scopes = ['openid', 'email', 'groups'];
  readonly redirectUris: string[] = [];
  readonly endpoint = {
    host: 'dex.test.example',
    port: 443,
    readyAfter: [],
    allow: () => ({ peer: { cidr: '10.20.0.100/32' }, ports: [{ port: 443 }] }),
  };

  constructor(private readonly lab: Platform) {}

  authority(stage: { readonly namespace?: string }) {
    return External.credentials(this.lab, { name: 'dex-ca' }, ['ca.crt']).in(stage.namespace!);
  }

  addClient(_scope: Construct, id: string, { redirectUris }: OidcClientProps) {
    this.redirectUris.push(...(typeof redirectUris === 'function' ? redirectUris() : redirectUris));
    const credentials = External.credentials(this.lab, { name: `${id}-oidc` }, ['client-id', 'client-secret']);
    return { id, credentials, readyAfter: [] };
  }
}

/** A program that reads secrets by itself. */
export class Reader extends System {
  constructor(scope: Construct, id: string, store: ISecretStore) {
    super(scope, id, { name: 'reader', version: '1' }, {});
    const role = store.addRole(this, 'reader', {
      serviceAccount: { namespace: this.namespace, name: 'reader' },
      audience: 'vault',
      read: ['platform/reader/*'],
    });
    const stage = this.addStage('install', [role]);
    new Deployment(stage, 'reader', {
      containers: [
        {
          name: 'reader',
          image: image('quay.io/example/reader:1'),
          env: { VAULT: store.url, ROLE: role.name, MOUNT: store.mount, AUTH: store.authMount },
          resources: { cpu: 0.1, memory: Size.mebibytes(64) },
        },
      ],
    }).connectTo(store.endpoint);
  }
}

export interface Lab {
  readonly lab: Platform;
  readonly certificates: CertManager;
  readonly vault: Vault;
}

export function make(
  props: Partial<VaultProps> | ((lab: Platform) => Partial<VaultProps>) = {},
  lab = testPlatform(),
): Lab {
  const certificates = new CertManager(lab, 'cert-manager');
  const given = typeof props === 'function' ? props(lab) : props;
  return { lab, certificates, vault: new Vault(lab, 'vault', { certificates, ...given }) };
}

/** A bucket elsewhere, by an authority of its own. */
export function bucket(lab: Platform) {
  return External.bucket(lab, {
    bucket: 'snapshots',
    host: 's3.corp.example',
    port: 9000,
    credentials: { name: 'snapshots-s3' },
    authority: { name: 's3-ca' },
  });
}

export { prometheus } from '../support';

export function gateway(lab: Platform) {
  return External.ingress(lab, {
    ingressClassName: 'nginx',
    pods: { namespace: 'ingress', labels: { app: 'nginx' } },
  });
}

export function fileOf(lab: Platform, configMap: string, file: string): string {
  return objectOf<{ data: Record<string, string> }>(lab, 'ConfigMap', configMap, 'vault').data[file] ?? '';
}

export const configOf = (lab: Platform): string => fileOf(lab, 'config', 'vault.hcl');
export const planOf = (lab: Platform): string => fileOf(lab, 'plan', 'plan');

export interface Pods {
  readonly metadata: { readonly name: string; readonly annotations: Readonly<Record<string, string>> };
  readonly spec: {
    readonly replicas: number;
    readonly podManagementPolicy: string;
    readonly selector: object;
    readonly template: k8s.PodTemplateSpec & { readonly spec: k8s.PodSpec };
    readonly volumeClaimTemplates: readonly object[];
  };
}

export const serversOf = (lab: Platform): Pods => objectOf<Pods>(lab, 'StatefulSet', 'vault', 'vault');

export function containerOf(lab: Platform, name = 'vault'): k8s.Container {
  return serversOf(lab).spec.template.spec.containers.find((container) => container.name === name)!;
}

export function envOf(lab: Platform): Record<string, unknown> {
  return Object.fromEntries(
    (containerOf(lab).env ?? []).map(({ name, value, valueFrom }) => [name, value ?? valueFrom]),
  );
}
