import { type Rule } from '../context';
import { addressPools } from './address-pools';
import { customResources } from './custom-resources';
import { duplicates } from './duplicates';
import { encryptedVolumes } from './encrypted-volumes';
import { files } from './files';
import { fits } from './fit';
import { hosts } from './hosts';
import { images } from './images';
import { isolation } from './isolation';
import { mirror } from './mirror';
import { monitors } from './monitors';
import { names } from './names';
import { namespaces } from './namespaces';
import { networkPolicies } from './network-policies';
import { podSecurity } from './pod-security';
import { ports } from './ports';
import { rbac } from './rbac';
import { references } from './references';
import { routes } from './routes';
import { secrets } from './secrets';
import { segments } from './segments';
import { selectors } from './selectors';
import { services } from './services';
import { unverified } from './unverified';
import { volumes } from './volumes';
import { waves } from './waves';
import { webhooks } from './webhooks';
import { wildcards } from './wildcards';

/** All rules, in the order their findings are listed for one object. */
export const RULES: readonly Rule[] = [
  names,
  duplicates,
  namespaces,
  customResources,
  references,
  selectors,
  services,
  ports,
  monitors,
  volumes,
  encryptedVolumes,
  files,
  hosts,
  webhooks,
  addressPools,
  rbac,
  wildcards,
  unverified,
  routes,
  networkPolicies,
  isolation,
  segments,
  podSecurity,
  fits,
  waves,
  images,
  mirror,
  secrets,
];
