import {
  checkChoice,
  ConfigFiles,
  digest,
  fail,
  type PeerPort,
  type ProgramResources,
  show,
  type Stage,
  type System,
} from '../../core';
import { checkDriver } from '../compatibility';
import { DRIVER_VERSION, images } from './images';
import { imageFields, nodeImageFields } from './image-fields';
import { type NvidiaGpuPool } from './gpu-pool';

/** Packages of the nodes' system from servers of your own, where the nodes have no way to the public ones. */
export interface PackageRepositoriesProps {
  /**
   * Files by name, as the system's package manager reads them: `{ 'lab.list': 'deb http://mirror.lab.example/ubuntu noble main' }`. They are put
   * beside the image's own.
   */
  readonly files: Readonly<Record<string, string>>;
  /** Address range of the servers, which alone the NetworkPolicy opens. @default - any address, at the ports of the files' URLs */
  readonly cidr?: string;
}

/** The driver that the operator puts on nodes by a container. */
export interface NvidiaDriverProps {
  /** One that NVIDIA publishes as an image for the nodes' system; it must drive the pool's GPUs. @default '580.173.02' */
  readonly version?: string;
  /**
   * What the nodes run, as the tags of NVIDIA's driver images end: `ubuntu24.04`, `rhel9`. With several, each is given its own driver.
   * @default ['ubuntu24.04']
   * @see https://docs.nvidia.com/datacenter/cloud-native/gpu-operator/latest/platform-support.html
   */
  readonly os?: readonly string[];
  /** @default 'auto' - open modules where the GPU has a choice */
  readonly kernelModules?: 'auto' | 'open' | 'proprietary';
  /**
   * Kernels of the nodes, as `uname -r` says, for which NVIDIA publishes finished drivers: nothing is compiled on the nodes, and no packages are
   * fetched. Of `version` the branch counts.
   * @default - compiled on each node at its first start
   */
  readonly precompiled?: readonly string[];
  /** Where the packages for compiling come from. An error with `precompiled`. @default - the public servers of the system's maker */
  readonly packages?: PackageRepositoriesProps;
  /** Certificates of authorities, PEM by file name (`lab-ca.crt`), by which package servers are verified. @default - the public ones */
  readonly certificates?: Readonly<Record<string, string>>;
  /** Parameters by module: `{ nvidia: { NVreg_EnableGpuFirmware: 0 } }`. @default - the driver's own */
  readonly moduleParameters?: Readonly<Record<string, Readonly<Record<string, string | number>>>>;
  /** GPUDirect RDMA. DMA-BUF needs nothing here; these are for what it isn't enough for. */
  readonly rdma?: {
    /** Loads the older `nvidia-peermem`, for kernels before 5.12 or proprietary modules. @default false */
    readonly peermem?: boolean;
    /** The network cards' drivers (DOCA or MLNX_OFED) are installed on the nodes, not by the network operator. @default false */
    readonly hostDrivers?: boolean;
  };
  /** GPUDirect Storage: the module `nvidia-fs`. Needs open modules, and can't be had precompiled. @default false */
  readonly directStorage?: boolean;
  /** GDRCopy: the module `gdrdrv`. @default false */
  readonly gdrCopy?: boolean;
  /** Cores and memory of the driver's container, which compiles. @default - no bounds */
  readonly resources?: ProgramResources;
  /** Environment of the driver's container, such as a proxy. Nothing secret. @default - none */
  readonly env?: Readonly<Record<string, string>>;
}

/** Checked, with defaults, and as the operator's resources take it. */
export class Driver {
  readonly version: string;
  readonly os: readonly string[];
  /** Ports of the package servers; empty where none is asked. */
  readonly packagePorts: readonly PeerPort[];

  constructor(
    private readonly system: System,
    /** Where it was given, for errors: `driver`, `poolDrivers.training`. */
    private readonly what: string,
    readonly props: NvidiaDriverProps,
    pools: readonly NvidiaGpuPool[],
  ) {
    const { path } = system.node;
    const { kernelModules = 'auto', precompiled, packages } = props;
    const version = props.version ?? DRIVER_VERSION;
    this.os = props.os ?? ['ubuntu24.04'];
    if (!/^\d{3}(\.\d+){0,2}$/.test(version) || (!precompiled && !version.includes('.'))) {
      fail(
        path,
        `${what}.version must be a driver's such as "${DRIVER_VERSION}", got ${show(version)}; write it in full`,
      );
    }
    this.version = precompiled ? version.split('.')[0]! : version;
    checkChoice(path, `${what}.kernelModules`, kernelModules, ['auto', 'open', 'proprietary']);
    this.checkLists();
    if (props.directStorage && kernelModules === 'proprietary') {
      fail(path, `${what}.directStorage needs open kernel modules, got "proprietary"; set kernelModules to "open"`);
    }
    if (precompiled && (packages || props.directStorage)) {
      const both = packages ? 'packages' : 'directStorage';
      fail(path, `${what}.${both} can't be had with precompiled drivers, which compile nothing; leave one of them out`);
    }
    for (const { nodes } of pools) {
      checkDriver(path, nodes.gpus!.model, version, props.directStorage ? 'open' : kernelModules);
    }
    this.packagePorts = precompiled ? [] : this.ports(packages);
  }

