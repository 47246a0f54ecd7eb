import { External, type Platform } from '../../lib/core';
import { HAProxy } from '../../lib/networking/haproxy';
import { CertManager } from '../../lib/security/cert-manager';
import { Dex, type DexProps, type LdapConnectorProps } from '../../lib/security/dex';
import { objectOf, testPlatform } from '../support';

export interface Lab {
  readonly lab: Platform;
  readonly certificates: CertManager;
  readonly gateway: HAProxy;
}

/** A platform with a gateway and a private authority. */
export function gatewayLab(lab: Platform = testPlatform()): Lab {
  const certificates = new CertManager(lab, 'cert-manager');
  return {
    lab,
    certificates,
    gateway: new HAProxy(lab, 'gateway', { addresses: External.loadBalancer(), certificates }),
  };
}

/** A directory as most OpenLDAP servers have it. */
export function directory(lab: Platform, more: Partial<LdapConnectorProps> = {}): LdapConnectorProps {
  return {
    server: External.endpoint(lab, { host: 'ldap.corp.example', port: 636 }),
    bind: External.credentials(lab, { name: 'ldap-bind' }, ['username', 'password']),
    users: { baseDN: 'ou=people,dc=corp,dc=example', username: 'uid' },
    groups: { baseDN: 'ou=groups,dc=corp,dc=example' },
    ...more,
  };
}

export function dexLab(props: (lab: Platform) => Partial<DexProps> = (lab) => ({ ldap: [directory(lab)] })): Lab & {
  readonly dex: Dex;
} {
  const made = gatewayLab();
  const { lab, gateway, certificates } = made;
  return { ...made, dex: new Dex(lab, 'dex', { gateway, certificates, ...props(lab) }) };
}

/** Dex' configuration, as the pods read it. */
export function configurationOf(lab: Platform): string {
  const { data } = objectOf<{ data: Record<string, string> }>(lab, 'ConfigMap', 'configuration', 'dex');
  return Object.values(data)[0] ?? '';
}
