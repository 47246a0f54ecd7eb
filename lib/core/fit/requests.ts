import { arr, dig, isObj, obj, type Obj } from '../link/json';
import { parseQuantity } from './quantity';

type Amounts = Map<string, number>;

/** What a container counts for in the choice of a node where it doesn't say. @see pkg/scheduler/util/pod_resources.go of Kubernetes 1.36 */
const UNSAID: ReadonlyMap<string, number> = new Map([
  ['cpu', 100],
  ['memory', 200 * 2 ** 20],
]);

const NONE: ReadonlyMap<string, number> = new Map();

/** What the scheduler takes a pod to ask for. */
export interface Requests {
  readonly requests: ReadonlyMap<string, number>;
  readonly scored: { readonly cpu: number; readonly memory: number };
}

/**
 * A pod's requests: containers and sidecars together, or the init container that asks for most if that is more; what the pod says as a whole
 * stands above that; overhead comes on top. A limit is a request where there is none.
 *
 * @param spec a PodSpec
 * @param defaults of containers, as LimitRanges of the namespace set them
 * @see staging/src/k8s.io/component-helpers/resource/helpers.go, pkg/apis/core/v1/defaults.go of Kubernetes 1.36
 */
export function podRequests(spec: Obj, defaults?: ContainerDefaults): Requests {
  const requests = total(spec, NONE, defaults);
  const scored = total(spec, UNSAID, defaults);
  return { requests, scored: { cpu: scored.get('cpu') ?? 0, memory: scored.get('memory') ?? 0 } };
}

/** Limits and requests that a LimitRange gives to containers that don't say. */
export interface ContainerDefaults {
  readonly limits: Obj;
  readonly requests: Obj;
}

function total(spec: Obj, unsaid: ReadonlyMap<string, number>, defaults: ContainerDefaults | undefined): Amounts {
  const sum = containers(spec, unsaid, defaults);
  for (const [resource, amount] of ofPod(spec, defaults)) sum.set(resource, amount);
  const overhead = obj(spec.overhead);
  for (const resource in overhead) {
    add(sum, new Map([[resource, parseQuantity(resource, overhead[resource]) ?? 0]]));
  }
  return sum;
}

function containers(spec: Obj, unsaid: ReadonlyMap<string, number>, defaults: ContainerDefaults | undefined): Amounts {
  const sum: Amounts = new Map();
  for (const container of arr(spec.containers)) add(sum, requestsOf(obj(container), unsaid, defaults));
  const sidecars: Amounts = new Map();
  const most: Amounts = new Map();
  for (const item of arr(spec.initContainers)) {
    const container = obj(item);
    const own = requestsOf(container, unsaid, defaults);
    if (container.restartPolicy === 'Always') {
      add(sum, own);
      add(sidecars, own);
      max(most, sidecars);
    } else {
      const now = new Map(own);
      add(now, sidecars);
      max(most, now);
    }
  }
  max(sum, most);
  return sum;
}

function requestsOf(
  { resources }: Obj,
  unsaid: ReadonlyMap<string, number>,
  defaults: ContainerDefaults | undefined,
): Amounts {
  const limits = { ...defaults?.limits, ...obj(dig(resources, 'limits')) };
  const own = obj(dig(resources, 'requests'));
  // An own limit stands before a LimitRange's default request: the API server fills in requests before admission does.
  const wanted: Obj = { ...limits, ...defaults?.requests, ...obj(dig(resources, 'limits')), ...own };
  const amounts: Amounts = new Map(unsaid);
  for (const resource in wanted) amounts.set(resource, parseQuantity(resource, wanted[resource]) ?? 0);
  return amounts;
}

/** What a pod asks for as a whole: only CPU, memory and huge pages can be said so. */
function ofPod(spec: Obj, defaults: ContainerDefaults | undefined): Amounts {
  const { requests, limits } = obj(spec.resources);
  const amounts: Amounts = new Map();
  const supported = (resource: string) => ['cpu', 'memory'].includes(resource) || resource.startsWith('hugepages-');
  for (const [resource, value] of Object.entries(obj(requests))) {
    if (supported(resource)) amounts.set(resource, parseQuantity(resource, value) ?? 0);
  }
  if (!isObj(limits) || Object.keys(limits).length === 0) return amounts;
  for (const [resource, amount] of containers(spec, NONE, defaults)) {
    if (['cpu', 'memory'].includes(resource) && !amounts.has(resource)) amounts.set(resource, amount);
  }
  for (const [resource, value] of Object.entries(limits)) {
    if (supported(resource) && !amounts.has(resource)) amounts.set(resource, parseQuantity(resource, value) ?? 0);
  }
  return amounts;
}

function add(to: Amounts, amounts: ReadonlyMap<string, number>): void {
  for (const [resource, amount] of amounts) to.set(resource, (to.get(resource) ?? 0) + amount);
}

function max(to: Amounts, amounts: ReadonlyMap<string, number>): void {
  for (const [resource, amount] of amounts) to.set(resource, Math.max(to.get(resource) ?? 0, amount));
}
