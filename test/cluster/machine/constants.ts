import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { BERTH, RUN } from '../paths';

/** Name of all that a cluster leaves outside of its folder: cgroups, and a mark in the environment of its programs. */
export const GROUP = `onprem-bench-${createHash('sha256').update(BERTH).digest('hex').slice(0, 8)}`;

/** The variable that marks the programs of the bench, within its namespaces and outside. */
export const MARK = 'ONPREM_BENCH';

export const CLIENT_ADDRESS = '10.77.0.254';
/** The registry's that images are mirrored in. */
export const MIRROR_ADDRESS = '10.77.0.253';
export const CONTROL_PLANE_ADDRESS = '10.77.0.100';
/** Where the scheduler tells its metrics, at the same address. */
export const SCHEDULER_PORT = 10259;
export const NODE_NETWORK = '10.77.0.0/16';
export const POD_NETWORK = '10.244.0.0/16';
export const SERVICE_NETWORK = '10.96.0.0/16';
export const CLUSTER_DNS = '10.96.0.10';
export const CLUSTER_DOMAIN = 'cluster.local';

/** The place of the API server and what belongs to it; nodes are places too, by their names. */
export const CONTROL_PLANE = 'control-plane';

export const PKI = join(RUN, 'pki');
export const LOGS = join(RUN, 'log');
export const RESOLV_CONF = join(RUN, 'resolv.conf');

/** Where the programs of the bench look for others. */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Environment of the bench's own programs in Go. They have memory to spare, and processors are what the suites wait for: kubectl alone, which
 * starts thousands of times, takes a fifth less of them.
 */
export const LESS_COLLECTION = { GOGC: '300' } as const;
