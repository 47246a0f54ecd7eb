import { dump } from 'js-yaml';
import { type KubeObject } from '../link/types';

/** The objects as a file of YAML documents, readable by YAML 1.1 (kubectl) and 1.2 alike. */
export function toYaml(objects: readonly { readonly object: KubeObject }[]): string {
  return objects.map(({ object }) => dump(object, { lineWidth: -1, noRefs: true })).join('---\n');
}
