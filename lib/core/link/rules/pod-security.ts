import { type Report, type Rule } from '../context';
import { arr, field, isObj, obj, str, type Obj } from '../json';
import { isBuiltInGroup } from '../kinds';
import { type Container, type Pod } from '../pods';

const ENFORCE = 'pod-security.kubernetes.io/enforce';

/**
 * Pods are admitted at the Pod Security level that their namespace enforces; others are never made, though their workload is accepted.
 * @see https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export const podSecurity: Rule = {
  name: 'pod-security',
  check({ bundle }, report) {
    for (const pod of bundle.pods) {
      if (!isBuiltInGroup(pod.entry.group) && !WHOLE.has(pod.entry.type)) continue;
      const level = bundle.namespaceEntry(pod.namespace)?.labels[ENFORCE];
      if (level !== 'baseline' && level !== 'restricted') continue;
      const tell = (at: string, value: unknown, message: string): void =>
        report(pod.entry, at, value, `${message}, which namespace ${pod.namespace} refuses (${ENFORCE}: ${level})`);
      baseline(pod, tell);
      if (level === 'restricted') restricted(pod, tell);
    }
  },
};

/** Custom kinds whose pods are what their template says. Others' controllers add what is missing there. */
const WHOLE = new Set(['JobSet.jobset.x-k8s.io', 'TrainingRuntime.trainer.kubeflow.org']);

type Tell = (at: string, value: unknown, message: string) => ReturnType<Report>;

const CAPABILITIES = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  ),
);
const SELINUX_TYPES = new Set([
  undefined,
  '',
  'container_t',
  'container_init_t',
  'container_kvm_t',
  'container_engine_t',
]);
const SYSCTLS = new Set(
  (
    'kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.ip_unprivileged_port_start net.ipv4.tcp_syncookies ' +
    'net.ipv4.ping_group_range net.ipv4.ip_local_reserved_ports net.ipv4.tcp_keepalive_time net.ipv4.tcp_fin_timeout ' +
    'net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes net.ipv4.tcp_rmem net.ipv4.tcp_wmem'
  ).split(' '),
);

function baseline(pod: Pod, tell: Tell): void {
  const { spec, path } = pod;
  for (const key of ['hostNetwork', 'hostPID', 'hostIPC']) {
    if (spec[key] === true) tell(field(path, key), true, "shares the node's own");
  }
  arr(spec.volumes).forEach((item, i) => {
    if (isObj(obj(item).hostPath))
      tell(`${path}.volumes[${i}].hostPath`, obj(obj(item).hostPath).path, 'mounts a path of the node');
  });
  const podContext = obj(spec.securityContext);
  arr(podContext.sysctls).forEach((item, i) => {
    const name = str(obj(item).name) ?? '';
    if (!SYSCTLS.has(name)) tell(`${path}.securityContext.sysctls[${i}].name`, name, 'is an unsafe sysctl');
  });
  shared(`${path}.securityContext`, podContext, tell);
  for (const container of pod.containers) {
    const context = obj(container.spec.securityContext);
    const at = `${container.path}.securityContext`;
    shared(at, context, tell);
    if (context.privileged === true) tell(`${at}.privileged`, true, 'is privileged');
    arr(obj(context.capabilities).add).forEach((capability, i) => {
      if (!CAPABILITIES.has(String(capability))) tell(`${at}.capabilities.add[${i}]`, capability, 'is a capability');
    });
    if (context.procMount !== undefined && context.procMount !== 'Default')
      tell(`${at}.procMount`, context.procMount, 'unmasks /proc');
    arr(container.spec.ports).forEach((port, i) => {
      const { hostPort } = obj(port);
      if (typeof hostPort === 'number' && hostPort > 0 && spec.hostNetwork !== true) {
        tell(`${container.path}.ports[${i}].hostPort`, hostPort, 'is a port of the node');
      }
    });
  }
}

/** What a pod's and a container's security context have in common. */
function shared(at: string, context: Obj, tell: Tell): void {
  if (obj(context.seccompProfile).type === 'Unconfined')
    tell(`${at}.seccompProfile.type`, 'Unconfined', 'filters no system calls');
  if (obj(context.appArmorProfile).type === 'Unconfined')
    tell(`${at}.appArmorProfile.type`, 'Unconfined', 'is unconfined');
  const { type, user, role } = obj(context.seLinuxOptions);
  if (!SELINUX_TYPES.has(str(type)) || str(user) !== undefined || str(role) !== undefined) {
    tell(`${at}.seLinuxOptions`, type ?? user ?? role, 'is an SELinux context of its own');
  }
}

const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
  'image',
];

function restricted(pod: Pod, tell: Tell): void {
  arr(pod.spec.volumes).forEach((item, i) => {
    const kind = Object.keys(obj(item)).find((key) => key !== 'name' && isObj(obj(item)[key]));
    if (kind !== undefined && kind !== 'hostPath' && !VOLUMES.includes(kind))
      tell(`${pod.path}.volumes[${i}]`, kind, 'is a kind of volume');
  });
  const podContext = obj(pod.spec.securityContext);
  for (const container of pod.containers) hardened(container, podContext, tell);
}

function hardened(container: Container, podContext: Obj, tell: Tell): void {
  const context = obj(container.spec.securityContext);
  const at = `${container.path}.securityContext`;
  if (context.allowPrivilegeEscalation !== false) {
    tell(`${at}.allowPrivilegeEscalation`, context.allowPrivilegeEscalation ?? '', 'is not false');
  }
  if ((context.runAsNonRoot ?? podContext.runAsNonRoot) !== true)
    tell(`${at}.runAsNonRoot`, context.runAsNonRoot ?? '', 'is not true');
  if ((context.runAsUser ?? podContext.runAsUser) === 0) tell(`${at}.runAsUser`, 0, 'is root');
  const profile = obj(context.seccompProfile ?? podContext.seccompProfile).type;
  if (profile !== 'RuntimeDefault' && profile !== 'Localhost' && profile !== 'Unconfined') {
    tell(`${at}.seccompProfile.type`, profile ?? '', 'is neither RuntimeDefault nor Localhost');
  }
  const { drop, add } = obj(context.capabilities);
  if (!arr(drop).includes('ALL')) tell(`${at}.capabilities.drop`, arr(drop).join(', '), "doesn't drop ALL");
  arr(add).forEach((capability, i) => {
    if (CAPABILITIES.has(String(capability)) && capability !== 'NET_BIND_SERVICE')
      tell(`${at}.capabilities.add[${i}]`, capability, 'is a capability');
  });
}
