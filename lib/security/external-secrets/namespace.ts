import { type Duration } from 'cdk8s';
import { Construct } from 'constructs';
import { fail, type ISecretStore, LABEL, NEVER_PRUNE, show, type Stage } from '../../core';
import * as k8s from '../../core/k8s';
import { CustomResource } from '../../crds';
import { externalSecret, secretStore } from './crds';
import { type StoredCredentials } from './credential';

/** Name of the SecretStore of each namespace, and of the ServiceAccount that it signs in as. */
export const STORE = 'external-secrets';

/** Audience of the tokens by which the store is signed in to. */
export const AUDIENCE = 'vault';

export interface ServedNamespaceProps {
  /** Stage of the SecretStore, in that namespace. */
  readonly stores: Stage;
  readonly store: ISecretStore;
  /** Name of the role that the namespace signs in by; `credentials` says what it reads. */
  readonly role: string;
  readonly refreshInterval: Duration;
}

/**
 * One namespace that uses secrets of the store: who signs in for it, the role that reads exactly what is used there, and the ExternalSecrets.
 */
export class ServedNamespace extends Construct {
  readonly namespace: string;
  private readonly credentials: StoredCredentials[] = [];

  /** @param stage of the ExternalSecrets, in that namespace */
  constructor(
    private readonly stage: Stage,
    id: string,
    private readonly props: ServedNamespaceProps,
  ) {
    super(stage, id);
    this.namespace = stage.namespace!;
    const { stores, store, role } = props;
    const own = new Construct(stores, id);
    new k8s.KubeServiceAccount(own, 'service-account', {
      metadata: { name: STORE },
      automountServiceAccountToken: false,
    });
    const { name, readyAfter } = store.addRole(own, role, {
      serviceAccount: { namespace: this.namespace, name: STORE },
      audience: AUDIENCE,
      read: () => this.paths,
    });
    const late = readyAfter.find((made) => !stores.comesAfter(made));
    if (late) {
      fail(
        this.node.path,
        `role ${show(role)} is made by ${late.node.path}, for which what needs the store doesn't wait; a store is ready when all of its roles are`,
      );
    }
    const authority = store.authority(stores);
    new CustomResource(own, 'store', secretStore, {
      metadata: { name: STORE },
      spec: {
        provider: {
          vault: {
            server: store.url,
            path: store.mount,
            version: 'v2',
            ...(authority && { caProvider: { type: 'Secret', name: authority.name, key: 'ca.crt' } }),
            auth: {
              kubernetes: {
                mountPath: store.authMount,
                role: name,
                serviceAccountRef: { name: STORE, audiences: [AUDIENCE] },
              },
            },
          },
        },
      },
    });
  }

  /** Names of the Secrets that are kept here. */
  get secrets(): readonly string[] {
    return this.credentials.map(({ name }) => name);
  }

  /** The paths of the store that are read for this namespace. */
  get paths(): readonly string[] {
    return [...new Set(this.credentials.map(({ content }) => content.path))];
  }

  /** What owns the Secret of a name; undefined where it is free. */
  ownerOf(name: string): string | undefined {
    return this.credentials.find((one) => one.name === name)?.owner;
  }

  /**
   * Keeps a Secret as the store has it. Nobody owns it, so that nothing deletes it: not the end of its ExternalSecret, nor that of the values in
   * the store.
   */
  add(credentials: StoredCredentials): void {
    this.credentials.push(credentials);
    const { name, content } = credentials;
    new CustomResource(new Construct(this, `secret-${name}`), 'external-secret', externalSecret, {
      metadata: { name },
      spec: {
        secretStoreRef: { kind: 'SecretStore', name: STORE },
        refreshInterval: `${this.props.refreshInterval.toSeconds()}s`,
        target: {
          name,
          creationPolicy: 'Orphan',
          deletionPolicy: 'Retain',
          // Else the labels and annotations of the ExternalSecret are copied, with those by which tools know what to delete.
          template: {
            ...(content.type !== undefined && { type: content.type }),
            engineVersion: 'v2',
            mergePolicy: 'Replace',
            metadata: {
              labels: { [LABEL.partOf]: this.stage.platform.name, [LABEL.managedBy]: 'external-secrets' },
              annotations: { ...NEVER_PRUNE },
            },
          },
        },
        data: Object.entries(content.properties).map(([secretKey, property]) => ({
          secretKey,
          remoteRef: { key: content.path, property },
        })),
      },
    });
  }
}
