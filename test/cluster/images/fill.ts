import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { program } from '../programs/programs';
import { run } from '../shell';
import { layerDirectory } from './build';
import type { FilesLayer, Source } from './layer';

/** Writes the layer's files into a directory, in the form that overlay file systems want. */
export async function fillFiles(layer: FilesLayer, directory: string): Promise<void> {
  for (const [path, source] of Object.entries(layer.files)) {
    const to = join(directory, path);
    mkdirSync(dirname(to), { recursive: true });
    await write(source, to);
  }
}

async function write(source: Source, to: string): Promise<void> {
  switch (source.kind) {
    case 'program':
      copyFileSync(program(source.name), to);
      return chmodSync(to, source.mode);
    case 'copy':
      copyFileSync(join(layerDirectory(source.layer), source.path), to);
      return chmodSync(to, 0o644);
    case 'text':
      writeFileSync(to, source.text);
      return chmodSync(to, source.mode);
    case 'directory':
      mkdirSync(to);
      return chmodSync(to, source.mode);
    case 'link':
      return symlinkSync(source.target, to);
    case 'removed':
      await run(['mknod', to, 'c', '0', '0']);
  }
}
