import { Size } from 'cdk8s';
import { NodeFeatureDiscovery } from '../../lib/compute/node-feature-discovery';
import { NvidiaGpuOperator, type NvidiaGpuOperatorProps } from '../../lib/compute/nvidia-gpu-operator';
import { External, type IMetrics, type Platform, type PlatformProps } from '../../lib/core';
import { type KubeObject } from '../../lib/core/link/types';
import { type GpuProps, type NodePoolProps, Site } from '../../lib/site';
import { objectOf, testPlatform } from '../support';

const LABEL = 'onprem-ml.example/pool';

/** A pool of four nodes with eight GPUs each, known by the label `onprem-ml.example/pool`. */
export function pool(
  name: string,
  gpus: Partial<GpuProps> | undefined,
  more: Partial<NodePoolProps> = {},
): NodePoolProps {
  return {
    name,
    nodes: 4,
    cpu: { cores: 64 },
    memory: Size.gibibytes(512),
    labels: { [LABEL]: name },
    ...(gpus && { gpus: { model: 'NVIDIA A100-SXM4-80GB', count: 8, memory: Size.gibibytes(80), ...gpus } }),
    ...more,
  };
}

export const A100 = {};
export const L4 = { model: 'NVIDIA L4', count: 2, memory: Size.gibibytes(24) };
export const RTX4090 = { model: 'NVIDIA GeForce RTX 4090', count: 4, memory: Size.gibibytes(24) };
export const V100 = { model: 'Tesla V100-SXM2-32GB', memory: Size.gibibytes(32) };
export const B200 = { model: 'NVIDIA B200', memory: Size.gibibytes(180) };
export const MI300X = { model: 'AMD Instinct MI300X', vendor: 'amd', memory: Size.gibibytes(192) } as const;

export interface Lab {
  readonly lab: Platform;
  readonly gpus: NvidiaGpuOperator;
}

type Props = Omit<NvidiaGpuOperatorProps, 'nodeFeatures' | 'metrics'> & { readonly metrics?: boolean };

export interface LabProps {
  readonly pools?: readonly NodePoolProps[];
  readonly platform?: Partial<PlatformProps>;
  readonly secret?: string;
}

const POOLS = [pool('training', A100), pool('inference', L4), pool('storage', undefined)];

/** The operator on a site with these pools; by default one with A100, one with L4, one without. */
export function make({ metrics, ...props }: Props = {}, { pools = POOLS, platform, secret }: LabProps = {}): Lab {
  const site = new Site({ name: 'test', domain: 'test.example', nodePools: pools });
  const lab = testPlatform({ site, ...platform });
  const nodeFeatures = new NodeFeatureDiscovery(lab, 'node-feature-discovery');
  const registryCredentials =
    secret === undefined ? undefined : External.credentials(lab, { name: secret }, ['.dockerconfigjson']);
  return {
    lab,
    gpus: new NvidiaGpuOperator(lab, 'gpu-operator', {
      nodeFeatures,
      metrics: metrics ? prometheus(lab) : undefined,
      registryCredentials,
      ...props,
    }),
  };
}

function prometheus(lab: Platform): IMetrics {
  return External.prometheus(lab, { pods: { namespace: 'monitoring', labels: { app: 'prometheus' } } });
}

export interface OperandSpec {
  readonly enabled?: boolean;
  readonly repository?: string;
  readonly image?: string;
  readonly version?: string;
  readonly [field: string]: unknown;
}

export type PolicySpec = Readonly<Record<string, OperandSpec>>;

export function policy({ lab }: Lab): PolicySpec {
  return objectOf<KubeObject & { spec: PolicySpec }>(lab, 'ClusterPolicy', 'cluster-policy').spec;
}

export function driver({ lab }: Lab, name: string): OperandSpec {
  return objectOf<KubeObject & { spec: OperandSpec }>(lab, 'NVIDIADriver', name).spec;
}

export function files({ lab }: Lab, name: string | RegExp): Readonly<Record<string, string>> {
  return objectOf<KubeObject & { data: Record<string, string> }>(lab, 'ConfigMap', name).data;
}

/** What the nodes of each pool are labelled with, by selector. */
export function nodeLabels(lab: Lab): Record<string, Record<string, string>> {
  const found: Record<string, Record<string, string>> = {};
  for (const line of files(lab, 'node-labels-plan').labels!.trim().split('\n')) {
    const [selector = '', patch = ''] = line.split('\t');
    const nodes = selector.split(',').slice(0, -1).join(',');
    const { metadata } = JSON.parse(patch) as { metadata: { labels: Record<string, string> } };
    found[nodes] = { ...found[nodes], ...metadata.labels };
  }
  return found;
}

export const selectorOf = (name: string) => `${LABEL}=${name}`;
