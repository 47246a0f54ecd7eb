import { checkInteger, fail, show } from '../../core';
import { type NodePool } from '../../site';
import { ADAPTERS } from './hardware';

/** How the ports of a network are divided into virtual functions (`mode: 'sriov'`). */
export interface VirtualFunctionProps {
  /**
   * Virtual functions of each port, 1 to 128: so many pods use it at a time. More than one only where a node has a single port on the network, since a pod that asks
   * for several functions may be given two of one port; where each port is a network of its own, all have one.
   * @default 1
   */
  readonly functions?: number;
  /**
   * The ports by their PCI addresses, as `lspci -D` prints them, where nodes call their interfaces differently: `['0000:18:00.0']`. In place of `interfaces`.
   * @default - the ports are told by `interfaces`
   */
  readonly rootDevices?: readonly string[];
  /** PCI device of the adapters, 4 hexadecimal digits: `1021` for ConnectX-7. Another adapter under the same name is left alone. @default - any that the operator knows */
  readonly deviceId?: string;
}

/** How the ports of a network are divided. */
export interface VirtualFunctions {
  readonly perPort: number;
  readonly rootDevices?: readonly string[];
  readonly deviceId?: string;
}

/** @see https://github.com/Mellanox/sriov-network-operator/blob/network-operator-26.4.x/pkg/webhook/validate.go (MlxMaxVFs) */
const MAX_FUNCTIONS = 128;
const PCI_ADDRESS = /^[0-9a-f]{4}:[0-9a-f]{2}:[0-1][0-9a-f]\.[0-7]$/;

/**
 * @param at the network's own props, for errors: `networks.roce`
 * @param interfaces those that are given, or that the model has
 * @throws where the ports aren't told, or a pod might not get one function of each
 */
export function virtualFunctions(
  path: string,
  at: string,
  pools: ReadonlyMap<NodePool, number>,
  props: VirtualFunctionProps & { readonly devices?: readonly string[] },
  interfaces: readonly string[] | undefined,
): VirtualFunctions {
  const { functions = 1, rootDevices, deviceId, devices } = props;
  checkInteger(path, `${at}.functions`, functions, 1, MAX_FUNCTIONS, 'give the virtual functions of each port');
  if (devices) {
    fail(path, `${at}.devices are the nodes' own, and virtual functions have others; leave it out`);
  }
  if (interfaces && rootDevices) {
    fail(path, `${at} tells its ports by interfaces and by rootDevices; leave one of the two out`);
  }
  if (!interfaces && !rootDevices) {
    fail(path, `${at}.interfaces must be given with sriov, which divides no port that isn't named; name its ports`);
  }
  const wrong = rootDevices?.find((address, i) => !PCI_ADDRESS.test(address) || rootDevices.indexOf(address) !== i);
  if (wrong !== undefined) {
    fail(
      path,
      `${at}.rootDevices must be PCI addresses, each once, got ${show(wrong)}; write it as "0000:18:00.0", as lspci -D prints it`,
    );
  }
  for (const [pool, count] of pools) {
    if (rootDevices && rootDevices.length !== count) {
      fail(
        path,
        `${at}.rootDevices must name the ${count} ports that a node of pool ${pool.name} has on the network, got ${rootDevices.length}; name each, or correct the site`,
      );
    }
  }
  if (deviceId !== undefined && !ADAPTERS.some(({ device }) => device === deviceId)) {
    const known = ADAPTERS.map(({ name, device }) => `${device} (${name})`).join(', ');
    fail(path, `${at}.deviceId must be of an adapter that can be divided, got ${show(deviceId)}; there is ${known}`);
  }
  const ports = Math.max(...pools.values());
  if (functions > 1 && ports > 1) {
    fail(
      path,
      `${at}.functions must be 1 where a node has ${ports} ports on the network, got ${functions}: a pod might be given two functions of one port and none of another; ` +
        'make each port a network of the site',
    );
  }
  return { perPort: functions, rootDevices, deviceId };
}

/** Without `sriov`, nothing of it may be said. */
export function checkUndivided(path: string, at: string, mode: string, props: VirtualFunctionProps): void {
  const { functions, rootDevices, deviceId } = props;
  for (const [what, value] of Object.entries({ functions, rootDevices, deviceId })) {
    if (value === undefined) continue;
    fail(
      path,
      `${at}.${what} is for ports with virtual functions, but the mode is ${mode}; say sriov, or leave it out`,
    );
  }
}
