import { Duration, Size } from 'cdk8s';
import { type NvidiaDriverProps, type NvidiaGpuOperatorProps } from '../../lib/compute/nvidia-gpu-operator';
import { type NodePoolProps } from '../../lib/site';
import { findingsOf, objectsOf } from '../support';
import { A100, B200, driver, files, L4, make, MI300X, policy, pool, V100 } from './nvidia-gpu-operator-support';

const driverOf = (props: NvidiaDriverProps) => policy(make({ driver: props })).driver!;

describe('the driver', () => {
  test('is compiled on the nodes unless said otherwise, and people are told that it takes time', () => {
    const lab = make();
    expect(policy(lab).driver).toMatchObject({
      enabled: true,
      version: '580.173.02',
      kernelModuleType: 'auto',
      usePrecompiled: false,
      rdma: { enabled: false, useHostMofed: false },
    });
    expect(lab.gpus.instructions).toEqual([
      {
        when: 'before',
        what: 'The first start compiles the GPU driver on each node, which takes five to twenty minutes; give apply.sh the time',
        command: './apply.sh --timeout 3600',
      },
    ]);
    expect(make({ driver: 'preinstalled' }).gpus.instructions).toEqual([]);
  });

  test('has the version, modules, resources and environment given to it', () => {
    expect(
      driverOf({
        version: '595.91.07',
        kernelModules: 'open',
        rdma: { peermem: true, hostDrivers: true },
        resources: { cpu: 4, memory: Size.gibibytes(8) },
        env: { HTTPS_PROXY: 'http://proxy.lab.example:3128' },
      }),
    ).toMatchObject({
      version: '595.91.07',
      kernelModuleType: 'open',
      rdma: { enabled: true, useHostMofed: true },
      resources: { requests: { cpu: '4000m', memory: '8192Mi' }, limits: { memory: '8192Mi' } },
      env: [{ name: 'HTTPS_PROXY', value: 'http://proxy.lab.example:3128' }],
    });
  });

  test('has images for each system and kernel, all of them on the list', () => {
    const precompiled = make({ driver: { precompiled: ['6.8.0-60-generic', '6.8.0-61-generic'] } });
    expect(policy(precompiled).driver).toMatchObject({ usePrecompiled: true, version: '580' });
    expect([...precompiled.lab.images.keys()]).toEqual(
      expect.arrayContaining([
        'nvcr.io/nvidia/driver:580-6.8.0-60-generic-ubuntu24.04',
        'nvcr.io/nvidia/driver:580-6.8.0-61-generic-ubuntu24.04',
      ]),
    );
    expect(precompiled.gpus.instructions).toEqual([]);
    const both = make({ driver: { os: ['ubuntu24.04', 'rhel9'] } });
    expect([...both.lab.images.keys()]).toEqual(
      expect.arrayContaining([
        'nvcr.io/nvidia/driver:580.173.02-ubuntu24.04',
        'nvcr.io/nvidia/driver:580.173.02-rhel9',
      ]),
    );
    // A ClusterPolicy has one driver for all nodes; an NVIDIADriver one for each system.
    expect(policy(both).driver).toMatchObject({ useNvidiaDriverCRD: true });
    expect(driver(both, 'default')).toMatchObject({ default: true, version: '580.173.02', image: 'driver' });
  });

  test('of another build keeps the ending that the operator appends', () => {
    const images = (build: string) => ({ platform: { images: { 'nvcr.io/nvidia/driver': build } } });
    const lab = make({}, images('registry.lab.example/driver:580.1-ubuntu24.04'));
    expect(policy(lab).driver).toMatchObject({ repository: 'registry.lab.example', image: 'driver', version: '580.1' });
    expect(() => make({}, images('registry.lab.example/driver:mine'))).toThrow(
      'lab/gpu-operator: images gives nvcr.io/nvidia/driver the tag "mine", to which the operator appends the nodes\' system; name one that ends in "-ubuntu24.04"',
    );
  });

  test('has its files in ConfigMaps whose names change with them', () => {
    const props = (parameter: number): NvidiaDriverProps => ({
      packages: { files: { 'lab.list': 'deb http://mirror.lab.example/ubuntu noble main' } },
      certificates: { 'lab-ca.crt': '-----BEGIN CERTIFICATE-----' },
      moduleParameters: { nvidia: { NVreg_EnableGpuFirmware: parameter } },
    });
    const lab = make({ driver: props(0) });
    expect(files(lab, /^driver-modules-/)).toEqual({ 'nvidia.conf': 'NVreg_EnableGpuFirmware=0\n' });
    expect(files(lab, /^driver-packages-/)).toEqual({ 'lab.list': 'deb http://mirror.lab.example/ubuntu noble main' });
    expect(policy(lab).driver).toMatchObject({
      repoConfig: { configMapName: expect.stringMatching(/^driver-packages-/) as string },
      certConfig: { name: expect.stringMatching(/^driver-certificates-/) as string },
      kernelModuleConfig: { name: expect.stringMatching(/^driver-modules-/) as string },
    });
    expect(findingsOf(lab.lab)).toEqual([]);
    const other = policy(make({ driver: props(1) })).driver!;
    expect(other.kernelModuleConfig).not.toEqual(policy(lab).driver!.kernelModuleConfig);
    expect(other.repoConfig).toEqual(policy(lab).driver!.repoConfig);
  });

  test('of two pools shares files that are alike, and NVIDIADriver names them', () => {
    const own: NvidiaDriverProps = { moduleParameters: { nvidia: { NVreg_EnableGpuFirmware: 0 } } };
    const lab = make({ poolDrivers: { training: own, inference: own } });
    const maps = objectsOf(lab.lab).filter(({ metadata }) => metadata.name?.startsWith('driver-modules-'));
    expect(maps).toHaveLength(1);
    const { name } = maps[0]!.metadata;
    expect(name).toMatch(/^driver-modules-[0-9a-f]{8}$/);
    expect(driver(lab, 'training').kernelModuleConfig).toEqual({ name });
    expect(driver(lab, 'inference').kernelModuleConfig).toEqual({ name });
    expect(objectsOf(lab.lab).filter(({ kind }) => kind === 'NVIDIADriver')).toHaveLength(2);
    expect(findingsOf(lab.lab)).toEqual([]);
  });

  test('brings the modules of GPUDirect Storage and GDRCopy', () => {
    const lab = make({ driver: { directStorage: true, gdrCopy: true } });
    expect(policy(lab).gds).toMatchObject({ enabled: true, image: 'nvidia-fs', version: '2.29.4' });
    expect(policy(lab).gdrcopy).toMatchObject({ enabled: true, image: 'gdrdrv', version: 'v2.6' });
    expect([...lab.lab.images.keys()]).toContain('nvcr.io/nvidia/cloud-native/nvidia-fs:2.29.4-ubuntu24.04');
    expect(policy(make()).gds).toEqual({ enabled: false });
  });

  test('is upgraded as asked for', () => {
    const driverUpgrades = {
      automatic: false,
      parallel: 4,
      maxUnavailable: 2,
      waitFor: { pods: 'app=training', timeout: Duration.hours(12) },
      podDeletion: { force: true },
      drain: { deleteEmptyDir: true, timeout: Duration.minutes(10), pods: 'app!=db' },
    };
    const expected = {
      autoUpgrade: false,
      maxParallelUpgrades: 4,
      maxUnavailable: 2,
      waitForCompletion: { podSelector: 'app=training', timeoutSeconds: 43200 },
      podDeletion: { force: true, deleteEmptyDir: false, timeoutSeconds: 300 },
      drain: { enable: true, force: false, deleteEmptyDir: true, timeoutSeconds: 600, podSelector: 'app!=db' },
    };
    expect(policy(make({ driverUpgrades })).driver!.upgradePolicy).toEqual(expected);
    expect(driver(make({ driverUpgrades, poolDrivers: { training: {} } }), 'training').upgradePolicy).toEqual(expected);
  });
});

