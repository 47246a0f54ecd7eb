import { Size } from 'cdk8s';
import { External, type IBucket, type IIdentityProvider, type Platform } from '../../lib/core';
import { Redis } from '../../lib/data/redis';
import { Harbor, type HarborProps } from '../../lib/registry/harbor';
import { testPlatform } from '../support';

export function bucket(platform: Platform): IBucket {
  return External.bucket(platform, {
    bucket: 'harbor',
    host: 's3.corp.example',
    port: 443,
    credentials: { name: 's3' },
  });
}

export function gateway(platform: Platform) {
  return External.ingress(platform, {
    ingressClassName: 'nginx',
    pods: { namespace: 'ingress', labels: { app: 'ingress' } },
  });
}

export { prometheus } from '../support';

/** An identity provider elsewhere, that remembers its clients. */
export class Identity implements IIdentityProvider {
  readonly issuer = 'https://login.corp.example';
  readonly groupsClaim = 'groups';
  readonly usernameClaim = 'email';
  readonly scopes = ['openid', 'email', 'groups'];
  readonly readyAfter = [];
  readonly endpoint;
  readonly clients: Record<string, readonly string[]> = {};

  constructor(private readonly platform: Platform) {
    this.endpoint = {
      host: 'login.corp.example',
      port: 443,
      readyAfter: [],
      allow: () => ({ peer: { cidr: '10.1.1.1/32' }, ports: [{ port: 443 }] }),
    };
  }

  authority() {
    return External.credentials(this.platform, { name: 'corp-ca' }, ['ca.crt']).in('harbor');
  }

  addClient(
    _scope: unknown,
    id: string,
    { redirectUris }: { redirectUris: readonly string[] | (() => readonly string[]) },
  ) {
    this.clients[id] = typeof redirectUris === 'function' ? redirectUris() : redirectUris;
    const credentials = External.credentials(this.platform, { name: `oidc-${id}` }, ['client-id', 'client-secret']);
    return { id, credentials, readyAfter: [] };
  }
}

export interface Lab {
  readonly platform: Platform;
  readonly harbor: Harbor;
}

/** A platform with a Harbor on things elsewhere; the props may need the platform. */
export function lab(props: Partial<HarborProps> | ((platform: Platform) => Partial<HarborProps>) = {}): Lab {
  const platform = testPlatform();
  const given = typeof props === 'function' ? props(platform) : props;
  const redis = () =>
    new Redis(platform, 'redis', { memory: Size.mebibytes(512), firstDatabase: { harbor: 0 } }).addDatabases(
      'harbor',
      4,
    );
  const harbor = new Harbor(platform, 'harbor', {
    database: External.postgres(platform, {
      host: 'db.corp.example',
      port: 5432,
      database: 'harbor',
      credentials: { name: 'harbor-db' },
    }),
    storage: bucket(platform),
    gateway: gateway(platform),
    ...given,
    redis: given.redis ?? redis(),
  });
  return { platform, harbor };
}
