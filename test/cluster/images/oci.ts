import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../shell';

/** A layer as an image names it. */
export interface LayerReference {
  readonly digest: string;
  readonly size: number;
}

export interface ImageDocument {
  readonly names: readonly string[];
  readonly layers: readonly LayerReference[];
  readonly config: Readonly<Record<string, unknown>>;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const TYPE = 'application/vnd.oci.image';

/** An OCI archive of images without the content of their layers, for a store that has that already. */
export async function writeArchive(images: readonly ImageDocument[], directory: string): Promise<string> {
  const layout = join(directory, 'layout');
  writeLayout(images, layout, 'io.containerd.image.name');
  const archive = join(directory, 'images.tar');
  await run(['tar', '-C', layout, '-cf', archive, '.']);
  return archive;
}

/**
 * Writes all of an OCI image layout but the content of layers.
 *
 * @param key of the annotation that names an image
 * @returns the digest of each image, by its names
 */
export function writeLayout(
  images: readonly ImageDocument[],
  layout: string,
  key: 'io.containerd.image.name' | 'org.opencontainers.image.ref.name',
): ReadonlyMap<string, string> {
  const blobs = join(layout, 'blobs', 'sha256');
  mkdirSync(blobs, { recursive: true });
  const blob = (kind: 'config' | 'manifest', document: unknown): Descriptor => {
    const text = JSON.stringify(document);
    const hash = createHash('sha256').update(text).digest('hex');
    writeFileSync(join(blobs, hash), text);
    return { mediaType: `${TYPE}.${kind}.v1+json`, digest: `sha256:${hash}`, size: Buffer.byteLength(text) };
  };

  const manifests = images.flatMap(({ names, layers, config }) => {
    const manifest = blob('manifest', {
      schemaVersion: 2,
      mediaType: `${TYPE}.manifest.v1+json`,
      config: blob('config', {
        architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
        os: 'linux',
        config,
        rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
      }),
      layers: layers.map((layer) => ({ mediaType: `${TYPE}.layer.v1.tar`, ...layer })),
    });
    return names.map((name) => ({ ...manifest, annotations: { [key]: name } }));
  });
  writeFileSync(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  writeFileSync(
    join(layout, 'index.json'),
    JSON.stringify({ schemaVersion: 2, mediaType: `${TYPE}.index.v1+json`, manifests }),
  );
  return new Map(manifests.map(({ digest, annotations }) => [annotations[key]!, digest]));
}

/** What a snapshot is called that has these layers, lowest first. */
export function chainId(layers: readonly string[]): string {
  return layers.reduce((chain, layer) => `sha256:${createHash('sha256').update(`${chain} ${layer}`).digest('hex')}`);
}