  /** What both of the operator's kinds say alike. */
  fields() {
    const { kernelModules = 'auto', rdma, env, resources } = this.props;
    return {
      ...nodeImageFields(this.system, 'driver', this.version, this.endings),
      imagePullPolicy: 'IfNotPresent',
      usePrecompiled: this.props.precompiled !== undefined,
      kernelModuleType: kernelModules,
      rdma: { enabled: rdma?.peermem ?? false, useHostMofed: rdma?.hostDrivers ?? false },
      manager: { ...imageFields(this.system, images.driverManager), imagePullPolicy: 'IfNotPresent' },
      // Compiling takes minutes, and nvidia-smi half of one on a node with many GPUs.
      startupProbe: { initialDelaySeconds: 60, periodSeconds: 10, timeoutSeconds: 60, failureThreshold: 120 },
      ...(env && { env: Object.entries(env).map(([name, value]) => ({ name, value })) }),
      ...(resources && { resources: bounds(resources) }),
    };
  }

  /** The modules beside the driver's own. */
  modules() {
    const os = this.os;
    const module = (which: 'gds' | 'gdrcopy', enabled: boolean) =>
      enabled
        ? { enabled, ...nodeImageFields(this.system, which, undefined, os), imagePullPolicy: 'IfNotPresent' }
        : { enabled };
    return {
      gds: module('gds', this.props.directStorage ?? false),
      gdrcopy: module('gdrcopy', this.props.gdrCopy ?? false),
    };
  }

  /**
   * Its ConfigMaps, by what they are for. Their names change with the content: the operator takes another name for another driver, and brings
   * it to the nodes as an upgrade.
   */
  configMaps(stage: Stage): { readonly modules?: string; readonly packages?: string; readonly certificates?: string } {
    const { moduleParameters, packages, certificates } = this.props;
    const map = (what: string, files: Readonly<Record<string, string>> | undefined) => {
      if (!files) return undefined;
      const name = `driver-${what}-${digest(files)}`;
      // Two pools may share one.
      return (stage.node.tryFindChild(name) ? name : new ConfigFiles(stage, name, files).name) as string;
    };
    const parameters =
      moduleParameters &&
      Object.fromEntries(
        Object.entries(moduleParameters).map(([module, values]) => [
          `${module}.conf`,
          Object.entries(values)
            .map(([name, value]) => `${name}=${value}\n`)
            .join(''),
        ]),
      );
    return {
      modules: map('modules', parameters),
      packages: map('packages', packages?.files),
      certificates: map('certificates', certificates),
    };
  }

  private get endings(): readonly string[] {
    const { precompiled } = this.props;
    return precompiled ? precompiled.flatMap((kernel) => this.os.map((os) => `${kernel}-${os}`)) : this.os;
  }

  private checkLists(): void {
    const { path } = this.system.node;
    const { precompiled, moduleParameters = {} } = this.props;
    if (this.os.length === 0) fail(path, `${this.what}.os must name at least one, got []; write it as ["ubuntu24.04"]`);
    const wrongOs = this.os.find((os) => !/^[a-z][a-z-]*\d+(\.\d+)*$/.test(os));
    if (wrongOs !== undefined) {
      fail(path, `${this.what}.os must be a system and its version, got ${show(wrongOs)}; write it as "ubuntu24.04"`);
    }
    if (precompiled?.length === 0) {
      fail(path, `${this.what}.precompiled must name the nodes' kernels, got []; write one as "6.8.0-60-generic"`);
    }
    const wrongKernel = precompiled?.find((kernel) => !/^\d+\.\d+[\w.-]*$/.test(kernel));
    if (wrongKernel !== undefined) {
      fail(
        path,
        `${this.what}.precompiled must name kernels, got ${show(wrongKernel)}; write it as "6.8.0-60-generic"`,
      );
    }
    if (precompiled && this.os.length > 1) {
      fail(
        path,
        `${this.what}.precompiled names kernels of one system, but os names ${this.os.join(', ')}; give the pools of each a driver of their own by poolDrivers`,
      );
    }
    for (const module of Object.keys(moduleParameters)) {
      checkChoice(path, `${this.what}.moduleParameters`, module, MODULES);
    }
  }

  private ports(packages: PackageRepositoriesProps | undefined): readonly PeerPort[] {
    if (!packages) return [{ port: 80 }, { port: 443 }];
    const urls = Object.values(packages.files).flatMap((text) => [
      ...text.matchAll(/\b(https?):\/\/[^\s/:]+(?::(\d+))?/g),
    ]);
    if (urls.length === 0) {
      fail(
        this.system.node.path,
        `${this.what}.packages.files name no http:// or https:// server; write repositories by their URLs`,
      );
    }
    const ports = urls.map(([, scheme, port]) => Number(port ?? (scheme === 'http' ? 80 : 443)));
    return [...new Set(ports)].sort((a, b) => a - b).map((port) => ({ port }));
  }
}

/** Of which the driver's container reads parameters. @see https://docs.nvidia.com/datacenter/cloud-native/gpu-operator/latest/custom-driver-params.html */
const MODULES = ['nvidia', 'nvidia-uvm', 'nvidia-modeset', 'nvidia-peermem', 'nvidia-drm'];

/** What is given bounds the container; what isn't, doesn't. */
export function bounds({ cpu, memory }: ProgramResources) {
  const amounts = {
    ...(cpu !== undefined && { cpu: `${Math.round(cpu * 1000)}m` }),
    ...(memory && { memory: `${memory.toMebibytes()}Mi` }),
  };
  return {
    requests: amounts,
    ...(memory && { limits: { memory: `${memory.toMebibytes()}Mi` } }),
  };
}
