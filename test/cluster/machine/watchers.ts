import { readFileSync, writeFileSync } from 'node:fs';
import { type Tell } from './up';

/** How many inotify instances the kernel gives each user. */
const LIMIT = '/proc/sys/fs/inotify/max_user_instances';
const NAME = 'fs.inotify.max_user_instances';

/** With how many three platforms run at a time; a kernel gives 128 unless told otherwise, which is enough for the kubelets, runtimes and pods of two. */
const PLENTY = 512;

/** Whether three platforms can run at a time. @param raise whether the kernel's limit may be raised for that, until the machine is started anew */
export function watchersForThree(raise: boolean, tell: Tell): boolean {
  const limit = Number(readFileSync(LIMIT, 'utf8'));
  if (limit >= PLENTY) return true;
  const command = `sysctl -w ${NAME}=${PLENTY}`;
  if (!raise) {
    tell(`two platforms at a time: ${NAME} is ${limit}; with ${command} it would be three, and minutes less`);
    return false;
  }
  try {
    writeFileSync(LIMIT, String(PLENTY));
  } catch (error) {
    tell(`two platforms at a time: ${NAME} can't be raised from ${limit} (${String(error)})`);
    return false;
  }
  tell(`${command}, which was ${limit}, so that three platforms run at a time`);
  return true;
}
