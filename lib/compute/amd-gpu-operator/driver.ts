import { checkChoice, checkLabel, fail, type ICredentials, type Image, image, show, type System } from '../../core';
import { BASES } from './images';

/** Nodes that are alike in what a driver is built for. */
export interface AmdDriverSystem {
  /** Distribution and release: `ubuntu-20.04`, `ubuntu-22.04`, `ubuntu-24.04`, `sles-15.7` or `sles-16.0`. */
  readonly os: string;
  /** What `uname -r` says: `6.8.0-60-generic`. */
  readonly kernel: string;
}

/** A driver that comes to the nodes as an image, one for each system, kernel and version. */
export interface AmdDriverProps {
  /**
   * Repository of the images, without a tag: `registry.lab.example/amdgpu-driver`. The platform's `registryMirror` replaces the registry. It can't
   * be changed later: upstream asks for the DeviceConfig to be deleted first.
   */
  readonly repository: string;
  /** Version of the amdgpu driver, as AMD's package repository has it: `30.20.1`. */
  readonly version: string;
  /** All systems and kernels of the pools' nodes: each names an image, which the list of images must hold. */
  readonly systems: readonly AmdDriverSystem[];
  /** Reads the repository, and writes it where images are built: the key `.dockerconfigjson`. @default - no credential is needed */
  readonly credentials?: ICredentials;
  /**
   * Keeps the kernel's own amdgpu driver from being loaded, from the next reboot on. It must not be loaded when the other is.
   * @default true
   */
  readonly blacklist?: boolean;
  /**
   * Builds images that the repository doesn't have, in the cluster. What is fetched from must be reached from pods.
   * @default - none is built: they are all there
   * @see https://github.com/ROCm/gpu-operator/blob/v1.5.1/docs/drivers/precompiled-driver.md
   */
  readonly build?: {
    /** AMD's packages: the line after `deb`, `https://mirror.lab.example/amdgpu/30.20.1/ubuntu noble main`. @default - https://repo.radeon.com */
    readonly packageRepository?: string;
    /** Key that they are signed by. @default - AMD's, from https://repo.radeon.com */
    readonly packageKey?: string;
    /** Ports of all that is fetched from. @default [80, 443] */
    readonly ports?: readonly number[];
  };
  /**
   * Signs the driver's modules, for nodes with secure boot, while images are built: Secrets of the operator's namespace, with the keys `key` and
   * `cert`.
   * @default - they aren't signed
   */
  readonly signing?: { readonly key: ICredentials; readonly certificate: ICredentials };
  /** Has nodes drained, upgraded and rebooted, so many at a time, when `version` changes. @default - nodes are upgraded by hand */
  readonly upgrade?: { readonly maxParallel: number };
}

const REPOSITORY = /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9]+([._-][a-z0-9]+)*)+$/;

/** A driver whose props are checked and whose images are on the platform's list. */
export interface Driver extends AmdDriverProps {
  /** Where the images are, from the mirror where there is one; without a tag. */
  readonly image: string;
  /** Port of the registry. */
  readonly port: number;
  /** Where images that others are built from are, from the mirror where there is one. */
  readonly baseRegistry?: string;
}

/** @throws where something of the props is wrong */
export function checkedDriver(system: System, props: AmdDriverProps): Driver {
  const { path } = system.node;
  if (system.platform.distribution.podSecurity === 'scc') {
    fail(
      path,
      `driver: on ${system.platform.distribution.title} drivers are built by its own toolkit; leave it out, and install them by hand`,
    );
  }
  if (!REPOSITORY.test(props.repository)) {
    fail(
      path,
      `driver.repository must be a registry and a path without a tag, got ${show(props.repository)}; write it as "registry.lab.example/amdgpu-driver"`,
    );
  }
  if (!/^\d+(\.\d+)+$/.test(props.version)) {
    fail(path, `driver.version must be as AMD's packages have it, got ${show(props.version)}; write it as "30.20.1"`);
  }
  if (props.systems.length === 0) {
    fail(path, "driver.systems must name at least one, got []; give what the nodes' /etc/os-release and uname -r say");
  }
  if (props.signing && !props.build) {
    fail(
      path,
      'driver.signing is done while images are built, but there is no driver.build; give both, or sign them before',
    );
  }
  const names = props.systems.map((each) => system.image(driverImage(path, props, each), { composedTag: true }));
  const repositories = [...new Set(names.map((name) => name.slice(0, name.lastIndexOf(':'))))];
  if (repositories.length > 1) {
    fail(path, `driver: images gives more than one repository, ${repositories.join(', ')}; the operator knows one`);
  }
  const registry = repositories[0]!.split('/')[0]!;
  const baseRegistry = props.build && baseRegistryOf(system, props);
  return { ...props, image: repositories[0]!, port: Number(registry.split(':')[1] ?? 443), baseRegistry };
}

/** What the operator puts before the names of the images that it builds from; puts them on the platform's list. */
function baseRegistryOf(system: System, { systems, version }: AmdDriverProps): string {
  const { path } = system.node;
  const found = systems.flatMap(({ os }) => {
    const { prefix, images: bases } = BASES[os]!;
    return bases(version).map((base) => {
      const name = `${base.repository}:${base.tag}`.slice(prefix.length);
      const used = system.image(base, { composedTag: true });
      if (used.endsWith(`/${name}`)) return used.slice(0, -name.length - 1);
      return fail(
        path,
        `driver.build: images puts ${used} in the place of ${base.repository}, but the operator asks for ${name}; mirror it so`,
      );
    });
  });
  const [first, ...others] = [...new Set(found)];
  if (others.length > 0) {
    fail(
      path,
      `driver.build: systems are built from ${found.join(' and ')}, but the operator knows one registry; build for one distribution`,
    );
  }
  return first!;
}

/** What pods are made for before a driver's image is there: building it, signing it. */
export function driverJobs({ build, signing }: AmdDriverProps): readonly string[] {
  if (!build) return [];
  return signing ? ['build', 'sign'] : ['build'];
}

/** As the operator composes it from what a node says of itself. */
function driverImage(path: string, { repository, version }: AmdDriverProps, { os, kernel }: AmdDriverSystem): Image {
  checkChoice(path, 'driver.systems: os', os, Object.keys(BASES));
  checkLabel(path, 'driver.systems: kernel', kernel.replace(/[._+]/g, '-').toLowerCase());
  return image(`${repository}:${os}-${kernel}-${version}`);
}
