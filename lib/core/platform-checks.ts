import { type Site } from '../site';
import { type Distribution } from './distribution';
import { fail, show } from './errors';

/** Major and minor of a release of Kubernetes: `1.35`. @throws where it is none */
export function minorVersion(path: string, text: string): string {
  const minor = /^v?(1\.\d{1,2})(\.\d+)?([-+].*)?$/.exec(text)?.[1];
  return (
    minor ?? fail(path, `kubernetesVersion must be a release of Kubernetes, got ${show(text)}; write it as "1.35"`)
  );
}

/** A network of the site that overlaps the cluster's own addresses is out of the pods' reach. @throws where there is one */
export function checkRanges(path: string, site: Site, { serviceCidr, podCidr, title }: Distribution): void {
  for (const [what, cidr] of [
    ['Services', serviceCidr],
    ['pods', podCidr],
  ] as const) {
    const [network] = cidr === undefined ? [] : site.networksIn(cidr);
    if (network) {
      fail(
        path,
        `network ${show(network.name)} of the site, ${network.cidr}, overlaps ${cidr}, which ${title} gives to ${what}; renumber one of the two`,
      );
    }
  }
}
