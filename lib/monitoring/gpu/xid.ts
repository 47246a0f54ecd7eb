/** What an Xid asks for: `reset` the GPU, `reboot` the node, `watch` the hardware, or look at the `application`. */
export type XidAction = 'reset' | 'reboot' | 'watch' | 'application';

export interface Xid {
  readonly xid: number;
  readonly meaning: string;
  readonly action: XidAction;
  /** What to do, as a sentence. */
  readonly todo: string;
}

const DRAIN_RESET = 'Drain the node and reset the GPU; have it serviced if it comes back.';
const APPLICATION = 'Restart the job; if it comes back, look for the fault in the program and its CUDA.';
const NVLINK =
  'Drain the node and look at the other NVLink errors of the log: reset the GPU, then have the link serviced.';

const xid =
  (action: XidAction) =>
  (number: number, meaning: string, todo: string): Xid => ({ xid: number, meaning, action, todo });
const reset = xid('reset');
const reboot = xid('reboot');
const watch = xid('watch');
const application = xid('application');

/**
 * The Xid errors that say what to do. Actions follow the immediate resolution of NVIDIA's catalog, but for 43, of which it says that nothing
 * has to be done: the program that it stopped is looked at.
 *
 * Left out of the catalog's are exceptions of single engines (restart the job), those that ask for nothing or have no action yet, what is
 * unused or of confidential computing, and 54, a power cable that is missing. Where one comes, an alert says to look it up.
 *
 * @see https://docs.nvidia.com/deploy/xid-errors/analyzing-xid-catalog.html
 */
export const XIDS: readonly Xid[] = [
  application(8, 'the GPU stopped processing a channel', APPLICATION),
  application(13, 'graphics engine exception: often an access out of bounds', APPLICATION),
  application(31, 'page fault in GPU memory: an illegal address', APPLICATION),
  application(32, 'corrupted push buffer', APPLICATION),
  application(43, 'a channel was stopped after a fault of the program', APPLICATION),
  application(
    45,
    'channels cleaned up: the program was ended, or another Xid came before',
    'Look at the Xid before it; alone, it is a program that was ended.',
  ),
  reset(46, 'the GPU stopped processing and timed out', DRAIN_RESET),
  reset(
    48,
    'double-bit ECC error',
    'Drain the node and reset the GPU, which replaces the memory row; have it serviced if replacing fails.',
  ),
  reset(62, "the GPU's micro-controller halted", DRAIN_RESET),
  watch(
    63,
    'a memory row or page is marked to be replaced',
    'Reset the GPU when no job runs: then the row is replaced.',
  ),
  reset(
    64,
    'a memory row or page could not be marked for replacement',
    'Drain the node and reset the GPU; have it serviced if it comes back.',
  ),
  application(68, 'video decoder exception', APPLICATION),
  application(69, 'graphics engine class error', APPLICATION),
  reset(74, 'NVLink error', NVLINK),
  reboot(
    79,
    'the GPU has fallen off the bus',
    'Drain the node and power it off and on; look at seating, power and PCIe, and have the GPU serviced if it comes back.',
  ),
  application(80, 'corrupted data sent to the GPU', APPLICATION),
  watch(
    92,
    'many single-bit ECC errors',
    'Nothing at once; have the GPU serviced if rows are replaced again and again.',
  ),
  watch(93, 'the InfoROM was written more often than provided for', 'Nothing at once; tell NVIDIA support.'),
  application(
    94,
    'memory error, contained: only the program that hit it is ended',
    'Restart the job; reset the GPU when no job runs.',
  ),
  reset(95, 'memory error, not contained: all programs on the GPU may be wrong', DRAIN_RESET),
  reset(109, 'context switch timed out', DRAIN_RESET),
  reset(110, 'security fault', DRAIN_RESET),
  reset(
    119,
    'the GPU system processor did not answer',
    'Drain the node and reset the GPU, or reboot if that fails; look for a newer driver.',
  ),
  reset(
    120,
    'error of the GPU system processor',
    'Drain the node and reset the GPU, or reboot if that fails; look for a newer driver.',
  ),
  watch(
    121,
    'error on the link between CPU and GPU that was corrected',
    'Nothing at once; have it serviced if it goes on.',
  ),
  reset(136, 'an NVLink could not be trained', NVLINK),
  watch(
    137,
    'NVLink access that was not allowed: another GPU of the job failed, or the program is wrong',
    'Look at the Xids of the other GPUs of the job.',
  ),
  reset(140, 'ECC error that was not recovered from', DRAIN_RESET),
  reset(143, 'the GPU could not be initialized', DRAIN_RESET),
  reset(144, 'NVLink 5 error (SAW)', NVLINK),
  reset(145, 'NVLink 5 error (RLW)', NVLINK),
  reset(146, 'NVLink 5 error (TLW)', NVLINK),
  reset(149, 'NVLink 5 error (NETIR)', NVLINK),
  reset(150, 'NVLink 5 error (MSE)', NVLINK),
  watch(
    154,
    'the driver says what the GPU needs to recover',
    'Read the action in the log of the kernel, and follow the Xid before it.',
  ),
  reset(155, 'NVLink error that software defines', NVLINK),
  reset(156, 'a part of the GPU is retired', 'Drain the node and reset the GPU, which puts a spare in its place.'),
  watch(157, 'a part of the GPU could not be retired', 'Nothing at once; have it serviced.'),
  reset(158, 'fatal timeout of the GPU', DRAIN_RESET),
  watch(
    160,
    'a memory channel is retired',
    'Nothing at once; the GPU has less memory and bandwidth. Tell NVIDIA support.',
  ),
  watch(161, 'a memory channel could not be retired', 'Nothing at once; tell NVIDIA support.'),
];

/** The Xids that ask for one of these, as a regular expression: `46|48|62`. */
export function xidPattern(...actions: readonly XidAction[]): string {
  return XIDS.filter(({ action }) => actions.includes(action))
    .map((each) => each.xid)
    .join('|');
}

/** What the Xids mean and ask for, as a template on the label `xid`: the sentence of the one that the alert is about. */
export function xidTemplate(...actions: readonly XidAction[]): string {
  const choices = XIDS.filter(({ action }) => actions.includes(action)).map(
    ({ xid: number, meaning, todo }, i) =>
      `{{ ${i === 0 ? '' : 'else '}if eq $labels.xid "${number}" }}${sentence(meaning)} ${todo}`,
  );
  return `${choices.join('')}{{ end }}`;
}

function sentence(text: string): string {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}
