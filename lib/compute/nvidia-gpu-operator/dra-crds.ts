import { crd, resourceRequirements, t } from '../../crds';
import {
  ageColumn,
  daemonsets,
  dcgmExporterFields,
  dcgmFields,
  env,
  imageFields,
  operand,
  status,
  STATUS_COLUMN,
} from './crd-fields';

// The operator watches these kinds whether they are used or not: GPUs by Dynamic Resource Allocation, in place of a ClusterPolicy, which
// upstream calls experimental at v26.7.0. None is made here.

const NODE_STATUS = ['Ready', 'NotReady'] as const;

const container = () => t.object({ env: env(), resources: resourceRequirements() });

const kubeletPlugin = () =>
  t.object({
    env: env(),
    resources: resourceRequirements(),
    healthcheck: t.object({
      enabled: t.boolean({ default: true }),
      port: t.int32({ minimum: 1, maximum: 65535 }),
    }),
  });

/** GPUs by Dynamic Resource Allocation. */
export const gpuCluster = crd({
  group: 'nvidia.com',
  kind: 'GPUCluster',
  plural: 'gpuclusters',
  shortNames: ['gc'],
  scope: 'Cluster',
  versions: [
    {
      name: 'v1alpha1',
      storage: true,
      subresources: { status: true },
      printerColumns: [STATUS_COLUMN, ageColumn('date')],
      schema: {
        spec: t.object({
          daemonsets: daemonsets(),
          dcgm: operand(dcgmFields()),
          dcgmExporter: operand(dcgmExporterFields()),
          draDriver: t
            .object({
              ...imageFields(),
              image: t.string({ pattern: '^[a-zA-Z0-9\\-]+$' }),
              computeDomains: t.object({
                controller: container(),
                enabled: t.boolean({ default: true }),
                kubeletPlugin: kubeletPlugin(),
              }),
              featureGates: t.map(t.boolean()),
              gpus: t.object({ kubeletPlugin: kubeletPlugin() }),
            })
            .required(),
          hostPaths: t.object({
            driverInstallDir: t.string(),
            kubeletRootDir: t.string({ default: '/var/lib/kubelet' }),
          }),
        }),
        status: status(['ready', 'notReady', 'disabled']),
      },
    },
  ],
});

/** Nodes whose GPUs share memory by NVLink, for one workload. */
export const computeDomain = crd({
  group: 'resource.nvidia.com',
  kind: 'ComputeDomain',
  plural: 'computedomains',
  scope: 'Namespaced',
  versions: [
    {
      name: 'v1beta1',
      storage: true,
      subresources: { status: true },
      schema: {
        spec: t
          .object({
            channel: t
              .object({
                allocationMode: t.enum(['All', 'Single'], { default: 'Single' }),
                resourceClaimTemplate: t.object({ name: t.string().required() }).required(),
              })
              .required(),
            numNodes: t.integer().required(),
          })
          .validations({ rule: 'self == oldSelf', message: 'A computeDomain.spec is immutable' }),
        status: t.object({
          nodes: t.array(
            t.object({
              cliqueID: t.string().required(),
              index: t.integer(),
              ipAddress: t.string().required(),
              name: t.string().required(),
              status: t.enum(NODE_STATUS, { default: 'NotReady' }),
            }),
            { listType: 'map', keys: ['name'] },
          ),
          status: t.enum(NODE_STATUS).defaulted('NotReady'),
        }),
      },
    },
  ],
});

/** Which daemons of a ComputeDomain are on one NVLink fabric. */
export const computeDomainClique = crd({
  group: 'resource.nvidia.com',
  kind: 'ComputeDomainClique',
  plural: 'computedomaincliques',
  scope: 'Namespaced',
  versions: [
    {
      name: 'v1beta1',
      storage: true,
      schema: {
        daemons: t.array(
          t.object({
            cliqueID: t.string().required(),
            index: t.integer(),
            ipAddress: t.string().required(),
            nodeName: t.string().required(),
            status: t.enum(NODE_STATUS, { default: 'NotReady' }),
          }),
          { listType: 'map', keys: ['nodeName'] },
        ),
      },
    },
  ],
});
