import { crd, t } from '../../crds';
import { nodeSelector } from './crd-fields';

const GROUP = { group: 'nv-ipam.nvidia.com', scope: 'Namespaced' } as const;
const VERSION = { name: 'v1alpha1', storage: true, subresources: { status: true } } as const;

const exclusions = () => t.array(t.object({ startIP: t.string().required(), endIP: t.string().required() }));
const perNodeExclusions = () =>
  t.array(
    t
      .object({
        startIndex: t.int32({ minimum: 0 }).required(),
        endIndex: t.int32({ minimum: 0 }).required(),
      })
      .validations({
        rule: 'self.endIndex >= self.startIndex',
        message: 'endIndex must be greater than or equal to startIndex',
      }),
  );
const routes = () => t.array(t.object({ dst: t.string().required() }));

/**
 * Addresses of a network, of which each node gets a block to give to its pods.
 *
 * @see https://github.com/Mellanox/nvidia-k8s-ipam#ippool-cr
 */
export const ipPool = crd({
  ...GROUP,
  kind: 'IPPool',
  plural: 'ippools',
  versions: [
    {
      ...VERSION,
      schema: {
        spec: t
          .object({
            subnet: t.string().required(),
            perNodeBlockSize: t.integer().required(),
            gateway: t.string(),
            defaultGateway: t.boolean(),
            exclusions: exclusions(),
            perNodeExclusions: perNodeExclusions(),
            routes: routes(),
            nodeSelector: nodeSelector(),
          })
          .required(),
        status: t.object({
          allocations: t
            .array(
              t.object({
                nodeName: t.string().required(),
                startIP: t.string().required(),
                endIP: t.string().required(),
              }),
            )
            .required(),
        }),
      },
      printerColumns: [
        { name: 'Subnet', type: 'string', jsonPath: '.spec.subnet' },
        { name: 'Gateway', type: 'string', jsonPath: '.spec.gateway' },
        { name: 'Block Size', type: 'integer', jsonPath: '.spec.perNodeBlockSize' },
      ],
    },
  ],
});

/** Networks that are cut out of a larger one, one for each node. None is made here; nv-ipam watches them. */
export const cidrPool = crd({
  ...GROUP,
  kind: 'CIDRPool',
  plural: 'cidrpools',
  versions: [
    {
      ...VERSION,
      schema: {
        spec: t
          .object({
            cidr: t.string().required(),
            perNodeNetworkPrefix: t.int32().required(),
            gatewayIndex: t.int32(),
            defaultGateway: t.boolean(),
            exclusions: exclusions(),
            perNodeExclusions: perNodeExclusions(),
            routes: routes(),
            staticAllocations: t.array(
              t.object({ nodeName: t.string(), prefix: t.string().required(), gateway: t.string() }),
            ),
            nodeSelector: nodeSelector(),
          })
          .required(),
        status: t.object({
          allocations: t
            .array(t.object({ nodeName: t.string().required(), prefix: t.string().required(), gateway: t.string() }))
            .required(),
        }),
      },
      printerColumns: [
        { name: 'CIDR', type: 'string', jsonPath: '.spec.cidr' },
        { name: 'Gateway index', type: 'string', jsonPath: '.spec.gatewayIndex' },
        { name: 'Per Node Network Prefix', type: 'integer', jsonPath: '.spec.perNodeNetworkPrefix' },
      ],
    },
  ],
});