type Refused = [string, Omit<NvidiaGpuOperatorProps, 'nodeFeatures' | 'metrics'>, (readonly NodePoolProps[])?, string?];

describe('refuses', () => {
  const refused: readonly Refused[] = [
    [
      'driver.version must be a driver\'s such as "580.173.02", got "580"; write it in full',
      { driver: { version: '580' } },
    ],
    ['driver.version must be a driver\'s such as "580.173.02", got "latest";', { driver: { version: 'latest' } }],
    ['driver.kernelModules must be one of', { driver: { kernelModules: 'closed' as 'open' } }],
    ['driver.os must name at least one, got []; write it as ["ubuntu24.04"]', { driver: { os: [] } }],
    [
      'driver.os must be a system and its version, got "Ubuntu"; write it as "ubuntu24.04"',
      { driver: { os: ['Ubuntu'] } },
    ],
    ["driver.precompiled must name the nodes' kernels, got [];", { driver: { precompiled: [] } }],
    ['driver.precompiled must name kernels, got "generic";', { driver: { precompiled: ['generic'] } }],
    [
      "driver.directStorage can't be had with precompiled drivers, which compile nothing; leave one of them out",
      { driver: { precompiled: ['6.8.0-60-generic'], directStorage: true } },
    ],
    [
      'driver.directStorage needs open kernel modules, got "proprietary"; set kernelModules to "open"',
      { driver: { directStorage: true, kernelModules: 'proprietary' } },
    ],
    [
      'driver.packages.files name no http:// or https:// server; write repositories by their URLs',
      { driver: { packages: { files: { a: 'deb file:/mirror noble main' } } } },
    ],
    [
      'driver.precompiled names kernels of one system, but os names ubuntu24.04, rhel9; give the pools of each a driver of their own by poolDrivers',
      { driver: { precompiled: ['6.8.0-60-generic'], os: ['ubuntu24.04', 'rhel9'] } },
    ],
    ['driver.moduleParameters must be one of', { driver: { moduleParameters: { i915: { x: 1 } } } }],
    ['poolDrivers has no pool "trianing"; did you mean "training"?', { poolDrivers: { trianing: {} } }],
    [
      'preinstalledToolkit needs a preinstalled driver; set driver to "preinstalled", or leave it out',
      { preinstalledToolkit: true },
    ],
    ['driverUpgrades.parallel must be a whole number from 0 to 5000, got -1;', { driverUpgrades: { parallel: -1 } }],
    [
      'driverUpgrades.maxUnavailable must be a share from "1%" to "100%", got "0%"; write it so',
      { driverUpgrades: { maxUnavailable: '0%' } },
    ],
    [
      'driverUpgrades.waitFor.pods must select the pods to wait for, got "";',
      { driverUpgrades: { waitFor: { pods: '' } } },
    ],
    ['migStrategy must be one of "mixed", "single", got "none";', { migStrategy: 'none' as 'single' }],
    ['logLevel must be one of "debug", "info", "error", got "warn";', { logLevel: 'warn' as 'info' }],
    ['maxUnavailable must be a whole number from 1 to 5000, got 0;', { maxUnavailable: 0 }],
    ['maxUnavailable must be a share from "1%" to "100%", got "half"; write it so', { maxUnavailable: 'half' }],
    ['nodeStatus is for the metrics, but nobody collects them; pass metrics, or leave it out', { nodeStatus: true }],
    ['resources has no program "plugin"', { resources: { plugin: {} } as object }],
    ['pools must name at least one, got []; leave it out for all', { pools: [] }],
    ['pools has "storage", which has no GPUs; there is "training", "inference"', { pools: ['storage'] }],
    [
      'pools has "amd", which has GPUs of AMD\'s; there is "training"',
      { pools: ['amd'] },
      [pool('training', A100), pool('amd', MI300X)],
    ],
    ['site "test" has no pool with GPUs of NVIDIA\'s that takes workloads; add gpus to one', {}, [pool('amd', MI300X)]],
    [
      'pool "a" must have a label that "b" hasn\'t, got {}; give its nodes one in the site, such as "onprem-ml.example/pool: a"',
      {},
      [pool('a', A100, { labels: {} }), pool('b', L4)],
    ],
    [
      'driver version must be of branch 580 or earlier for Volta or Pascal GPUs (Tesla V100-SXM2-32GB), got "595.91.07";',
      { driver: { version: '595.91.07' } },
      [pool('old', V100)],
    ],
    [
      'driver kernelModules must be "open" or "auto" for Blackwell GPUs (NVIDIA B200), got "proprietary"; change it',
      { driver: { kernelModules: 'proprietary' } },
      [pool('new', B200)],
    ],
    [
      'nvidia-gpu-operator v26.7.0 is made for Kubernetes 1.33 to 1.36, got kubernetesVersion "1.32"; use one of these',
      {},
      undefined,
      '1.32',
    ],
  ];
  test.each(refused.map(([message, ...given]) => [message, given] as const))('%s', (message, given) => {
    const [props, pools, kubernetesVersion] = given;
    expect(() =>
      make(props, { pools, platform: kubernetesVersion === undefined ? {} : { kubernetesVersion } }),
    ).toThrow(`lab/gpu-operator: ${message}`);
  });

  test('metrics that DCGM doesn’t have, or that would break its file', () => {
    const metrics = (field: string, help: string) => () =>
      make({ metrics: true, gpuMetrics: [{ field, type: 'gauge', help }] });
    expect(metrics('GPU_UTIL', 'x')).toThrow('gpuMetrics has "GPU_UTIL", which is no field of DCGM;');
    expect(metrics('DCGM_FI_DEV_GPU_UTIL', 'a, b')).toThrow(
      'gpuMetrics DCGM_FI_DEV_GPU_UTIL: help must be one line without commas, got "a, b"; reword it',
    );
    expect(() => make({ metrics: true, gpuMetrics: [] })).toThrow('gpuMetrics must name at least one, got [];');
  });

  test('pools that it doesn’t drive', () => {
    const { gpus } = make();
    expect(() => gpus.pool('trainig')).toThrow(
      'lab/gpu-operator: site has no node pool "trainig"; did you mean "training"?',
    );
    expect(() => gpus.pool('storage')).toThrow('pool "storage" has no GPUs; there is "training", "inference"');
  });
});
