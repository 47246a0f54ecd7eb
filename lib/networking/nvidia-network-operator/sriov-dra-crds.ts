import { crd, labelSelector, t } from '../../crds';
import { nodeSelector, strings } from './crd-fields';

const DRA_GROUP = { group: 'sriovnetwork.k8snetworkplumbingwg.io', scope: 'Namespaced' } as const;
const DRA_VERSION = { name: 'v1alpha1', storage: true } as const;

/** Functions by Dynamic Resource Allocation. None is made here; the operator looks whether there are some left, and does nothing else while it can't. */
export const sriovResourcePolicy = crd({
  ...DRA_GROUP,
  kind: 'SriovResourcePolicy',
  plural: 'sriovresourcepolicies',
  versions: [
    {
      ...DRA_VERSION,
      schema: {
        spec: t
          .object({
            configs: t.array(
              t.object({
                deviceAttributesSelector: labelSelector(),
                resourceFilters: t.array(
                  t.object({
                    devices: strings(),
                    drivers: strings(),
                    pciAddresses: strings(),
                    pfNames: strings(),
                    pfPciAddresses: strings(),
                    vendors: strings(),
                  }),
                ),
              }),
            ),
            nodeSelector: nodeSelector(),
          })
          .required(),
      },
    },
  ],
});

/** As before: what such functions are told apart by. */
export const deviceAttributes = crd({
  ...DRA_GROUP,
  kind: 'DeviceAttributes',
  plural: 'deviceattributes',
  versions: [
    {
      ...DRA_VERSION,
      schema: {
        spec: t
          .object({
            attributes: t.map(t.object({ bool: t.boolean(), int: t.int64(), string: t.string(), version: t.string() })),
          })
          .required(),
      },
    },
  ],
});
