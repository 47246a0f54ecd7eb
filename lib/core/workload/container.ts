import { type Size, Size as Sizes } from 'cdk8s';
import { fail } from '../errors';
import { type Image } from '../image';
import * as k8s from '../k8s';
import { checkPort } from '../names';
import { lazy } from '../network';
import { checkSize, cores, quantity } from '../quantity';
import { type System } from '../system';
import { type Mount } from './volume';

/** The value of an environment variable: text, or where Kubernetes reads it from (`secret.env('password')`). */
export type EnvValue = string | k8s.EnvVarSource;

/** What a container needs; the scheduler and the site's fit go by it. */
export interface Resources {
  /** Cores requested: 0.5 is half a core. */
  readonly cpu: number;
  /** Cores it may use when the node has them. @default - four times `cpu`, at least 1 */
  readonly cpuLimit?: number;
  /** Memory, requested and limit: memory that is promised and not there kills pods. */
  readonly memory: Size;
  /** Limit for logs and `emptyDir` volumes on the node's disk. @default 1 GiB */
  readonly scratch?: Size;
}

/** Variables by name; those without a value are left out. */
export type Environment = Readonly<Record<string, EnvValue | undefined>>;

/** Ports by name. */
export type ContainerPorts = Readonly<
  Record<string, number | { readonly port: number; readonly protocol?: 'TCP' | 'UDP'; readonly hostPort?: number }>
>;

/** A container. What isn't said here is as in the Kubernetes API. */
export interface ContainerProps {
  readonly name: string;
  readonly image: Image;
  readonly command?: string[];
  readonly args?: string[];
  /** A function's are taken at synthesis, so that some may be added until then. */
  readonly env?: Environment | (() => Environment);
  readonly envFrom?: k8s.EnvFromSource[];
  /** Ports it opens, by name (at most 15 letters). A function's are taken at synthesis, so that some may be added until then. */
  readonly ports?: ContainerPorts | (() => ContainerPorts);
  readonly resources: Resources;
  readonly mounts?: readonly Mount[];
  readonly livenessProbe?: k8s.Probe;
  readonly readinessProbe?: k8s.Probe;
  readonly startupProbe?: k8s.Probe;
  readonly lifecycle?: k8s.Lifecycle;
  /** Laid over the defaults: no privilege escalation, no capability, read-only root file system. */
  readonly securityContext?: k8s.SecurityContext;
}

/** The API's container, with the system's image reference and secure defaults. */
export function renderContainer(path: string, system: System, props: ContainerProps): k8s.Container {
  const { memory, cpu } = props.resources;
  const scratch = props.resources.scratch ?? Sizes.gibibytes(1);
  checkSize(path, `container ${props.name}: memory`, memory);
  checkSize(path, `container ${props.name}: scratch`, scratch);
  const cpuLimit = props.resources.cpuLimit ?? Math.max(1, cpu * 4);
  if (!(cpu > 0) || cpuLimit < cpu) {
    fail(
      path,
      `container ${props.name}: cpu must be above 0 and not above cpuLimit, got ${cpu} and ${cpuLimit}; give cores, such as 0.5`,
    );
  }
  const { env, ports } = props;
  return {
    name: props.name,
    image: system.image(props.image),
    imagePullPolicy: 'IfNotPresent',
    command: props.command,
    args: props.args,
    env: typeof env === 'function' ? lazy(() => renderEnv(env())) : renderEnv(env),
    envFrom: props.envFrom,
    ports:
      typeof ports === 'function'
        ? lazy(() => renderPorts(path, props.name, ports()))
        : renderPorts(path, props.name, ports ?? {}),
    resources: {
      requests: quantities({ cpu: cores(cpu), memory: quantity(memory), 'ephemeral-storage': '64Mi' }),
      limits: quantities({ cpu: cores(cpuLimit), memory: quantity(memory), 'ephemeral-storage': quantity(scratch) }),
    },
    volumeMounts: props.mounts?.map(({ path: mountPath, volume, readOnly, subPath, propagation }) => ({
      mountPath,
      name: volume.name,
      readOnly: readOnly ?? isReadOnlySource(volume),
      subPath,
      mountPropagation: propagation,
    })),
    livenessProbe: props.livenessProbe,
    readinessProbe: props.readinessProbe,
    startupProbe: props.startupProbe,
    lifecycle: props.lifecycle,
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
      ...props.securityContext,
    },
  };
}

function renderPorts(path: string, container: string, ports: ContainerPorts): k8s.ContainerPort[] | undefined {
  const all = Object.entries(ports).map(([name, value]): k8s.ContainerPort => {
    const port = typeof value === 'number' ? { port: value } : value;
    checkPort(path, `container ${container}: port ${name}`, port.port);
    return { name, containerPort: port.port, protocol: port.protocol ?? 'TCP', hostPort: port.hostPort };
  });
  return all.length > 0 ? all : undefined;
}

function renderEnv(env: Environment | undefined): k8s.EnvVar[] | undefined {
  const entries = Object.entries(env ?? {}).filter((entry): entry is [string, EnvValue] => entry[1] !== undefined);
  if (entries.length === 0) return undefined;
  return entries.map(([name, value]) => (isText(value) ? { name, value } : { name, valueFrom: value }));
}

/** Text, or a Lazy that becomes text. */
function isText(value: EnvValue): value is string {
  return (
    typeof value === 'string' ||
    !['secretKeyRef', 'configMapKeyRef', 'fieldRef', 'resourceFieldRef'].some((key) => key in value)
  );
}

function isReadOnlySource(volume: k8s.Volume): true | undefined {
  return volume.configMap || volume.secret || volume.projected || volume.downwardApi ? true : undefined;
}

function quantities(values: Record<string, string>): Record<string, k8s.Quantity> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, k8s.Quantity.fromString(value)]));
}
