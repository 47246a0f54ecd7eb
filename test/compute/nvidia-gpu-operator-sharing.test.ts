import { Size } from 'cdk8s';
import { type GpuSharing, type IGpuPool } from '../../lib/core';
import { A100, files, L4, make, nodeLabels, pool, policy, RTX4090, selectorOf } from './nvidia-gpu-operator-support';

const shared = (name: string, sharing: GpuSharing, props = {}) => {
  const lab = make(props);
  return { lab, resource: lab.gpus.pool(name).share(sharing) };
};

describe('the GPUs of a pool', () => {
  test('are whole unless shared', () => {
    const lab = make();
    const contract: IGpuPool = lab.gpus.pool('training');
    expect(contract.resource).toEqual({ name: 'nvidia.com/gpu', perNode: 8, whole: true });
    // Containers get them by CDI, which needs no RuntimeClass.
    expect(contract.runtimeClassName).toBeUndefined();
    expect(nodeLabels(lab)).toEqual({
      [selectorOf('training')]: {
        'nvidia.com/gpu.deploy.operands': 'true',
        'nvidia.com/device-plugin.config': 'whole',
        'nvidia.com/mig.config': 'all-disabled',
      },
      [selectorOf('inference')]: {
        'nvidia.com/gpu.deploy.operands': 'true',
        'nvidia.com/device-plugin.config': 'whole',
      },
    });
    expect(policy(lab).devicePlugin!.config).toEqual({ name: 'device-plugin-config', default: 'whole' });
  });

  test('are cut by MIG, and offered by the profile’s name', () => {
    const { lab, resource } = shared('training', { mig: '3g.40gb' });
    expect(resource).toEqual({ name: 'nvidia.com/mig-3g.40gb', perNode: 16, whole: false });
    expect(lab.gpus.pool('training').resource).toEqual(resource);
    expect(nodeLabels(lab)[selectorOf('training')]).toMatchObject({ 'nvidia.com/mig.config': '2x3g.40gb' });
    const config = files(lab, 'mig-config')['config.yaml'];
    expect(config).toContain(
      [
        'version: v1',
        'mig-configs:',
        '  all-disabled:',
        '    - devices: all',
        '      mig-enabled: false',
        '  7x1g.10gb:',
        '    - devices: all',
        '      mig-enabled: true',
        '      mig-devices:',
        "        '1g.10gb': 7",
        '',
      ].join('\n'),
    );
    expect(config).toContain(
      "  2x3g.40gb:\n    - devices: all\n      mig-enabled: true\n      mig-devices:\n        '3g.40gb': 2\n",
    );
    expect(policy(lab).mig).toEqual({ strategy: 'mixed' });
  });

  test('can be cut in another way at once: the MIG manager has all ways in its file', () => {
    const ways = [{ mig: '3g.40gb' }, { mig: '1g.10gb' }, { timeSlices: 4 }] as const;
    const configs = ways.map((way) => files(shared('training', way).lab, 'mig-config'));
    expect(configs).toEqual(ways.map(() => files(make(), 'mig-config')));
  });

  test('cut by MIG are offered as GPUs with the strategy single', () => {
    const { lab, resource } = shared('training', { mig: '1g.10gb' }, { migStrategy: 'single' });
    expect(resource).toEqual({ name: 'nvidia.com/gpu', perNode: 56, whole: false });
    expect(policy(lab).mig).toEqual({ strategy: 'single' });
    expect(files(lab, 'device-plugin-config').whole).toBe('version: v1\nflags:\n  migStrategy: single\n');
  });

  test.each([
    ['time-slices-4', 'timeSlicing', { timeSlices: 4 }],
    ['mps-4', 'mps', { mps: 4 }],
  ] as const)('are shared as %s, under a name that no pod takes for a whole one', (config, way, sharing) => {
    const { lab, resource } = shared('inference', sharing);
    expect(resource).toEqual({ name: 'nvidia.com/gpu.shared', perNode: 8, whole: false });
    expect(nodeLabels(lab)[selectorOf('inference')]).toMatchObject({ 'nvidia.com/device-plugin.config': config });
    expect(nodeLabels(lab)[selectorOf('training')]).toMatchObject({ 'nvidia.com/device-plugin.config': 'whole' });
    expect(Object.keys(files(lab, 'device-plugin-config')).sort()).toEqual([config, 'whole'].sort());
    expect(files(lab, 'device-plugin-config')[config]).toBe(
      `version: v1\nflags:\n  migStrategy: mixed\nsharing:\n  ${way}:\n    renameByDefault: true\n` +
        '    failRequestsGreaterThanOne: true\n    resources:\n      - name: nvidia.com/gpu\n        replicas: 4\n',
    );
  });

  test('can be shared twice in the same way, not in two', () => {
    const { gpus } = make();
    gpus.pool('training').share({ timeSlices: 2 });
    expect(gpus.pool('training').share({ timeSlices: 2 }).perNode).toBe(16);
    expect(() => gpus.pool('training').share({ mps: 2 })).toThrow(
      'lab/gpu-operator: pool "training" is shared by {"timeSlices":2} already, got {"mps":2}; share it one way, or make two pools of it in the site',
    );
  });

  const refused: readonly [string, GpuSharing, object?][] = [
    ['pool "training": timeSlices must be a whole number from 2 to 64, got 1;', { timeSlices: 1 }],
    ['pool "training": timeSlices must be a whole number from 2 to 64, got 65;', { timeSlices: 65 }],
    ['pool "training": mps must be a whole number from 2 to 48, got 49;', { mps: 49 }],
    ['pool "training": NVIDIA A100-SXM4-80GB has no MIG profile "3g.20gb", it has 1g.10gb, ', { mig: '3g.20gb' }],
    [
      'pool "training": NVIDIA GeForce RTX 4090 has no MIG, got the profile "1g.5gb"; share it by timeSlices or mps',
      { mig: '1g.5gb' },
      RTX4090,
    ],
    ['pool "training": share must be given one of mig, timeSlices and mps, got {}; choose one', {} as GpuSharing],
  ];
  test.each(refused.map(([message, ...given]) => [message, given] as const))('refuses: %s', (message, given) => {
    const [sharing, gpus = A100] = given;
    const lab = make({}, { pools: [pool('training', gpus)] });
    expect(() => lab.gpus.pool('training').share(sharing)).toThrow(`lab/gpu-operator: ${message}`);
  });

  test('of a consumer’s card can be shared, too', () => {
    const lab = make({}, { pools: [pool('box', RTX4090)] });
    expect(lab.gpus.pool('box').share({ timeSlices: 8 })).toEqual({
      name: 'nvidia.com/gpu.shared',
      perNode: 32,
      whole: false,
    });
  });

  test('of a model that nobody knows can be shared by turns, not cut', () => {
    const lab = make({}, { pools: [pool('new', { ...L4, model: 'NVIDIA X9000' })] });
    expect(lab.gpus.pool('new').share({ mps: 2 }).perNode).toBe(4);
    expect(nodeLabels(lab)[selectorOf('new')]).not.toHaveProperty(['nvidia.com/mig.config']);
  });

  test('of models that hold a profile more and less often are cut as often as each holds it', () => {
    const small = { model: 'NVIDIA A100-SXM4-40GB', memory: Size.gibibytes(40) };
    const lab = make({}, { pools: [pool('a', A100), pool('b', small)] });
    expect(lab.gpus.pool('a').share({ mig: '1g.10gb' }).perNode).toBe(56);
    expect(lab.gpus.pool('b').share({ mig: '1g.10gb' }).perNode).toBe(32);
    expect(nodeLabels(lab)[selectorOf('a')]).toMatchObject({ 'nvidia.com/mig.config': '7x1g.10gb' });
    expect(nodeLabels(lab)[selectorOf('b')]).toMatchObject({ 'nvidia.com/mig.config': '4x1g.10gb' });
    expect(files(lab, 'mig-config')['config.yaml']).toMatch(
      /7x1g.10gb:[^]*'1g.10gb': 7\n[^]*4x1g.10gb:[^]*'1g.10gb': 4\n/,
    );
  });

  test('of pools that share alike share a configuration', () => {
    const lab = make({}, { pools: [pool('a', A100), pool('b', A100)] });
    lab.gpus.pool('a').share({ mig: '7g.80gb' });
    lab.gpus.pool('b').share({ mig: '7g.80gb' });
    expect(files(lab, 'mig-config')['config.yaml']!.match(/1x7g.80gb:/g)).toHaveLength(1);
  });
});
