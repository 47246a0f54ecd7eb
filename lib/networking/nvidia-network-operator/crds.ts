import { crd, stringMap, t, tolerations } from '../../crds';
import {
  appliedStates,
  configuredImage,
  devicePlugin,
  driver,
  environment,
  imageFields,
  imageSpec,
  nodeAffinity,
  policyStatus,
  STATUS_COLUMNS,
  strings,
} from './crd-fields';

const GROUP = { group: 'mellanox.com', scope: 'Cluster' } as const;
const VERSION = {
  name: 'v1alpha1',
  storage: true,
  subresources: { status: true },
  printerColumns: STATUS_COLUMNS,
} as const;

const IMMUTABLE = 'is immutable once set. nicFirmwareStorage should be deleted and created again with a new value.';

/**
 * What the operator rolls out on the nodes with NVIDIA's network adapters. There is one, by the name `nic-cluster-policy`.
 *
 * @see https://github.com/Mellanox/network-operator/blob/v26.4.1/api/v1alpha1/nicclusterpolicy_types.go
 */
export const nicClusterPolicy = crd({
  ...GROUP,
  kind: 'NicClusterPolicy',
  plural: 'nicclusterpolicies',
  shortNames: ['ncp'],
  versions: [
    {
      ...VERSION,
      schema: {
        spec: t.object({
          global: t.object({ repository: t.string(), version: t.string(), imagePullSecrets: strings() }),
          ofedDriver: driver(),
          rdmaSharedDevicePlugin: devicePlugin(),
          sriovDevicePlugin: devicePlugin(),
          ibKubernetes: t.object({
            ...imageFields(),
            periodicUpdateSeconds: t.integer({ default: 5, minimum: 0 }),
            pKeyGUIDPoolRangeStart: t.string().required(),
            pKeyGUIDPoolRangeEnd: t.string().required(),
            ufmSecret: t.string().required(),
          }),
          secondaryNetwork: t.object({ multus: configuredImage(), cniPlugins: imageSpec(), ipoib: imageSpec() }),
          nvIpam: t.object({ ...imageFields(), enableWebhook: t.boolean() }),
          nicFeatureDiscovery: imageSpec(),
          docaTelemetryService: t.object({ ...imageFields(), config: t.object({ fromConfigMap: t.string() }) }),
          nicConfigurationOperator: t.object({
            operator: imageSpec().required(),
            configurationDaemon: imageSpec().required(),
            env: environment(),
            nicFirmwareStorage: t.object({
              create: t.boolean({ default: true }),
              pvcName: t.string({
                default: 'nic-fw-storage-pvc',
                minLength: 1,
                maxLength: 63,
                pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
              }),
              storageClassName: t
                .string({ minLength: 1, maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' })
                .validations({ rule: 'self == oldSelf', message: `storageClassName ${IMMUTABLE}` }),
              availableStorageSize: t
                .string({ default: '1Gi', pattern: '^(\\d+)(Ei|Pi|Ti|Gi|Mi|Ki)$' })
                .validations({ rule: 'self == oldSelf', message: `availableStorageSize ${IMMUTABLE}` }),
            }),
            logLevel: t.enum(['info', 'debug'], { default: 'info' }),
          }),
          spectrumXOperator: t.object({ ...imageFields(), xPlane: imageSpec() }),
          nodeAffinity: nodeAffinity(),
          tolerations: tolerations(),
          deploymentNodeAffinity: nodeAffinity(),
          deploymentTolerations: tolerations(),
        }),
        status: policyStatus(),
      },
    },
  ],
});

/** The same for some of the nodes only. The operator watches them, and doesn't start without the definition. */
export const nicNodePolicy = crd({
  ...GROUP,
  kind: 'NicNodePolicy',
  plural: 'nicnodepolicies',
  shortNames: ['nicnode', 'nnp'],
  versions: [
    {
      ...VERSION,
      schema: {
        spec: t.object({
          annotations: stringMap(),
          labels: stringMap(),
          nodeSelector: stringMap(),
          ofedDriver: driver(),
          rdmaSharedDevicePlugin: devicePlugin(),
          sriovDevicePlugin: devicePlugin(),
          tolerations: tolerations(),
        }),
        status: policyStatus(),
      },
    },
  ],
});

/** `status` of a network: whether its NetworkAttachmentDefinition is there. */
const networkState = { state: t.enum(['notReady', 'ready', 'error']).required(), reason: t.string() };

/** An IPoIB interface of a pod, child of one of the node's. */
export const ipoibNetwork = crd({
  ...GROUP,
  kind: 'IPoIBNetwork',
  plural: 'ipoibnetworks',
  versions: [
    {
      ...VERSION,
      schema: {
        spec: t.object({ networkNamespace: t.string(), master: t.string(), ipam: t.string() }),
        status: t.object({ ...networkState, ipoibNetworkAttachmentDef: t.string() }),
      },
    },
  ],
});

/** A macvlan interface of a pod, on top of one of the node's. */
export const macvlanNetwork = crd({
  ...GROUP,
  kind: 'MacvlanNetwork',
  plural: 'macvlannetworks',
  versions: [
    {
      ...VERSION,
      schema: {
        spec: t.object({
          networkNamespace: t.string(),
          master: t.string(),
          mode: t.enum(['bridge', 'private', 'vepa', 'passthru']),
          mtu: t.integer({ minimum: 0 }),
          ipam: t.string(),
        }),
        status: t.object({ ...networkState, macvlanNetworkAttachmentDef: t.string() }),
      },
    },
  ],
});

/** A device of the node that moves into the pod. */
export const hostDeviceNetwork = crd({
  ...GROUP,
  kind: 'HostDeviceNetwork',
  plural: 'hostdevicenetworks',
  versions: [
    {
      ...VERSION,
      schema: {
        spec: t.object({ networkNamespace: t.string(), resourceName: t.string(), ipam: t.string() }),
        status: t.object({
          ...networkState,
          hostDeviceNetworkAttachmentDef: t.string(),
          appliedStates: appliedStates(),
        }),
      },
    },
  ],
});
