import { Size } from 'cdk8s';
import { ConfigFiles, type EnvValue, Job, type Mount, type Stage, systemOf, volume } from '../../core';
import { type Access } from './access';
import { clientContainer, type ServerAccess } from './client';
import { ENGINE } from './engine-scripts';
import { type Hcl } from './hcl';
import { AUDIENCE, PATHS } from './paths';
import { rule, SIGN_IN } from './scripts';

export interface EngineJobProps {
  readonly servers: ServerAccess;
  readonly access: Access;
  /** Where the engine is mounted. */
  readonly mount: string;
  readonly script: string;
  /** Parts of the plan: `### KIND NAME` heads each. */
  readonly plan: () => string;
  /** What the Job may do besides mounting the engine. */
  readonly policy: () => Hcl;
  /** Public files beside the script, whose paths it gets as variables. */
  readonly files?: Readonly<Record<string, { readonly text: string; readonly variable: string }>>;
  readonly env?: Readonly<Record<string, EnvValue>>;
  readonly mounts?: readonly Mount[];
}

/**
 * A Job that configures one engine, by a role of its own that may do that and nothing else. The Job that configures Vault makes the role, which
 * is within its rights since it was let in.
 */
export function addEngineJob(stage: Stage, id: string, props: EngineJobProps): void {
  const { servers, access, mount, script } = props;
  const { namespace } = systemOf(stage);
  const files = Object.entries(props.files ?? {});
  const role = access.addOwnRole(id, { namespace, name: id }, AUDIENCE, () => [
    rule(`sys/mounts/${mount}`, 'read', 'update'),
    ...props.policy(),
  ]);
  const plan = new ConfigFiles(stage, `${id}-plan`, {
    'sign-in.sh': SIGN_IN,
    'engine.sh': ENGINE,
    'configure.sh': script,
    // Link knows the name: the Job doesn't connect to what stands there, Vault does.
    'vault-plan': props.plan,
    ...Object.fromEntries(files.map(([name, { text }]) => [name, text])),
  });
  const job = new Job(stage, id, {
    restartOn: [plan],
    containers: [
      clientContainer(servers, {
        name: 'configure',
        script: `${PATHS.plan}/configure.sh`,
        memory: Size.mebibytes(128),
        scratch: Size.mebibytes(64),
        env: {
          ROLE: role,
          MOUNT: mount,
          ...Object.fromEntries(files.map(([name, { variable }]) => [variable, `${PATHS.plan}/${name}`])),
          ...props.env,
        },
        mounts: [{ path: PATHS.plan, volume: volume.config('plan', plan) }, ...(props.mounts ?? [])],
      }),
    ],
  });
  job.connectTo(servers.active);
}

/** A part of a plan. */
export function part(kind: string, name: string, value: object): string {
  return `### ${kind} ${name}\n${JSON.stringify(value, null, 2)}\n`;
}
