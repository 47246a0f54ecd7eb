import { Duration, Size } from 'cdk8s';
import { External } from '../lib';
import { type TrainingClusterProps } from './training-cluster';

/** How the teams of the example lab share its GPUs: what main.ts writes, and the bench runs. */
export const LAB: Pick<TrainingClusterProps, 'teams' | 'sharing'> = {
  sharing: { inference: { mig: '3g.40gb' } },
  teams: {
    vision: { gpus: { training: 16, inference: 8 }, nodes: { storage: { cpu: 32, memory: Size.gibibytes(128) } } },
    language: { gpus: { training: 16, inference: 8 }, nodes: { storage: { cpu: 32, memory: Size.gibibytes(128) } } },
  },
};

/** A company whose people are in a directory, and whose passwords are in Vault. */
export const COMPANY: Pick<TrainingClusterProps, 'vault' | 'dex'> = {
  vault: {},
  dex: (lab) => ({
    ldap: [
      {
        server: External.endpoint(lab, { host: 'ldap.corp.example', port: 636, cidr: '10.20.0.5/32' }),
        authority: External.credentials(lab, { name: 'ldap-ca' }, ['ca.crt']),
        bind: External.credentials(lab, { name: 'ldap-bind' }, ['username', 'password']),
        users: { baseDN: 'ou=people,dc=corp,dc=example', filter: '(objectClass=inetOrgPerson)', username: 'uid' },
        groups: { baseDN: 'ou=groups,dc=corp,dc=example', filter: '(objectClass=groupOfNames)' },
      },
    ],
  }),
};

/** The lab in that company: behind Istio, with its images in Harbor, its teams those of the directory, and who did what in an audit log. */
export const COMPANY_LAB: Omit<TrainingClusterProps, 'site'> = {
  ...LAB,
  ...COMPANY,
  gateway: 'istio',
  registryMirror: { host: 'harbor.dgx-lab.example', project: 'mirror', layout: 'by-registry' },
  harbor: { administrators: 'ml-platform' },
  // Whoever looks soon after something was done finds it there.
  auditLog: { interval: Duration.minutes(1) },
  vaultAuthority: {},
  databaseReaders: 'ml-platform',
  teams: {
    vision: { ...LAB.teams!.vision, group: 'ml-vision' },
    language: { ...LAB.teams!.language, group: 'ml-language' },
  },
};
