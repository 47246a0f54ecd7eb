import { applyScript } from './apply-script';
import { type Bundle } from './bundle';
import { type OutputFile } from './folder';
import { imageList } from './images';
import { summary } from './summary';
import { toYaml } from './yaml';

/** The files of a platform's folder. */
export function platformFiles(bundle: Bundle): OutputFile[] {
  return [
    ...bundle.files.map(({ name, objects }) => ({ name, text: toYaml(objects) })),
    { name: 'apply.sh', text: applyScript(bundle), mode: 0o755 },
    { name: 'images.txt', text: imageList(bundle.platform) },
    { name: 'summary.md', text: summary(bundle) },
    ...bundle.platform.nodeFiles.map(({ name, ...file }) => ({ ...file, name: `nodes/${name}` })),
  ];
}
