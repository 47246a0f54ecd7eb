import { Size } from 'cdk8s';
import { type k8s, type Platform } from '../../lib/core';
import { MetalLB, type MetalLBProps } from '../../lib/networking/metallb';
import { type NetworkProps, Site } from '../../lib/site';
import { findingsOf, objectsOf, testPlatform } from '../support';

const SERVICES: NetworkProps = {
  name: 'services',
  cidr: '10.20.0.0/24',
  loadBalancerRanges: ['10.20.0.100-10.20.0.199'],
};
const ROUTED: NetworkProps = {
  name: 'routed',
  cidr: '10.30.0.0/24',
  loadBalancerRanges: ['10.30.0.128/26'],
  bgp: { myASN: 64512, peers: [{ address: '10.30.0.1', asn: 64500 }] },
};

function make(props: MetalLBProps = {}, networks: readonly NetworkProps[] = [SERVICES]): Platform {
  const nodePools = [{ name: 'workers', nodes: 3, cpu: { cores: 32 }, memory: Size.gibibytes(256) }];
  const lab = testPlatform({ site: new Site({ name: 'test', domain: 'test.example', nodePools, networks }) });
  new MetalLB(lab, 'metallb', props);
  return lab;
}

function pods(lab: Platform): Record<string, k8s.PodSpec> {
  return Object.fromEntries(
    objectsOf(lab)
      .filter(({ kind, metadata }) => ['Deployment', 'DaemonSet'].includes(kind) && metadata.namespace === 'metallb')
      .map(({ metadata, spec }) => [metadata.name, (spec as { template: { spec: k8s.PodSpec } }).template.spec]),
  );
}

function levels(lab: Platform): Record<string, string> {
  const containers = Object.values(pods(lab)).flatMap(({ containers }) => containers);
  return Object.fromEntries(
    containers.flatMap(({ name, args = [] }) =>
      args.filter((arg) => arg.startsWith('--log-level=')).map((arg) => [name, arg.split('=')[1]!]),
    ),
  );
}

const requests = (lab: Platform, pod: string, container: string) =>
  pods(lab)[pod]!.containers.find(({ name }) => name === container)!.resources!.requests;

describe('MetalLB', () => {
  test('all programs log as much as asked for', () => {
    expect(levels(make())).toEqual({ controller: 'info', speaker: 'info' });
    expect(levels(make({ logLevel: 'warn' }, [SERVICES, ROUTED]))).toEqual({
      controller: 'warn',
      speaker: 'warn',
      'frr-k8s': 'warn',
      'frr-status': 'warn',
      'status-cleaner': 'warn',
    });
  });

  test('each program has the resources given to it, and else its own', () => {
    const lab = make({ resources: { controller: { cpu: 0.5 }, frr: { memory: Size.gibibytes(1) } } }, [
      SERVICES,
      ROUTED,
    ]);
    expect(requests(lab, 'controller', 'controller')).toMatchObject({ cpu: '500m', memory: '256Mi' });
    expect(requests(lab, 'speaker', 'speaker')).toMatchObject({ cpu: '50m', memory: '256Mi' });
    expect(requests(lab, 'frr-k8s', 'frr')).toMatchObject({ cpu: '50m', memory: '1Gi' });
    const other = make({ resources: { speaker: { cpu: 0.2, memory: Size.mebibytes(512) } } });
    expect(requests(other, 'speaker', 'speaker')).toMatchObject({ cpu: '200m', memory: '512Mi' });
    expect(findingsOf(lab)).toEqual([]);
  });

  test('its nodes are those of the pods that serve no node in particular; what it tolerates holds for all', () => {
    const spot: k8s.Toleration = { key: 'spot', operator: 'Exists', effect: 'NoExecute' };
    const all = pods(
      make({ nodeSelector: { infra: 'true' }, tolerations: [spot], speakerNodes: { edge: 'true' } }, [
        SERVICES,
        ROUTED,
      ]),
    );
    const os = { 'kubernetes.io/os': 'linux' };
    for (const name of ['controller', 'frr-k8s-status-cleaner']) {
      expect(all[name]!.nodeSelector).toEqual({ ...os, infra: 'true' });
    }
    for (const name of ['speaker', 'frr-k8s']) expect(all[name]!.nodeSelector).toEqual({ ...os, edge: 'true' });
    for (const { tolerations } of Object.values(all)) {
      expect(tolerations).toContainEqual(spot);
      expect(tolerations).toHaveLength(2);
    }
  });

  test.each<[string, object, string]>([
    [
      'a level of another program',
      { logLevel: 'warning' },
      'logLevel must be one of "all", "debug", "info", "warn", "error", "none", got "warning"; choose one',
    ],
    [
      'a program that there is not',
      { resources: { speakers: { cpu: 1 } } },
      'resources has no program "speakers"; did you mean "speaker"?',
    ],
    [
      'resources of FRR without BGP',
      { resources: { frr: { cpu: 1 } } },
      'resources.frr is given, but no network (services) has bgp, and so there is no FRR; leave it out',
    ],
  ])('refuses %s', (_what, props, message) => {
    expect(() => make(props)).toThrow(new Error(`lab/metallb: ${message}`));
  });
});
