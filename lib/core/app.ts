import { App as Cdk8sApp, ApiObject, Chart, Names } from 'cdk8s';
import { failAll } from './errors';
import { type KubeObject } from './link/types';
import { linked } from './output/linked';
import { OutputFolder } from './output/folder';
import { platformFiles } from './output/platform-files';
import { toYaml } from './output/yaml';
import { Platform } from './platform';

/**
 * A cdk8s App that writes each Platform as a folder of its own: manifests by wave, apply.sh, images.txt, summary.md. Everything is
 * checked before the first file is written, and a folder is replaced as a whole or not at all. Charts outside a Platform are written
 * to files of their own, as cdk8s does it.
 */
export class App extends Cdk8sApp {
  /** @throws OnPremError with all that is wrong; nothing is written then */
  override synth(): void {
    const nodes = this.node.findAll();
    failAll(
      'synth',
      nodes.flatMap((construct) =>
        construct.node
          .validate()
          .map((error) => (construct instanceof Platform ? error : `${construct.node.path}: ${error}`)),
      ),
    );
    const platforms = nodes.filter((construct) => construct instanceof Platform);
    failAll('synth', platforms.flatMap(duplicateName));
    const output = new OutputFolder(this.outdir);
    for (const platform of platforms) output.addFolder(platform.name, platformFiles(linked(platform).bundle));
    for (const chart of nodes.filter((construct) => Chart.isChart(construct))) {
      if (chart.node.scopes.some((scope) => scope instanceof Platform)) continue;
      const objects = chart.node
        .findAll()
        .filter((construct) => ApiObject.isApiObject(construct) && construct.chart === chart);
      output.addFile(
        `${Names.toDnsLabel(chart)}${this.outputFileExtension}`,
        toYaml(objects.map((construct) => ({ object: (construct as ApiObject).toJson() as KubeObject }))),
      );
    }
    output.commit();
  }
}

/** Two platforms of one name would be written to one folder. */
function duplicateName(platform: Platform, i: number, all: readonly Platform[]): string[] {
  const other = all.slice(0, i).find(({ name }) => name === platform.name);
  return other
    ? [
        `${platform.node.path}: the name "${platform.name}" is taken by ${other.node.path}; give one of the two another id`,
      ]
    : [];
}
