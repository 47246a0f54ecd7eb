import { Size } from 'cdk8s';
import {
  type ContainerProps,
  type EnvValue,
  type IEndpoint,
  type ISecret,
  type k8s,
  type Mount,
  volume,
} from '../../core';
import { images } from './images';
import { AUDIENCE, PATHS } from './paths';
import { authorityMount } from './server';

/** How the Jobs of this system reach the servers. */
export interface ServerAccess {
  /** The active server: what is asked of another may be led there, to a name of a pod. */
  readonly active: IEndpoint;
  readonly authority?: ISecret;
}

export interface ClientContainerProps {
  readonly name: string;
  readonly script: string;
  readonly memory: Size;
  /** Most that it may write to the node's disk, its own volumes included. */
  readonly scratch: Size;
  readonly env?: Readonly<Record<string, EnvValue>>;
  readonly mounts: readonly Mount[];
}

/** A token of the pod's own service account, good for Vault alone and for ten minutes; kubelet renews it. */
const IDENTITY: k8s.Volume = {
  name: 'identity',
  projected: {
    defaultMode: 0o440,
    sources: [{ serviceAccountToken: { audience: AUDIENCE, expirationSeconds: 600, path: 'token' } }],
  },
};

/** A container of Vault's command line that signs in by the pod's identity. */
export function clientContainer({ active, authority }: ServerAccess, props: ClientContainerProps): ContainerProps {
  return {
    name: props.name,
    image: images.vault,
    command: ['sh', props.script],
    env: {
      VAULT_ADDR: `https://${active.host}:${active.port}`,
      VAULT_CACERT: authority && `${PATHS.authority}/ca.crt`,
      HOME: '/tmp',
      ...props.env,
    },
    resources: { cpu: 0.05, memory: props.memory, scratch: props.scratch },
    mounts: [
      { path: PATHS.identity, volume: IDENTITY, readOnly: true },
      ...authorityMount(authority),
      { path: '/tmp', volume: volume.scratch('tmp', { memory: true, limit: Size.mebibytes(16) }) },
      ...props.mounts,
    ],
  };
}
