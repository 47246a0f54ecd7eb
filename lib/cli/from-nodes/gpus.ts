import { GPU_MODELS, type GpuModel, type GpuVendor } from '../../site';
import { amdValue, nvidiaValue } from '../../site/node-labels';
import { type NodeFacts } from './node';
import { amount } from './quantity';

/** The GPUs of a node, as far as its labels and its capacity tell. */
export interface FoundGpus {
  readonly vendor: GpuVendor;
  /** The resource that the node offers: whole GPUs, or parts of them. */
  readonly resources: readonly (readonly [name: string, count: number])[];
  /** The driver's name of the model. Absent where no label tells it. */
  readonly model?: string;
  /** GPUs, however they are shared. Absent where it can't be told. */
  readonly count?: number;
  /** Bytes of one GPU. Absent where the catalogue knows it, or no label tells. */
  readonly memory?: number;
  readonly known?: GpuModel;
  /** What is to be said on the GPU pool so that they are shared as now: `{ mig: '1g.5gb' }`. */
  readonly sharing?: string;
  /** Instances of more than one profile, which no pool has by one word. */
  readonly isMixed: boolean;
}

const MIG_RESOURCE = /^nvidia\.com\/mig-(.+)$/;

/** The GPUs of a node, or undefined where it has none. */
export function findGpus(node: NodeFacts): FoundGpus | undefined {
  const of = (vendor: GpuVendor) =>
    [...node.capacity].filter(([name, n]) => name.startsWith(`${vendor}.com/`) && n > 0);
  const nvidia = of('nvidia').filter(([name]) => /^nvidia\.com\/(gpu$|gpu\.shared$|mig-)/.test(name));
  if (nvidia.length > 0 || node.labels['nvidia.com/gpu.product'] !== undefined) return nvidiaGpus(node, nvidia);
  const amd = of('amd').filter(([name]) => name === 'amd.com/gpu');
  return amd.length > 0 ? amdGpus(node, amd) : undefined;
}

/**
 * Read as GPU Feature Discovery writes: of GPUs that take turns the product ends in `-SHARED`, and the count is of GPUs; of those cut by
 * MIG, with the strategy `single`, product, count and memory are the instances'.
 */
function nvidiaGpus({ labels }: NodeFacts, resources: FoundGpus['resources']): FoundGpus {
  const label = (key: string) => labels[`nvidia.com/gpu.${key}`];
  const [, product, single] = /^(.*?)(?:-MIG-(.+?))?(?:-SHARED)?$/.exec(label('product') ?? '') ?? [];
  const replicas = Number(label('replicas') ?? '1');
  const counted = Number(label('count') ?? '0');
  const known = GPU_MODELS.find((model) => model.vendor === 'nvidia' && isProduct(model, product));
  const profiles = resources.flatMap(([name]) => MIG_RESOURCE.exec(name)?.[1].replace(/\.shared$/, '') ?? []);
  const mig = single ?? (profiles.length === 1 ? profiles[0] : undefined);
  const perGpu = single === undefined ? 1 : known?.mig.find(({ name }) => name === single)?.instances;
  const whole = resources.find(([name]) => name === 'nvidia.com/gpu')?.[1];
  const count = counted > 0 ? perGpu && counted / perGpu : single === undefined && replicas <= 1 ? whole : undefined;
  const isMixed = profiles.length > 1 || (profiles.length === 1 && whole !== undefined);
  const memory = amount(label('memory'));
  return {
    vendor: 'nvidia',
    resources,
    ...(product ? { model: known?.name ?? product } : {}),
    ...(count !== undefined && Number.isInteger(count) ? { count } : {}),
    ...(single === undefined && memory && known?.memory === undefined ? { memory: memory * 1024 ** 2 } : {}),
    ...(known ? { known } : {}),
    ...(isMixed ? {} : sharing(mig, replicas, label('sharing-strategy'))),
    isMixed,
  };
}

function sharing(
  mig: string | undefined,
  replicas: number,
  strategy: string | undefined,
): { readonly sharing?: string } {
  if (mig !== undefined) return { sharing: `{ mig: '${mig}' }` };
  if (!(replicas > 1)) return {};
  return { sharing: strategy === 'mps' ? `{ mps: ${replicas} }` : `{ timeSlices: ${replicas} }` };
}

/** Drivers before 470 left the maker's name out. */
function isProduct(model: GpuModel, product: string | undefined): boolean {
  const value = nvidiaValue(model.name);
  return product !== undefined && (product === value || `NVIDIA-${product}` === value);
}

function amdGpus({ labels }: NodeFacts, resources: FoundGpus['resources']): FoundGpus {
  const label = (key: string) => labels[`amd.com/gpu.${key}`] ?? labels[`beta.amd.com/gpu.${key}`];
  const product = label('product-name');
  const known = GPU_MODELS.find((model) => model.vendor === 'amd' && amdValue(model.name) === product);
  const memory = amount(label('vram')?.replace(/G$/, 'Gi'));
  return {
    vendor: 'amd',
    resources,
    ...(product ? { model: known?.name ?? product } : {}),
    count: resources[0][1],
    ...(memory && !known ? { memory } : {}),
    ...(known ? { known } : {}),
    isMixed: false,
  };
}
