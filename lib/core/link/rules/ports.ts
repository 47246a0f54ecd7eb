import { mend, type Context, type Report, type Rule } from '../context';
import { arr, field, isObj, obj } from '../json';
import { isBuiltInGroup } from '../kinds';
import { type Bundle } from '../bundle';
import { isMentioned, readersFor, readersOf } from '../ports';
import { type Text } from '../texts';
import { namedPorts, type Container, type Pod } from '../pods';

/**
 * Each port that a probe or a lifecycle hook speaks to is one that its container opens. In strict mode a container also declares the ports that
 * its arguments, variables and configuration files say it listens on.
 */
export const ports: Rule = {
  name: 'port',
  check(context, report) {
    if (context.strict) listening(context, report);
    for (const pod of context.bundle.pods) {
      if (!isBuiltInGroup(pod.entry.group)) continue;
      for (const container of pod.containers) {
        for (const path of HOOKS) {
          let hook: unknown = container.spec;
          for (const key of path) hook = obj(hook)[key];
          if (isObj(hook)) checkHook(pod, container, field(container.path, ...path), hook, context, report);
        }
      }
    }
  },
};

const HOOKS = [
  ['livenessProbe'],
  ['readinessProbe'],
  ['startupProbe'],
  ['lifecycle', 'postStart'],
  ['lifecycle', 'preStop'],
];

function checkHook(
  pod: Pod,
  container: Container,
  at: string,
  hook: object,
  { strict, bundle }: Context,
  report: Report,
): void {
  for (const way of ['httpGet', 'tcpSocket', 'grpc']) {
    const action = obj(hook)[way];
    if (!isObj(action) || action.port === undefined || !isOwn(action.host)) continue;
    const { port } = action;
    const where = `${at}.${way}.port`;
    if (typeof port === 'string' && !/^\d+$/.test(port)) {
      if (namedPorts(container.ports, port).length > 0) continue;
      const names = container.ports.flatMap((p) => p.name ?? []);
      report(
        pod.entry,
        where,
        port,
        `is no port of container ${container.name}${mend(port, names, 'name one of its ports')}`,
      );
    } else if (!container.ports.some((p) => p.number === Number(port))) {
      if (!strict && !isContrary(pod, container, Number(port), bundle)) continue;
      const numbers = [...new Set(arr(container.spec.ports).map((p) => String(obj(p).containerPort)))];
      report(
        pod.entry,
        where,
        port,
        `is no port that container ${container.name} opens${mend(String(port), numbers, 'declare it in its ports')}`,
      );
    }
  }
}

/**
 * True where a container declares ports but not this one, and another probe of it asks for one that it declares. Declaring a port is not what
 * opens it, so outside strict mode a probe of an undeclared port is only wrong where it contradicts the others.
 */
function isContrary(pod: Pod, container: Container, port: number, bundle: Bundle): boolean {
  const asked = PROBES.map((probe) => {
    const { httpGet, tcpSocket } = obj(container.spec[probe]);
    return obj(httpGet ?? tcpSocket).port;
  });
  const declared = asked.filter(
    (p) => p !== undefined && container.ports.some(({ number, name }) => number === p || name === p),
  );
  return declared.length > 0 && !isMentioned(pod, port, bundle);
}

const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'];

/** A probe that names a host speaks to another, or to a loopback address, whose ports a container doesn't declare. */
function isOwn(host: unknown): boolean {
  return host === undefined || host === '';
}

/** A port that a program is told to listen on: a flag, a variable, a line of HAProxy's, nginx's or a controller's configuration. */
function listening({ bundle, texts }: Context, report: Report): void {
  const readers = readersOf(bundle);
  for (const text of texts) {
    for (const port of listensOn(text)) {
      for (const pod of text.pod ? [text.pod] : readersFor(text, readers)) {
        if (pod.ports.some((p) => p.number === port) || !isBuiltInGroup(pod.entry.group)) continue;
        const where = `is listened on, by ${text.kind === 'file' ? `${text.entry.kind} ${text.entry.name}, ` : ''}${text.path()}`;
        const numbers = [...new Set(pod.ports.map((p) => String(p.number)))];
        report(
          pod.entry,
          `${pod.path}.containers`,
          port,
          `${where}, but no container declares it${mend(String(port), numbers, 'add it to ports')}`,
        );
      }
    }
  }
}

const PORT_FLAG = /^((listen|bind|http|https|secure|metrics|health|healthz|healthcheck|grpc|webhook|console)-?)?port$/i;
const PORT_VARIABLE = /(^|_)(BIND|LISTEN)_PORT$/;
const ADDRESS = /(^|[-_])(address|addr|bind|listen)$/i;
const ANY_ADDRESS = /^(0\.0\.0\.0|\*|\[::\])?:(\d+)$/;
/** As controllers' configuration has it, in YAML or JSON: `healthProbeBindAddress: :8081`. */
const BIND_ADDRESS = /\b\w*bindAddress"?:[ \t]*["']?(?:0\.0\.0\.0|\*|\[::\])?:(\d{2,5})\b/gi;
const BIND_LINE = /^[ \t]*(?:bind|listen)[ \t]+(?:(?:0\.0\.0\.0|\*|\[::\])?:)?(\d{2,5})\b/gm;

function listensOn({ kind, name, value, pod, entry }: Text): number[] {
  if (kind === 'file') {
    if (entry.type !== 'ConfigMap' || !/bind|listen/i.test(value)) return [];
    const found = [BIND_LINE, BIND_ADDRESS].flatMap((form) => [...value.matchAll(form)]);
    return [...new Set(found.map(([, port]) => Number(port)))];
  }
  if (!pod || name === '') return [];
  const given = kind === 'arg' && value.startsWith('-') ? value.slice(value.indexOf('=') + 1) : value;
  if (/^\d+$/.test(given))
    return (kind === 'arg' ? PORT_FLAG : PORT_VARIABLE).test(name) && given !== '0' ? [Number(given)] : [];
  const port = ADDRESS.test(name) ? ANY_ADDRESS.exec(given)?.[2] : undefined;
  return port === undefined || port === '0' ? [] : [Number(port)];
}
