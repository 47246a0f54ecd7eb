import { copyFileSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../shell';

const SNAPSHOTTER = 'io.containerd.snapshotter.v1.overlayfs';

/**
 * A containerd root for one node. Layers are links to those of the template, which containers only read; databases are
 * copies. Linking each file of them instead would cost seconds to make and to remove, for each node.
 */
export async function nodeStore(template: string, destination: string): Promise<void> {
  mkdirSync(destination);
  for (const plugin of readdirSync(template).filter((name) => name !== SNAPSHOTTER)) {
    await run(['cp', '-al', join(template, plugin), destination]);
    for (const file of readdirSync(join(template, plugin)).filter((name) => name.endsWith('.db'))) {
      rmSync(join(destination, plugin, file));
      copyFileSync(join(template, plugin, file), join(destination, plugin, file));
    }
  }
  const [layers, own] = [join(template, SNAPSHOTTER), join(destination, SNAPSHOTTER)];
  mkdirSync(join(own, 'snapshots'), { recursive: true, mode: 0o700 });
  copyFileSync(join(layers, 'metadata.db'), join(own, 'metadata.db'));
  for (const id of readdirSync(join(layers, 'snapshots'))) {
    symlinkSync(join(layers, 'snapshots', id), join(own, 'snapshots', id));
  }
}
