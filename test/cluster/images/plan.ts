import { relative } from 'node:path';
import { CACHE } from '../paths';
import { program } from '../programs/programs';
import { layerKey } from './build';
import { digest, type Layer, type PackagesLayer, type Source } from './layer';
import { type ImageDocument } from './oci';
import { type ImageConfig } from './recipes';

/** The label makes two versions of one recipe two images. */
export function configOf(config: ImageConfig, version: string): ImageDocument['config'] {
  return { ...config, Labels: { 'org.opencontainers.image.version': version } };
}

/** Changes when anything changes that the layer is made of. */
export function layerId(layer: Layer): string {
  if (layer.kind === 'packages') return digest(layerKey(layer));
  return digest(Object.entries(layer.files).map(([path, source]) => [path, sourceId(source)]));
}

function sourceId(source: Source): unknown {
  if (source.kind === 'copy') return [source.path, layerKey(source.layer)];
  if (source.kind !== 'program') return source;
  // The path of a built program says what it was built from.
  return [relative(CACHE, program(source.name)), source.mode];
}

/** Those that must be built before any of these can be made. */
export function packagesLayers(layers: readonly Layer[]): readonly PackagesLayer[] {
  const found = layers.flatMap((layer) => {
    if (layer.kind === 'packages') return [layer, ...layer.on];
    return Object.values(layer.files).flatMap((source) => (source.kind === 'copy' ? [source.layer] : []));
  });
  return [...new Set(found)];
}
