import { type Rule } from '../context';
import { arr } from '../json';
import { selects } from '../selectors';

const ADVERTISEMENTS = ['L2Advertisement.metallb.io', 'BGPAdvertisement.metallb.io'];

/**
 * Each pool of addresses is announced: MetalLB gives out addresses of one that isn't, and nobody can reach them.
 * @see https://metallb.io/configuration/_advanced_l2_configuration/
 */
export const addressPools: Rule = {
  name: 'address-pool',
  check({ bundle }, report) {
    for (const pool of bundle.ofType('IPAddressPool.metallb.io')) {
      const announced = ADVERTISEMENTS.some((type) =>
        bundle.ofType(type).some(({ namespace, spec }) => {
          if (namespace !== pool.namespace) return false;
          const names = arr(spec.ipAddressPools);
          const selectors = arr(spec.ipAddressPoolSelectors);
          if (names.length === 0 && selectors.length === 0) return true;
          return names.includes(pool.name) || selectors.some((selector) => selects(selector, pool.labels));
        }),
      );
      if (!announced) {
        report(
          pool,
          'metadata.name',
          pool.name,
          'is announced by no L2Advertisement or BGPAdvertisement; add one that names it',
        );
      }
    }
  },
};
