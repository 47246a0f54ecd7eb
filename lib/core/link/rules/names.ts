import { type Entry } from '../entry';
import { type Context, type Report, type Rule } from '../context';
import { arr, field, isObj, obj, str, type Obj } from '../json';
import { isBuiltInGroup } from '../kinds';
import { type Pod } from '../pods';

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const DATA_KEY = /^[-._a-zA-Z0-9]{1,253}$/;
const PORT_NAME = /^(?=.{1,15}$)(?=.*[a-z])(?!.*--)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
const ENV_NAME = /^[ -<>-~]+$/;

/**
 * Kinds whose names are DNS labels, with the longest that leaves room for what the cluster appends.
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
 */
const LABEL_NAMES: Readonly<Record<string, number>> = {
  Namespace: 63,
  Service: 63,
  // A revision's hash is appended for a label of its pods.
  'StatefulSet.apps': 52,
  // The schedule's minute is appended for its Jobs' names.
  'CronJob.batch': 52,
  'Job.batch': 63,
  'DaemonSet.apps': 63,
};

const ANY_NAME = /^(Role|ClusterRole|RoleBinding|ClusterRoleBinding)\.rbac/;

/** Names, labels and keys are what the API server takes, and as long as what is made of them allows. */
export const names: Rule = {
  name: 'name',
  check(context, report) {
    for (const entry of context.bundle.entries) {
      objectName(entry, report);
      metadata(entry, 'metadata', obj(entry.object.metadata), report);
      if (entry.type === 'ConfigMap' || entry.type === 'Secret') data(entry, report);
      if (entry.type === 'Service') servicePorts(entry, report);
    }
    for (const pod of context.bundle.pods) if (isBuiltInGroup(pod.entry.group)) podNames(pod, context, report);
  },
};

function objectName(entry: Entry, report: Report): void {
  const { name, type, object } = entry;
  if (name === '') {
    if (str(object.metadata?.generateName) === undefined)
      report(entry, 'metadata.name', '', `is missing; name the ${entry.kind}`);
    return;
  }
  const max = LABEL_NAMES[type];
  if (max !== undefined) {
    const pattern = type === 'Namespace' || type === 'Service' ? LABEL : SUBDOMAIN;
    if (!pattern.test(name))
      report(entry, 'metadata.name', name, 'must be of lower-case letters, digits and "-" between them; rename it');
    else if (name.length > max)
      report(
        entry,
        'metadata.name',
        name,
        `has ${name.length} characters, and a ${entry.kind} may have ${max}; shorten it`,
      );
  } else if (ANY_NAME.test(type)) {
    if (/[/%]/.test(name) || name === '.' || name === '..')
      report(entry, 'metadata.name', name, 'must hold no "/" or "%"; rename it');
  } else if (!SUBDOMAIN.test(name) || name.length > 253) {
    report(entry, 'metadata.name', name, 'must be of at most 253 lower-case letters, digits, "-" and "."; rename it');
  }
}

function metadata(entry: Entry, at: string, { labels, annotations }: Obj, report: Report): void {
  checkLabels(entry, field(at, 'labels'), labels, report);
  if (!isObj(annotations)) return;
  let size = 0;
  for (const key in annotations) {
    const value = annotations[key];
    if (!isKey(key))
      report(
        entry,
        field(at, 'annotations', key),
        key,
        'is no annotation key: "[domain/]name", the name of at most 63 letters, digits, "-", "_", "."; correct it',
      );
    if (typeof value !== 'string') report(entry, field(at, 'annotations', key), value, 'must be a string; quote it');
    else size += key.length + value.length;
  }
  if (size > 262144)
    report(
      entry,
      field(at, 'annotations'),
      size,
      'are bytes in annotations, and 262144 are allowed; move them elsewhere',
    );
}

