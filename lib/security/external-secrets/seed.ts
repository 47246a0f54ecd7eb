import { Size } from 'cdk8s';
import { Construct } from 'constructs';
import { ConfigFiles, type IStoreRole, type ISecretStore, Job, lazy, type Stage, tools, volume } from '../../core';
import type * as k8s from '../../core/k8s';
import { SEED_SCRIPT } from './seed-script';

/** Name of the Job's ServiceAccount. */
export const SEED = 'seed';
const CA = '/etc/store';

export interface SeedProps {
  readonly store: ISecretStore;
  readonly role: IStoreRole;
  /** Audience of the token that it signs in with. */
  readonly audience: string;
  /** One line a credential that is used somewhere. */
  readonly plan: () => string;
  /** Names of the credentials that are used in a namespace. */
  readonly secretsIn: (namespace: string) => readonly string[];
}

/**
 * The Job that brings credentials into the store: those that are in the cluster, and new ones. It may create and read at their paths in the
 * store, and read their Secrets; it can change neither.
 */
export class Seed extends Construct {
  private readonly job: Job;

  constructor(
    stage: Stage,
    id: string,
    private readonly props: SeedProps,
  ) {
    super(stage, id);
    const { store, role, audience } = props;
    const authority = store.authority(stage);
    const plan = new ConfigFiles(stage, 'seed-plan', { 'seed.sh': SEED_SCRIPT, plan: props.plan });
    this.job = new Job(stage, SEED, {
      rules: [],
      restartOn: [plan],
      containers: [
        {
          name: 'seed',
          image: tools.curl,
          command: ['/bin/sh', '/plan/seed.sh'],
          env: {
            VAULT_ADDR: store.url,
            VAULT_MOUNT: store.mount,
            VAULT_AUTH: store.authMount,
            VAULT_ROLE: role.name,
            VAULT_CACERT: authority && `${CA}/ca.crt`,
          },
          resources: { cpu: 0.05, memory: Size.mebibytes(64) },
          mounts: [
            { path: '/plan', volume: volume.config('plan', plan) },
            { path: '/var/run/secrets/store', volume: projectedToken(audience) },
            ...(authority ? [{ path: CA, volume: volume.secret('store-ca', authority, { 'ca.crt': 'ca.crt' }) }] : []),
            { path: '/tmp', volume: volume.scratch('tmp', { memory: true, limit: Size.mebibytes(8) }) },
          ],
        },
      ],
    });
    this.job.connectTo(store.endpoint);
  }

  /** Lets it read what is in a namespace already. */
  readSecretsIn(namespace: string): void {
    const resourceNames = lazy(() => [...this.props.secretsIn(namespace)]);
    this.job.grant([{ apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames }], namespace);
  }
}

/** A token that the store takes, and the API server does not. */
function projectedToken(audience: string): k8s.Volume {
  return {
    name: 'store-token',
    projected: {
      defaultMode: 0o440,
      sources: [{ serviceAccountToken: { audience, expirationSeconds: 600, path: 'token' } }],
    },
  };
}
