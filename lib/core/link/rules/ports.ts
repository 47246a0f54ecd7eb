import { mend, type Context, type Report, type Rule } from '../context';
import { arr, field, isObj, obj } from '../json';
import { isBuiltInGroup } from '../kinds';
import { namedPorts, type Container, type Pod } from '../pods';

/** Each port that a probe or a lifecycle hook speaks to is one that its container opens. */
export const ports: Rule = {
  name: 'port',
  check(context, report) {
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

const HOOKS = [['livenessProbe'], ['readinessProbe'], ['startupProbe'], ['lifecycle', 'postStart'], ['lifecycle', 'preStop']];

function checkHook(pod: Pod, container: Container, at: string, hook: object, { strict }: Context, report: Report): void {
  for (const way of ['httpGet', 'tcpSocket', 'grpc']) {
    const action = obj(hook)[way];
    if (!isObj(action) || action.port === undefined || action.host !== undefined) continue;
    const { port } = action;
    const where = `${at}.${way}.port`;
    if (typeof port === 'string' && !/^\d+$/.test(port)) {
      if (namedPorts(container.ports, port).length > 0) continue;
      const names = container.ports.flatMap((p) => p.name ?? []);
      report(pod.entry, where, port, `is no port of container ${container.name}${mend(port, names, 'name one of its ports')}`);
    } else if (strict && !pod.ports.some((p) => p.number === Number(port))) {
      const numbers = [...new Set(arr(container.spec.ports).map((p) => String(obj(p).containerPort)))];
      report(pod.entry, where, port, `is no port that container ${container.name} opens${mend(String(port), numbers, 'declare it in its ports')}`);
    }
  }
}
