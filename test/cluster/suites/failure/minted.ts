import { createHash } from 'node:crypto';
import { type Cluster } from '../../cluster';
import { Kept } from '../support/kept';

/** SHA-256 of each value that a platform minted, by `namespace/Secret/key`. */
export type Hashes = Readonly<Record<string, string>>;

/** Those of the first cluster's platform. */
export const firstMinted = new Kept<Hashes>('minted', '20-credentials');

/** The same values' hashes in this cluster. */
export async function mintedHere(cluster: Cluster, first: Hashes): Promise<Hashes> {
  const hashes = await Promise.all(
    Object.keys(first).map(async (path) => {
      const [namespace, name, key] = path.split('/') as [string, string, string];
      const value = await cluster.secret(namespace, name, key);
      return [path, createHash('sha256').update(value).digest('hex')];
    }),
  );
  return Object.fromEntries(hashes) as Hashes;
}
