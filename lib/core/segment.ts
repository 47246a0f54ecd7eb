import { type NodePool } from '../site';
import { fail, show } from './errors';
import { SEGMENT } from './labels';

/**
 * Labels of a namespace whose pods run on these pools: those of the segment that the site puts the pools into. Link then holds the namespace to it.
 *
 * @param path who makes the namespace, for the error
 * @throws where the pools are of two segments, which the namespace would join
 */
export function segmentLabels(path: string, pools: readonly NodePool[]): Record<string, string> {
  const inOne = pools.filter(({ segment }) => segment !== undefined);
  const [first] = inOne;
  if (!first) return {};
  const other = inOne.find(({ segment }) => segment !== first.segment);
  if (other) {
    fail(
      path,
      `pools ${show(first.name)} and ${show(other.name)} are of the segments ${show(first.segment)} and ${show(other.segment)}, which pods of one namespace would join; make a namespace for each`,
    );
  }
  return { [SEGMENT]: first.segment! };
}
