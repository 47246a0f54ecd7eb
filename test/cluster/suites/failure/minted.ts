import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cluster } from '../../cluster';
import { CACHE } from '../../paths';

/** SHA-256 of each value that the first cluster's platform minted, by `namespace/Secret/key`; the suite 20-credentials keeps it. */
const FIRST = join(CACHE, 'minted.json');

export type Hashes = Readonly<Record<string, string>>;

/** @throws where no other cluster was looked at before */
export function firstMinted(): Hashes {
  if (!existsSync(FIRST))
    throw new Error(`there is no ${FIRST}: run the suite 20-credentials on another cluster first`);
  return JSON.parse(readFileSync(FIRST, 'utf8')) as Hashes;
}

/** The same values' hashes in this cluster. */
export async function mintedHere(cluster: Cluster): Promise<Hashes> {
  const hashes = await Promise.all(
    Object.keys(firstMinted()).map(async (path) => {
      const [namespace, name, key] = path.split('/') as [string, string, string];
      const value = await cluster.secret(namespace, name, key);
      return [path, createHash('sha256').update(value).digest('hex')];
    }),
  );
  return Object.fromEntries(hashes) as Hashes;
}
