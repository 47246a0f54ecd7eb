import { type Duration } from 'cdk8s';
import {
  checkChoice,
  checkInteger,
  ConfigFiles,
  fail,
  type Image,
  reference,
  show,
  type Stage,
  type System,
  systemOf,
} from '../../core';
import { type nicClusterPolicy } from './crds';
import { images } from './images';

/** The driver's part of a policy. */
export type DriverSpec = NonNullable<
  NonNullable<NonNullable<(typeof nicClusterPolicy)['body']>['spec']>['ofedDriver']
> & { readonly repository: string };

/** How nodes get another version of the driver: one after another, each emptied of its pods first. */
export interface NetworkDriverUpgradeProps {
  /** Nodes at a time, 1 to 100. @default 1 */
  readonly maxParallel?: number;
  /** Pods that are waited for before a node is emptied, by a label selector: `batch.kubernetes.io/job-name`. @default - none */
  readonly waitFor?: string;
  /** How long it is waited for them. @default - until they end */
  readonly waitTimeout?: Duration;
  /** How long the pods of a node may take to go. @default 5 minutes */
  readonly drainTimeout?: Duration;
}

/** NVIDIA's driver for its network adapters, which a container on each node builds, or has built in, and loads in place of the kernel's. */
export interface NetworkDriverProps {
  /** The nodes' operating systems, as the driver's images are tagged: `ubuntu24.04`, `rhel9.6`. */
  readonly operatingSystems: readonly string[];
  /** The nodes' processors. @default ['amd64'] */
  readonly architectures?: readonly ('amd64' | 'arm64')[];
  /**
   * The nodes' kernels, as `uname -r` says: only images with the driver built for one of them are run.
   * @default - the driver is compiled on each node, with packages of its operating system
   */
  readonly kernels?: readonly string[];
  /**
   * Where the packages come from that a driver is compiled with: files for `/etc/apt/sources.list.d`, `/etc/yum.repos.d` or `/etc/zypp/repos.d`, by their name.
   * @default - the operating system's own repositories, out on the internet
   */
  readonly packageRepositories?: Readonly<Record<string, string>>;
  /** Certificates of authorities that these repositories are trusted by, PEM by file name. @default - those of the image */
  readonly authorities?: Readonly<Record<string, string>>;
  /**
   * Variables of the driver's container.
   * @default - none
   * @see https://github.com/Mellanox/network-operator/blob/v26.4.1/docs/mofed-container-env-vars.md
   */
  readonly env?: Readonly<Record<string, string>>;
  /** @default - one node at a time */
  readonly upgrade?: NetworkDriverUpgradeProps;
}

const SYSTEM = /^[a-z]+\d+(\.\d+)*$/;

/**
 * The driver's part of the policy, and its ConfigMaps.
 *
 * The operator appends what it learns of each node to the image's tag, so what it then runs is told here, and the list of images has it.
 *
 * @see https://github.com/Mellanox/network-operator/blob/v26.4.1/pkg/state/state_ofed.go (getMofedDriverImageName)
 */
export function driverSpec(stage: Stage, path: string, props: NetworkDriverProps): DriverSpec {
  const { packageRepositories, authorities, env = {}, upgrade = {}, kernels } = props;
  const { maxParallel = 1, waitFor, waitTimeout, drainTimeout } = upgrade;
  checkInteger(path, 'driver.upgrade.maxParallel', maxParallel, 1, 100, 'give the number of nodes at a time');
  if (waitTimeout && waitFor === undefined) {
    fail(path, 'driver.upgrade.waitTimeout is given, but nothing is waited for; give waitFor, or leave it out');
  }
  if (kernels?.length && (packageRepositories || authorities)) {
    fail(
      path,
      'driver.packageRepositories and authorities are for compiling, but kernels has images with the driver built in; leave one out',
    );
  }
  return {
    ...driverImage(systemOf(stage), path, props),
    ...pullSecrets(systemOf(stage)),
    ...(kernels?.length && { forcePrecompiled: true }),
    ...(packageRepositories && {
      repoConfig: { name: new ConfigFiles(stage, 'driver-package-repositories', packageRepositories).name },
    }),
    ...(authorities && { certConfig: { name: new ConfigFiles(stage, 'driver-authorities', authorities).name } }),
    ...(Object.keys(env).length > 0 && { env: Object.entries(env).map(([name, value]) => ({ name, value })) }),
    // Pods keep the driver that they were started with until somebody exchanges it; the policy isn't ready until then.
    upgradePolicy: {
      autoUpgrade: true,
      maxParallelUpgrades: maxParallel,
      ...(waitFor !== undefined && {
        waitForCompletion: { podSelector: waitFor, timeoutSeconds: waitTimeout?.toSeconds() ?? 0 },
      }),
      drain: { enable: true, deleteEmptyDir: true, timeoutSeconds: drainTimeout?.toSeconds() ?? 300 },
    },
  };
}

/** Puts every tag that nodes will run on the list, and names what they have in common. */
function driverImage(
  system: System,
  path: string,
  props: NetworkDriverProps,
): { readonly image: string; readonly repository: string; readonly version: string } {
  const { operatingSystems, architectures = ['amd64'], kernels = [] } = props;
  if (operatingSystems.length === 0 || architectures.length === 0) {
    fail(path, 'driver must name at least one of operatingSystems and of architectures; give those of the nodes');
  }
  const wrong = operatingSystems.find((system) => !SYSTEM.test(system));
  if (wrong !== undefined) {
    fail(
      path,
      `driver.operatingSystems must be a name and a version as in the tags of the driver's images, got ${show(wrong)}; write it as "ubuntu24.04"`,
    );
  }
  for (const architecture of architectures) {
    checkChoice(path, 'driver.architectures', architecture, ['amd64', 'arm64']);
  }
  const nodes = operatingSystems.flatMap((system) => architectures.map((architecture) => `${system}-${architecture}`));
  const suffixes = nodes.flatMap((node) =>
    kernels.length > 0 ? kernels.map((kernel) => `-${kernel}-${node}`) : [`-${node}`],
  );
  const stems = suffixes.map((suffix) => {
    const wanted: Image = { ...images.driver, tag: `${images.driver.tag}${suffix}` };
    const used = system.image(wanted, { composedTag: true });
    return used.endsWith(suffix)
      ? used.slice(0, -suffix.length)
      : fail(
          path,
          `the driver's image for nodes of ${suffix.slice(1)} must have a tag that ends in "${suffix}", which the operator appends, got ${show(used)}; ` +
            `tag the build that takes the place of ${reference(wanted)} so`,
        );
  });
  return parts(stems[0]!);
}

/** A reference as the operator takes it: where, what, and which version: the digest, where there is one. */
export function parts(used: string): { readonly image: string; readonly repository: string; readonly version: string } {
  const [named, digest] = used.split('@');
  const slash = named.lastIndexOf('/');
  const colon = named.indexOf(':', slash);
  return {
    repository: named.slice(0, slash),
    image: named.slice(slash + 1, colon),
    version: digest ?? named.slice(colon + 1),
  };
}

/** The mirror's Secret, for pods whose service accounts the operator makes itself. */
export function pullSecrets({ platform }: System): { readonly imagePullSecrets?: string[] } {
  const secret = platform.mirror?.pullSecret;
  return secret === undefined ? {} : { imagePullSecrets: [secret] };
}

/** The port that a registry answers on, by the repository that begins with its name. */
export function registryPort(repository: string): number {
  return Number(/^[^/:]+:(\d+)/.exec(repository)?.[1] ?? 443);
}
