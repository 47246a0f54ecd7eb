import { t } from '../../crds';

/** How long a peer's TCP connection may take to come up: the same in MetalLB's and in frr-k8s' own resources. */
export const connectTime = t.string().validations(
  {
    message: 'connect time should be between 1 seconds to 65535',
    rule: 'duration(self).getSeconds() >= 1 && duration(self).getSeconds() <= 65535',
  },
  {
    message: 'connect time should contain a whole number of seconds',
    rule: 'duration(self).getMilliseconds() % 1000 == 0',
  },
);
