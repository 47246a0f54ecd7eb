import { Size } from 'cdk8s';
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

/**
 * The same lab in a company with a directory: behind Istio, with its credentials in Vault, its images in Harbor, and its teams those of LDAP.
 */
export const COMPANY: Omit<TrainingClusterProps, 'site'> = {
  ...LAB,
  gateway: 'istio',
  registryMirror: { host: 'harbor.dgx-lab.example', project: 'mirror', layout: 'by-registry' },
  vault: {},
  harbor: { administrators: 'ml-platform' },
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
  teams: {
    vision: { ...LAB.teams!.vision, group: 'ml-vision' },
    language: { ...LAB.teams!.language, group: 'ml-language' },
  },
};
