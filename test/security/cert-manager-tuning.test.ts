import { Size } from 'cdk8s';
import { type k8s, type Platform } from '../../lib/core';
import { CertManager, type CertManagerProps } from '../../lib/security/cert-manager';
import { objectOf, testPlatform } from '../support';

const PARTS = ['cert-manager', 'cert-manager-cainjector', 'cert-manager-webhook'];

function make(props: CertManagerProps = {}): Platform {
  const lab = testPlatform();
  new CertManager(lab, 'cert-manager', props);
  return lab;
}

function containers(lab: Platform): k8s.Container[] {
  return PARTS.map(
    (name) =>
      objectOf<{ spec: { template: { spec: k8s.PodSpec } } }>(lab, 'Deployment', name).spec.template.spec
        .containers[0]!,
  );
}

const sizes = (lab: Platform) => containers(lab).map(({ resources }) => resources!.requests);

describe('cert-manager', () => {
  test('all three parts log as much as asked for', () => {
    const verbosity = (lab: Platform) => containers(lab).map(({ args }) => args!.find((arg) => arg.startsWith('--v=')));
    expect(verbosity(make())).toEqual(['--v=2', '--v=2', '--v=2']);
    expect(verbosity(make({ logLevel: 0 }))).toEqual(['--v=0', '--v=0', '--v=0']);
    expect(verbosity(make({ logLevel: 4 }))).toEqual(['--v=4', '--v=4', '--v=4']);
  });

  test('each part has the resources given to it, and else its own', () => {
    expect(sizes(make())).toMatchObject([
      { cpu: '50m', memory: '256Mi' },
      { cpu: '20m', memory: '256Mi' },
      { cpu: '20m', memory: '128Mi' },
    ]);
    const resources = { controller: { memory: Size.gibibytes(1), cpu: 0.5 }, webhook: { cpu: 1 } };
    expect(sizes(make({ resources }))).toMatchObject([
      { cpu: '500m', memory: '1Gi' },
      { cpu: '20m', memory: '256Mi' },
      { cpu: '1', memory: '128Mi' },
    ]);
    expect(containers(make({ resources }))[0]!.resources!.limits).toMatchObject({ cpu: '2', memory: '1Gi' });
  });

  test.each<[string, object, string]>([
    [
      'a level that there is not',
      { logLevel: 7 },
      'logLevel must be a whole number from 0 to 6, got 7; 2 says what is done, 4 is for finding faults',
    ],
    [
      'a level by name',
      { logLevel: 'debug' },
      'logLevel must be a whole number from 0 to 6, got "debug"; 2 says what is done, 4 is for finding faults',
    ],
    [
      'a part that there is not',
      { resources: { controler: { cpu: 1 } } },
      'resources has no program "controler"; did you mean "controller"?',
    ],
    [
      'no core',
      { resources: { webhook: { cpu: 0 } } },
      'resources.webhook.cpu must be above 0 and at most 256 cores, got 0; write 0.5 for half a core',
    ],
    [
      'cores as text',
      { resources: { webhook: { cpu: '100m' } } },
      'resources.webhook.cpu must be above 0 and at most 256 cores, got "100m"; write 0.5 for half a core',
    ],
    [
      'hardly any memory',
      { resources: { cainjector: { memory: Size.mebibytes(2) } } },
      "resources.cainjector.memory must be at least 64Mi, got 2Mi; with less the program doesn't come up",
    ],
    [
      'memory without a unit',
      { resources: { cainjector: { memory: 512 } } },
      'resources.cainjector.memory must be a Size, which has a unit, got 512; write it as Size.gibibytes(512)',
    ],
  ])('refuses %s', (_what, props, message) => {
    expect(() => make(props)).toThrow(new Error(`lab/cert-manager: ${message}`));
  });
});
