import { type Site } from '../../../lib';
import * as k8s from '../../../lib/core/k8s';
import { CLIENT_ADDRESS, CLUSTER_DNS, CLUSTER_DOMAIN } from './constants';
import { programVersion } from '../programs/programs';
import { until } from '../shell';
import { kubectl } from './kubectl';

const COREDNS_IMAGE = `registry.k8s.io/coredns/coredns:v${programVersion('coredns')}`;
const PROVISIONER_IMAGE = 'docker.io/rancher/local-path-provisioner:v0.0.30';
const HELPER_IMAGE = 'docker.io/library/debian:trixie-slim';

/** Images that the bench runs besides those of the platform. */
export const ADD_ON_IMAGES: readonly string[] = [COREDNS_IMAGE, PROVISIONER_IMAGE, HELPER_IMAGE];

const CRITICAL = 'system-cluster-critical';
const STORAGE = 'local-path-storage';
const PROVISIONER = 'local-path-provisioner';
const DNS = 'coredns';
const SYSTEM = 'kube-system';

/** Rights for the bench's own programs, no more than they need. */
export async function applyRights(): Promise<void> {
  await apply([
    ...grant('bench:network-policies', [
      rule([''], ['namespaces', 'nodes', 'pods'], READ),
      rule(['networking.k8s.io'], ['networkpolicies'], READ),
    ]),
    ...grant('bench:kwok', [
      rule([''], ['nodes', 'pods'], [...READ, 'patch', 'update', 'delete']),
      rule([''], ['nodes/status', 'pods/status'], ['patch', 'update']),
      rule([''], ['events'], ['create', 'patch', 'update']),
      rule(['coordination.k8s.io'], ['leases'], [...READ, 'create', 'patch', 'update', 'delete']),
    ]),
  ]);
}

/** Puts into the cluster what a distribution would: DNS, and storage behind the classes of the site. */
export async function applyAddOns(site: Site, replicas: number): Promise<void> {
  await until('the namespace kube-system', 30, () => kubectl(['get', 'namespace', SYSTEM]), 0.1);
  await apply([...dns(replicas), ...storage(), ...site.storageClasses.map(storageClass)]);
}

export async function addOnsReady(): Promise<void> {
  const ready = (namespace: string, name: string) =>
    kubectl(['rollout', 'status', `deployment/${name}`, '-n', namespace, '--timeout=110s']);
  await Promise.all([ready(SYSTEM, DNS), ready(STORAGE, PROVISIONER)]);
}

function dns(replicas: number): object[] {
  const labels = { 'k8s-app': 'kube-dns' };
  return [
    ...account(SYSTEM, DNS, [
      rule([''], ['endpoints', 'services', 'pods', 'namespaces'], ['list', 'watch']),
      rule(['discovery.k8s.io'], ['endpointslices'], ['list', 'watch']),
    ]),
    k8s.KubeConfigMap.manifest({ metadata: { name: DNS, namespace: SYSTEM }, data: { Corefile: COREFILE } }),
    k8s.KubeDeployment.manifest({
      metadata: { name: DNS, namespace: SYSTEM, labels },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            priorityClassName: CRITICAL,
            serviceAccountName: DNS,
            dnsPolicy: 'Default',
            topologySpreadConstraints: [
              {
                maxSkew: 1,
                topologyKey: 'kubernetes.io/hostname',
                whenUnsatisfiable: 'ScheduleAnyway',
                labelSelector: { matchLabels: labels },
              },
            ],
            containers: [
              {
                name: DNS,
                image: COREDNS_IMAGE,
                args: ['-conf', '/etc/coredns/Corefile'],
                ports: [
                  { name: 'dns', containerPort: 53, protocol: 'UDP' },
                  { name: 'dns-tcp', containerPort: 53, protocol: 'TCP' },
                ],
                readinessProbe: { httpGet: { path: '/ready', port: number(8181) }, periodSeconds: 1 },
                livenessProbe: { httpGet: { path: '/health', port: number(8080) }, initialDelaySeconds: 30 },
                securityContext: {
                  allowPrivilegeEscalation: false,
                  capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] },
                  readOnlyRootFilesystem: true,
                },
                volumeMounts: [{ name: 'config', mountPath: '/etc/coredns' }],
              },
            ],
            volumes: [{ name: 'config', configMap: { name: DNS } }],
          },
        },
      },
    }),
    k8s.KubeService.manifest({
      metadata: { name: 'kube-dns', namespace: SYSTEM, labels },
      spec: {
        clusterIp: CLUSTER_DNS,
        selector: labels,
        ports: [
          { name: 'dns', port: 53, targetPort: text('dns'), protocol: 'UDP' },
          { name: 'dns-tcp', port: 53, targetPort: text('dns-tcp'), protocol: 'TCP' },
        ],
      },
    }),
  ];
}

