/** A public registry that Harbor can stand before, by the host that stands in images' references. */
export type PublicRegistry = 'docker.io' | 'quay.io' | 'ghcr.io' | 'registry.k8s.io' | 'nvcr.io' | 'gcr.io';

/** Where it answers, and which of Harbor's adapters speaks with it: of those that may stand behind a proxy. */
export const PUBLIC_REGISTRIES: Readonly<Record<PublicRegistry, { readonly url: string; readonly type: string }>> = {
  'docker.io': { url: 'https://hub.docker.com', type: 'docker-hub' },
  'quay.io': { url: 'https://quay.io', type: 'docker-registry' },
  'ghcr.io': { url: 'https://ghcr.io', type: 'github-ghcr' },
  'registry.k8s.io': { url: 'https://registry.k8s.io', type: 'docker-registry' },
  'nvcr.io': { url: 'https://nvcr.io', type: 'docker-registry' },
  'gcr.io': { url: 'https://gcr.io', type: 'docker-registry' },
};
