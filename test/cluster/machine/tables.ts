import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { RUN } from '../paths';
import { attempt } from '../shell';
import { SYSTEM_PATH } from './constants';

const FOLDER = join(RUN, 'tables');
const LEGACY = '/usr/sbin/xtables-legacy-multi';
const TRIAL = [LEGACY, 'iptables', '-A', 'INPUT', '-m', 'comment', '--comment', 'trial', '-j', 'ACCEPT'];
let path: Promise<string> | undefined;

/**
 * Where what enforces NetworkPolicies finds iptables. It writes all rules anew whenever a pod comes or goes, on each node; the one that speaks to the
 * kernel's own iptables, not by way of nftables, takes less than half of the processor time for it, where there is one and the kernel has that too.
 */
export async function pathWithTables(): Promise<string> {
  return (path ??= find());
}

async function find(): Promise<string> {
  const works = await attempt(['unshare', '--net', ...TRIAL]).then(
    ({ code }) => code === 0,
    () => false,
  );
  if (!works) return SYSTEM_PATH;
  mkdirSync(FOLDER);
  for (const family of ['iptables', 'ip6tables']) {
    for (const end of ['', '-save', '-restore']) symlinkSync(LEGACY, join(FOLDER, `${family}${end}`));
  }
  return `${FOLDER}:${SYSTEM_PATH}`;
}