/** In server blocks of their own: within one, another plugin would answer before the one for the cluster. */
const COREFILE = `${CLUSTER_DOMAIN}:53 in-addr.arpa:53 ip6.arpa:53 {
    errors
    health
    ready
    kubernetes ${CLUSTER_DOMAIN} in-addr.arpa ip6.arpa {
        pods insecure
        ttl 5
    }
}
.:53 {
    errors
    forward . ${CLIENT_ADDRESS}
    cache 5
}
`;

function storage(): object[] {
  const labels = { app: PROVISIONER };
  return [
    k8s.KubeNamespace.manifest({ metadata: { name: STORAGE } }),
    ...account(STORAGE, PROVISIONER, [
      rule([''], ['nodes', 'persistentvolumeclaims', 'configmaps', 'pods', 'pods/log'], READ),
      rule([''], ['pods'], ['create', 'delete']),
      rule([''], ['persistentvolumes'], [...READ, 'create', 'patch', 'update', 'delete']),
      rule([''], ['events'], ['create', 'patch']),
      rule(['storage.k8s.io'], ['storageclasses'], READ),
    ]),
    k8s.KubeConfigMap.manifest({
      metadata: { name: PROVISIONER, namespace: STORAGE },
      data: {
        'config.json': JSON.stringify({
          nodePathMap: [{ node: 'DEFAULT_PATH_FOR_NON_LISTED_NODES', paths: ['/var/lib/local-path-provisioner'] }],
        }),
        setup: '#!/bin/sh\nset -eu\nmkdir -m 0777 -p "$VOL_DIR"\nchmod 0777 "$VOL_DIR"\n',
        teardown: '#!/bin/sh\nset -eu\nrm -rf "$VOL_DIR"\n',
        'helperPod.yaml': JSON.stringify(
          k8s.KubePod.manifest({
            metadata: { name: 'helper-pod' },
            spec: {
              priorityClassName: 'system-node-critical',
              tolerations: [{ operator: 'Exists' }],
              containers: [{ name: 'helper-pod', image: HELPER_IMAGE }],
            },
          }),
        ),
      },
    }),
    k8s.KubeDeployment.manifest({
      metadata: { name: PROVISIONER, namespace: STORAGE, labels },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            serviceAccountName: PROVISIONER,
            containers: [
              {
                name: PROVISIONER,
                image: PROVISIONER_IMAGE,
                command: [
                  'local-path-provisioner',
                  'start',
                  '--config=/etc/config/config.json',
                  `--service-account-name=${PROVISIONER}`,
                  `--configmap-name=${PROVISIONER}`,
                ],
                env: [
                  { name: 'POD_NAMESPACE', value: STORAGE },
                  { name: 'CONFIG_MOUNT_PATH', value: '/etc/config/' },
                ],
                volumeMounts: [{ name: 'config', mountPath: '/etc/config/' }],
              },
            ],
            volumes: [{ name: 'config', configMap: { name: PROVISIONER } }],
          },
        },
      },
    }),
  ];
}

function storageClass({ name, expandable, isDefault }: Site['storageClasses'][number]): object {
  return k8s.KubeStorageClass.manifest({
    metadata: {
      name,
      annotations: {
        defaultVolumeType: 'local',
        ...(isDefault ? { 'storageclass.kubernetes.io/is-default-class': 'true' } : {}),
      },
    },
    provisioner: 'rancher.io/local-path',
    volumeBindingMode: 'WaitForFirstConsumer',
    reclaimPolicy: 'Delete',
    allowVolumeExpansion: expandable,
  });
}

async function apply(objects: readonly object[]): Promise<void> {
  await kubectl(['apply', '--server-side', '-f', '-'], objects);
}

const READ = ['get', 'list', 'watch'];

function account(namespace: string, name: string, rules: k8s.PolicyRule[]): object[] {
  return [
    k8s.KubeServiceAccount.manifest({ metadata: { name, namespace } }),
    ...grant(name, rules, { kind: 'ServiceAccount', name, namespace }),
  ];
}

function grant(name: string, rules: k8s.PolicyRule[], subject = user(name)): object[] {
  return [k8s.KubeClusterRole.manifest({ metadata: { name }, rules }), clusterRoleBinding(name, name, subject)];
}

function clusterRoleBinding(name: string, role: string, subject: k8s.Subject): object {
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role };
  return k8s.KubeClusterRoleBinding.manifest({ metadata: { name }, roleRef, subjects: [subject] });
}

function user(name: string): k8s.Subject {
  return { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name };
}

function rule(apiGroups: string[], resources: string[], verbs: string[]): k8s.PolicyRule {
  return { apiGroups, resources, verbs };
}

function number(port: number): k8s.IntOrString {
  return k8s.IntOrString.fromNumber(port);
}

function text(port: string): k8s.IntOrString {
  return k8s.IntOrString.fromString(port);
}