function checkLabels(entry: Entry, at: string, labels: unknown, report: Report): void {
  if (!isObj(labels)) return;
  for (const key in labels) {
    const value = labels[key];
    if (!isKey(key))
      report(
        entry,
        field(at, key),
        key,
        'is no label key: "[domain/]name", the name of at most 63 letters, digits, "-", "_", "."; correct it',
      );
    if (typeof value !== 'string') report(entry, field(at, key), value, 'must be a string; quote it');
    else if (!VALUE.test(value))
      report(entry, field(at, key), value, 'is no label value: at most 63 letters, digits, "-", "_", "."; correct it');
  }
}

function isKey(key: string): boolean {
  const slash = key.indexOf('/');
  if (slash < 0) return QUALIFIED.test(key);
  return QUALIFIED.test(key.slice(slash + 1)) && slash <= 253 && /^[A-Za-z0-9.-]+$/.test(key.slice(0, slash));
}

function data(entry: Entry, report: Report): void {
  let size = 0;
  for (const part of ['data', 'stringData', 'binaryData']) {
    const values = obj(entry.object[part]);
    for (const key in values) {
      const value = values[key];
      if (!DATA_KEY.test(key))
        report(entry, field(part, key), key, 'is no key: letters, digits, "-", "_" and "."; rename it');
      if (typeof value === 'string') size += value.length;
      else if (value !== null) report(entry, field(part, key), value, 'must be a string; quote it');
    }
  }
  if (size > 1048576) report(entry, 'data', size, `are bytes, and a ${entry.kind} holds 1048576; split it`);
}

function servicePorts(entry: Entry, report: Report): void {
  const ports = arr(entry.spec.ports);
  ports.forEach((item, i) => {
    const { name, port } = obj(item);
    const text = str(name);
    if (text === undefined && ports.length > 1)
      report(entry, `spec.ports[${i}].name`, '', 'is missing; name each of several ports');
    if (text !== undefined && (!LABEL.test(text) || text.length > 63))
      report(entry, `spec.ports[${i}].name`, text, 'must be of lower-case letters, digits and "-"; rename it');
    if (!isPort(port)) report(entry, `spec.ports[${i}].port`, port, 'must be a port from 1 to 65535; choose one');
  });
}

function isPort(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65535;
}

function podNames(pod: Pod, { strict }: Context, report: Report): void {
  const { entry } = pod;
  const { selector } = entry.spec;
  if (pod.metadataPath !== 'metadata') {
    checkLabels(entry, field(pod.metadataPath, 'labels'), obj(pod.labels), report);
  }
  if (isObj(selector)) checkLabels(entry, 'spec.selector.matchLabels', selector.matchLabels, report);
  arr(pod.spec.volumes).forEach((item, i) => label(entry, `${pod.path}.volumes[${i}].name`, obj(item).name, report));
  for (const container of pod.containers) {
    label(entry, `${container.path}.name`, container.spec.name, report);
    arr(container.spec.ports).forEach((item, i) => {
      const { name, containerPort } = obj(item);
      const at = `${container.path}.ports[${i}]`;
      if (name !== undefined && !PORT_NAME.test(String(name)))
        report(
          entry,
          `${at}.name`,
          name,
          'must be of at most 15 lower-case letters, digits and single "-", with a letter; rename it',
        );
      if (!isPort(containerPort))
        report(entry, `${at}.containerPort`, containerPort, 'must be a port from 1 to 65535; choose one');
    });
    arr(container.spec.env).forEach((item, i) => {
      const { name, value } = obj(item);
      const at = `${container.path}.env[${i}]`;
      if (typeof name !== 'string' || !ENV_NAME.test(name))
        report(entry, `${at}.name`, name, 'is no name of a variable; rename it');
      if (value !== undefined && value !== null && typeof value !== 'string')
        report(entry, `${at}.value`, value, 'must be a string; quote it');
    });
    if (strict && str(container.spec.image) === undefined)
      report(entry, `${container.path}.image`, '', 'is missing; name one');
  }
}

function label(entry: Entry, at: string, value: unknown, report: Report): void {
  if (typeof value !== 'string' || !LABEL.test(value) || value.length > 63) {
    report(entry, at, value, 'must be of at most 63 lower-case letters, digits and "-" between them; rename it');
  }
}
