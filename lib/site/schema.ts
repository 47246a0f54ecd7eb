import { didYouMean, show } from '../core/errors';
import { Address, AddressRange, Cidr } from './address';
import {
  type Decoder,
  describe,
  flag,
  integer,
  isMapping,
  list,
  object,
  oneOf,
  optional,
  parsed,
  Refusal,
  required,
  text,
  texts,
} from './decode';
import { type BgpPeerProps, type BgpProps, type NetworkProps } from './network';
import {
  type CpuCores,
  type CpuProps,
  type CpuSockets,
  type GpuProps,
  type HugepagesProps,
  type LocalDiskProps,
  type NetworkPortProps,
  type NodePoolProps,
  type ReservedProps,
  type TaintProps,
} from './node-pool';
import { type MachineProps, type SiteProps } from './props';
import { size, speed } from './quantity';
import { checkHardware } from './resolve';
import { type StorageClassProps } from './storage-class';

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
/** Kubernetes' qualified names: the part after the prefix, and label values. */
const QUALIFIED = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

const label = text((value) => {
  if (LABEL.test(value) && value.length <= 63) return value;
  const mend = slug(value).slice(0, 63).replace(/-+$/, '');
  return new Refusal(
    `must be of lower-case letters, digits and "-" between them, at most 63, got ${describe(value)}; ${
      mend === '' ? 'give it such a name' : `did you mean ${show(mend)}?`
    }`,
  );
});

const freeText = text((value) =>
  value.trim() === '' ? new Refusal(`must not be empty, got ${describe(value)}; give it a text`) : value,
);

