import { type Duration } from 'cdk8s';
import { checkChoice, fail, show } from '../../core';

/** What workers look at. @see https://kubernetes-sigs.github.io/node-feature-discovery/v0.19/reference/worker-configuration-reference#corefeaturesources */
const SOURCES = [
  'all',
  'cpu',
  'custom',
  'kernel',
  'local',
  'memory',
  'network',
  'pci',
  'storage',
  'system',
  'usb',
] as const;
const PCI_FIELDS = ['class', 'vendor', 'device', 'subsystem_vendor', 'subsystem_device'] as const;
const USB_FIELDS = ['class', 'vendor', 'device', 'serial'] as const;

/** Which PCI devices become labels. */
export interface PciSourceProps {
  /** Classes, 2 or 4 hexadecimal digits. @default - network (02), display (03), co-processors (0b40) and accelerators (12) */
  readonly deviceClasses?: readonly string[];
  /** What of a device makes up the label. The operators of GPUs and networks look for the vendor alone. @default ['vendor'] */
  readonly labelFields?: readonly (typeof PCI_FIELDS)[number][];
}

/** Which USB devices become labels. */
export interface UsbSourceProps {
  /** Classes, 2 hexadecimal digits. @default - upstream's: 0e, ef, fe, ff */
  readonly deviceClasses?: readonly string[];
  /** @default - upstream's: class, vendor, device */
  readonly labelFields?: readonly (typeof USB_FIELDS)[number][];
}

/**
 * What the workers look at, and how often. A change restarts them, a tenth of the nodes at a time; the labels stay meanwhile.
 *
 * @see https://kubernetes-sigs.github.io/node-feature-discovery/v0.19/reference/worker-configuration-reference
 */
export interface WorkerConfigProps {
  /** Between two looks; at least a second. @default 60 seconds */
  readonly interval?: Duration;
  /** Regular expression that a label's name, without its prefix, must match. @default - all are published */
  readonly labelWhiteList?: string;
  /** What is looked at, for labels and rules. `-name` leaves one out. @default ['all'] */
  readonly featureSources?: readonly string[];
  /** What becomes labels by itself; rules see the rest. @default ['all'] */
  readonly labelSources?: readonly string[];
  readonly pci?: PciSourceProps;
  readonly usb?: UsbSourceProps;
  /** CPU flags that don't become labels. @default - upstream's list */
  readonly cpuFlagsLeftOut?: readonly string[];
  /** The kernel's build options that become labels, such as `NO_HZ`. @default - upstream's: NO_HZ, NO_HZ_IDLE, NO_HZ_FULL, PREEMPT */
  readonly kernelOptions?: readonly string[];
}

/** The workers' file, checked. JSON is YAML. */
export function workerConfig(path: string, props: WorkerConfigProps): string {
  const { interval, labelWhiteList, featureSources, labelSources, pci, usb, cpuFlagsLeftOut, kernelOptions } = props;
  const seconds = interval?.toSeconds({ integral: false }) ?? 60;
  if (!(seconds >= 1)) {
    fail(
      path,
      `worker.interval must be at least a second, got ${seconds} s; the workers look at all of sysfs each time`,
    );
  }
  if (labelWhiteList !== undefined) checkExpression(path, labelWhiteList);
  for (const [what, sources] of Object.entries({ featureSources, labelSources })) {
    for (const source of sources ?? []) checkChoice(path, `worker.${what}`, source.replace(/^-/, ''), SOURCES);
  }
  const deviceClassWhitelist = pci?.deviceClasses ?? ['02', '03', '0b40', '12'];
  const deviceLabelFields = pci?.labelFields ?? ['vendor'];
  checkClasses(path, 'worker.pci', deviceClassWhitelist, /^[0-9a-f]{2}([0-9a-f]{2})?$/);
  checkClasses(path, 'worker.usb', usb?.deviceClasses ?? [], /^[0-9a-f]{2}$/);
  for (const field of deviceLabelFields) checkChoice(path, 'worker.pci.labelFields', field, PCI_FIELDS);
  for (const field of usb?.labelFields ?? []) checkChoice(path, 'worker.usb.labelFields', field, USB_FIELDS);
  const config = {
    core: {
      sleepInterval: `${seconds}s`,
      ...(labelWhiteList !== undefined && { labelWhiteList }),
      ...(featureSources && { featureSources }),
      ...(labelSources && { labelSources }),
    },
    sources: {
      pci: { deviceClassWhitelist, deviceLabelFields },
      ...(usb && {
        usb: {
          ...(usb.deviceClasses && { deviceClassWhitelist: usb.deviceClasses }),
          ...(usb.labelFields && { deviceLabelFields: usb.labelFields }),
        },
      }),
      ...(cpuFlagsLeftOut && { cpu: { cpuid: { attributeBlacklist: cpuFlagsLeftOut } } }),
      ...(kernelOptions && { kernel: { configOpts: kernelOptions } }),
    },
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

function checkClasses(path: string, what: string, classes: readonly string[], pattern: RegExp): void {
  const wrong = classes.find((each) => !pattern.test(each));
  if (wrong !== undefined) {
    fail(
      path,
      `${what}.deviceClasses must be hexadecimal digits in lower case, got ${show(wrong)}; write it as "0${what.endsWith('pci') ? '302' : 'e'}"`,
    );
  }
}

function checkExpression(path: string, expression: string): void {
  try {
    new RegExp(expression);
  } catch {
    fail(path, `worker.labelWhiteList must be a regular expression, got ${show(expression)}; write it as "^pci-"`);
  }
}
