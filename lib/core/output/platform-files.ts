import { applyScript } from './apply-script';
import { type Bundle } from './bundle';
import { type OutputFile } from './folder';
import { imageList, mirrorList } from './images';
import { mirrorScript } from './mirror-script';
import { preloadScript } from './preload-script';
import { summary } from './summary';
import { toYaml } from './yaml';

/** The files of a platform's folder. */
export function platformFiles(bundle: Bundle): OutputFile[] {
  const preload = preloadScript(bundle.platform);
  return [
    ...bundle.files.map(({ name, objects }) => ({ name, text: toYaml(objects) })),
    { name: 'apply.sh', text: applyScript(bundle), mode: 0o755 },
    { name: 'images.txt', text: imageList(bundle.platform) },
    { name: 'mirror.txt', text: mirrorList(bundle.platform) },
    { name: 'mirror.sh', text: mirrorScript(bundle.platform), mode: 0o755 },
    ...(preload === undefined ? [] : [{ name: 'preload.sh', text: preload, mode: 0o755 }]),
    { name: 'summary.md', text: summary(bundle) },
    ...bundle.platform.nodeFiles.map(({ name, ...file }) => ({ ...file, name: `nodes/${name}` })),
  ];
}
