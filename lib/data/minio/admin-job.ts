import { Size } from 'cdk8s';
import {
  type ContainerProps,
  type Creation,
  digest,
  type EnvValue,
  type ICredentials,
  type IEndpoint,
  type Image,
  type ISecret,
  Job,
  type Stage,
  systemOf,
  volume,
} from '../../core';
import type * as k8s from '../../core/k8s';
import { CONNECT, MAKE_POLICY, MAKE_USER, PATIENTLY } from './scripts';

/** What Jobs and buckets know of the servers. */
export interface MinIOServers {
  /** The stage of the Jobs; it needs the servers. */
  readonly stage: Stage;
  readonly endpoint: IEndpoint;
  readonly url: string;
  readonly client: Image;
  /** Keys `username` and `password`, in the servers' own namespace. */
  readonly root: ISecret;
  authority(stage: Stage): ISecret | undefined;
}

export interface AdminJobProps {
  readonly servers: MinIOServers;
  /** The policy that the Job makes. */
  readonly policy: { readonly name: string; readonly text: string };
  /** Keys `access-key` and `secret-key` of the user that it makes and gives the policy to. @default - none */
  readonly user?: ICredentials;
  /** What is done before the user is made. */
  readonly before?: string;
  /** What is done then. */
  readonly after?: string;
  readonly env?: Readonly<Record<string, EnvValue>>;
  /** What another program does with what the client left in /tmp. @default - nothing */
  readonly store?: {
    readonly image: Image;
    readonly script: string;
    readonly env: Readonly<Record<string, string>>;
  };
  readonly rules?: k8s.PolicyRule[];
  readonly creates?: () => readonly Creation[];
}

/** The policy of a user. Named apart from the policies that the server brings along, such as `readonly`. */
export function userPolicy(user: string, text: string): AdminJobProps['policy'] {
  return { name: `user-${user}`, text };
}

/** A Job that makes a policy, and a user who has it, as root. It runs in the servers' namespace: the root credential is nowhere else. */
export function addAdminJob(id: string, props: AdminJobProps): Job {
  const { stage, endpoint, url, client, root, authority } = props.servers;
  const { policy, user, store } = props;
  const own = user?.in(systemOf(stage).namespace);
  const ca = authority(stage);
  const shell = (script: string): string[] => ['/bin/sh', '-ec', script];
  const tmp = { path: '/tmp', volume: volume.scratch('tmp', { memory: true, limit: Size.mebibytes(8) }) };
  const mc: ContainerProps = {
    name: 'mc',
    image: client,
    command: [
      ...shell(PATIENTLY),
      'patiently',
      [CONNECT, props.before, MAKE_POLICY, own && MAKE_USER, props.after].join(''),
    ],
    env: {
      ENDPOINT: url,
      ROOT_USER: root.env('username'),
      ROOT_PASSWORD: root.env('password'),
      POLICY_NAME: policy.name,
      POLICY: policy.text,
      ACCESS_KEY: own?.env('access-key'),
      SECRET_KEY: own?.env('secret-key'),
      ...props.env,
      ...store?.env,
      // Where mc keeps its configuration; it doesn't start without.
      HOME: '/tmp',
      SSL_CERT_FILE: ca && '/authority/ca.crt',
    },
    // mc encrypts what it asks for, and decrypts the answer, by keys of argon2id that take 64 MiB each: it peaks at 163 MiB.
    resources: { cpu: 0.05, memory: Size.mebibytes(256) },
    mounts: [
      tmp,
      ...(ca ? [{ path: '/authority', volume: volume.secret('authority', ca, { 'ca.crt': 'ca.crt' }) }] : []),
    ],
  };
  const job = new Job(stage, shortName(id, 46), {
    rules: props.rules,
    creates: props.creates,
    initContainers: store && [mc],
    containers: [
      store
        ? {
            name: 'store',
            image: store.image,
            command: shell(store.script),
            env: store.env,
            resources: { cpu: 0.05, memory: Size.mebibytes(64) },
            mounts: [tmp],
          }
        : mc,
    ],
  });
  job.connectTo(endpoint);
  return job;
}

/** A name within what Kubernetes allows, told apart by a digest where it had to be cut. */
export function shortName(name: string, max: number): string {
  return name.length <= max ? name : `${name.slice(0, max - 9).replace(/-+$/, '')}-${digest(name)}`;
}