const domain = text((value) => {
  const bare = value
    .replace(/^[a-z]+:\/\//i, '')
    .replace(/[/:].*$/, '')
    .replace(/^\*?\.+|\.+$/g, '')
    .toLowerCase();
  if (!isDomain(bare))
    return new Refusal(
      `must be a DNS domain such as "dgx-lab.example", got ${describe(value)}; give one of two labels or more`,
    );
  if (bare !== value)
    return new Refusal(`must be a DNS domain and nothing else, got ${describe(value)}; did you mean ${show(bare)}?`);
  if (/(^|\.)cluster\.local$/.test(value)) {
    return new Refusal(
      `must not be the cluster's own, got ${describe(value)}; give the domain that people use, such as "dgx-lab.example"`,
    );
  }
  return value;
});

/** Two labels or more, the last of them no number: or it would be an IP address. */
function isDomain(value: string): boolean {
  const labels = value.split('.');
  return (
    value.length <= 253 &&
    labels.length > 1 &&
    labels.every((l) => LABEL.test(l) && l.length <= 63) &&
    !/^\d+$/.test(labels[labels.length - 1])
  );
}

const subdomain = text((value) => {
  if (value.length <= 253 && value.split('.').every((part) => LABEL.test(part))) return value;
  const mend = slug(value);
  return new Refusal(
    `must be of lower-case letters, digits, "-" and ".", at most 253, got ${describe(value)}; ${
      mend === '' ? 'give it such a name' : `did you mean ${show(mend.slice(0, 253))}?`
    }`,
  );
});

function slug(value: string): string {
  return value
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}

/** What is wrong with a label's key, if anything. */
function wrongKey(key: string): string | undefined {
  const parts = key.split('/');
  const name = parts[parts.length - 1];
  const prefix = parts.length > 1 ? parts[0] : undefined;
  const legal =
    parts.length <= 2 &&
    QUALIFIED.test(name) &&
    name.length <= 63 &&
    (prefix === undefined || prefix.split('.').every((l) => LABEL.test(l)));
  return legal && key.length <= 317
    ? undefined
    : `is no key of a label: it must be like "rack" or "example.com/rack", got ${describe(key)}; rename it`;
}

function wrongValue(value: string): string | undefined {
  if (value === '' || (QUALIFIED.test(value) && value.length <= 63)) return undefined;
  return `must be of letters, digits, "-", "_" and ".", at most 63, got ${describe(value)}; shorten or rewrite it`;
}

const MORE_THREADS = 'give the hardware threads of one core';
const bySockets = object<CpuSockets>('the processors by sockets', {
  sockets: required(integer(1, 16, 'give the processors of one node'), 'give the processors of one node'),
  coresPerSocket: required(integer(1, 1024, 'give the cores of one processor'), 'give the cores of one processor'),
  threadsPerCore: optional(integer(1, 8, MORE_THREADS)),
});
const byCores = object<CpuCores>('the processors by cores', {
  cores: required(integer(1, 16384, 'give the cores of one node'), 'give the cores of one node'),
  threadsPerCore: optional(integer(1, 8, MORE_THREADS)),
});

const cpu: Decoder<CpuProps> = (value, place) => {
  if (typeof value === 'number')
    return place.problem(`must be a mapping, got ${value}; did you mean { cores: ${value} }?`);
  if (!isMapping(value))
    return place.problem(`must be { sockets, coresPerSocket } or { cores }, got ${describe(value)}; write one of them`);
  const keys = ['cores', 'sockets', 'coresPerSocket', 'threadsPerCore'];
  const cores = Object.hasOwn(value, 'cores') && value.cores !== undefined;
  const sockets = ['sockets', 'coresPerSocket'].filter((key) => Object.hasOwn(value, key) && value[key] !== undefined);
  const unknown = Object.keys(value).filter((key) => !keys.includes(key) && value[key] !== undefined);
  if (cores && sockets.length > 0)
    return place.problem(
      `must not have both cores and ${sockets.join(' and ')}; keep cores, or sockets and coresPerSocket`,
    );
  if (cores) return byCores(value, place);
  if (sockets.length > 0) return bySockets(value, place);
  for (const key of unknown) place.at(key).problem(`is not a key of the processors${didYouMean(key, keys)}`);
  return unknown.length > 0
    ? undefined
    : place.problem('has neither cores nor sockets; give { sockets: 2, coresPerSocket: 64 } or { cores: 128 }');
};

/** A number of CPUs, parts included. */
const cpus: Decoder<number> = (value, place) =>
  typeof value === 'number' && value >= 0 && value <= 1024
    ? value
    : place.problem(`must be a number of CPUs, 0 to 1024, got ${describe(value)}; give one such as 0.5`);

const COUNT_GPUS = 'give the GPUs of one node, or leave gpus out';
const gpus = object<GpuProps>('the GPUs of a node', {
  model: required(freeText, 'give it, such as "NVIDIA A100-SXM4-40GB"'),
  count: required(integer(1, 64, COUNT_GPUS), COUNT_GPUS),
  memory: optional(size),
  vendor: optional(oneOf('nvidia', 'amd')),
});

const COUNT_DISKS = 'give the disks of one node, or remove the entry';
const localDisk = object<LocalDiskProps>('a local disk', {
  type: required(oneOf('nvme', 'ssd', 'hdd'), 'give nvme, ssd or hdd'),
  count: required(integer(1, 256, COUNT_DISKS), COUNT_DISKS),
  size: required(size, 'give the size of one disk, such as 3.84TB'),
});

const networkType = oneOf('ethernet', 'infiniband');
const networkPort = object<NetworkPortProps>('a network port', {
  type: required(networkType, 'give ethernet or infiniband'),
  speed: required(speed, 'give the speed of one port, such as 100Gb/s'),
  count: optional(integer(1, 64, 'give the ports of one node, or remove the entry')),
  network: optional(label),
});

const taintObject = object<TaintProps>('a taint', {
  key: required(
    text((key) => {
      const wrong = wrongKey(key);
      return wrong === undefined ? key : new Refusal(wrong);
    }),
    'give it',
  ),
  value: optional(
    text((value) => {
      const wrong = wrongValue(value);
      return wrong === undefined ? value : new Refusal(wrong);
    }),
  ),
  effect: required(
    oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute'),
    'give NoSchedule, PreferNoSchedule or NoExecute',
  ),
});

/** kubectl's own form of a taint is what a hurried person writes. */
const taint: Decoder<TaintProps> = (value, place) => {
  const [, key, taintValue, effect] = (typeof value === 'string' && /^([^=:]+)(?:=([^:]*))?:(\w+)$/.exec(value)) || [];
  if (key === undefined) return taintObject(value, place);
  const keys = [`key: ${key}`, ...(taintValue ? [`value: ${taintValue}`] : []), `effect: ${effect}`];
  return place.problem(`must be a mapping, got ${describe(value)}; did you mean { ${keys.join(', ')} }?`);
};

const arch = oneOf('amd64', 'arm64');
const facts = {
  arch: optional(arch),
  cpu: optional(cpu),
  memory: optional(size),
  gpus: optional(gpus),
  localDisks: optional(list(localDisk)),
  networkPorts: optional(list(networkPort)),
  systemDisk: optional(size),
};

const machine = object<MachineProps>('a machine', {
  name: required(freeText, 'give it, such as "Team server 2024"'),
  like: optional(freeText),
  ...facts,
});

const reserved = object<ReservedProps>('what is reserved', {
  cpu: optional(cpus),
  memory: optional(size),
});
const hugepages = object<HugepagesProps>('the huge pages', { '2Mi': optional(size), '1Gi': optional(size) });

const COUNT_NODES = 'remove the pool or give its number of nodes';
const nodePool = object<NodePoolProps>('a node pool', {
  name: required(label, 'give it, such as "training"'),
  roles: optional(
    list(oneOf('control-plane', 'worker'), { min: 1, mend: 'give control-plane, worker or both, or leave roles out' }),
  ),
  nodes: required(integer(1, 5000, COUNT_NODES), 'give its number of nodes'),
  hardware: optional(freeText),
  ...facts,
  reserved: optional(reserved),
  hugepages: optional(hugepages),
  maxPods: optional(integer(1, 1000, 'give the pods that one node bears')),
  labels: optional(texts((key, value) => wrongKey(key) ?? wrongValue(value))),
  taints: optional(list(taint)),
  segment: optional(label),
});

const asn = integer(1, 4294967294, 'give the number of an autonomous system, such as 64512');
const bgpPeer = object<BgpPeerProps>('a BGP peer', {
  address: required(parsed(Address.parse), 'give the address of the router'),
  asn: required(asn, "give the number of the router's autonomous system"),
});
const bgp = object<BgpProps>('the BGP of a network', {
  myASN: required(asn, "give the number of the nodes' autonomous system, such as 64512"),
  peers: required(list(bgpPeer, { min: 1, mend: 'give a router, or leave bgp out' }), 'give the routers'),
});

const rangeList = list(parsed(AddressRange.parse));
/** One range without the brackets of a list is what a hurried person writes. */
const ranges: Decoder<readonly string[]> = (value, place) => {
  if (typeof value !== 'string') return rangeList(value, place);
  place.problem(`must be a list, got ${describe(value)}; did you mean [${value}]?`);
  return [undefined];
};

const network = object<NetworkProps>('a network', {
  name: required(label, 'give it, such as "services"'),
  cidr: required(parsed(Cidr.parse), 'give its addresses, such as 10.0.0.0/24'),
  type: optional(networkType),
  vlan: optional(integer(1, 4094, 'give the number of a VLAN')),
  loadBalancerRanges: optional(ranges),
  bgp: optional(bgp),
});

const storageClass = object<StorageClassProps>('a storage class', {
  name: required(subdomain, 'give its name in the cluster'),
  tier: required(oneOf('hot', 'warm', 'cold'), 'give hot, warm or cold'),
  media: optional(oneOf('nvme', 'ssd', 'hdd')),
  replicated: optional(flag),
  expandable: optional(flag),
  encrypted: optional(flag),
  default: optional(flag),
});

const siteObject = object<SiteProps>('a site', {
  name: required(label, 'give it, such as "dgx-lab"'),
  domain: required(domain, 'give the DNS domain of the platform, such as "dgx-lab.example"'),
  nodePools: required(list(nodePool, { min: 1, mend: 'give a pool of nodes' }), 'give a pool of nodes'),
  machines: optional(list(machine)),
  networks: optional(list(network)),
  storageClasses: optional(list(storageClass)),
});

/** A site's keys, in typed form or as a YAML file has them. What the hardware gives may be left out. */
export const site: Decoder<SiteProps> = (value, place) => {
  const draft = siteObject(value, place);
  if (draft !== undefined && isMapping(value)) checkHardware(value, draft, place);
  return draft;
};
