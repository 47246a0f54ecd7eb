import { fit, mends, type FitInput, type Shortfall, type Verdict } from '../../fit';
import { type Rule } from '../context';
import { demandOf, type Demand } from '../demand';

/**
 * Each pod finds a node, whatever the scheduler leaves to chance: GPUs and their parts, CPU, memory, huge pages, devices, ports, taints,
 * affinities and spreads. Not checked where the nodes aren't known.
 */
export const fits: Rule = {
  name: 'fit',
  check({ bundle }, report) {
    if (bundle.options.nodes === undefined) return;
    const { input, sources } = demandOf(bundle);
    const options = { tries: triesFor(input) };
    const verdict = fit(input, options);
    verdict.shortfalls.forEach((shortfall, i) => {
      const { entry, demand } = sources.get(shortfall.group.name)!;
      const changes = i < MENDED ? mends(input, shortfall, options) : [];
      const value = demand.field.endsWith('spec') || demand.isUpdate ? '' : String(demand.count);
      report(entry, demand.field, value, message(shortfall, demand, verdict, changes));
    });
  },
};

/** Findings for which changes are tried out; the first of many are the ones to look at. */
const MENDED = 8;

/** Pods times nodes that all tries together may take. */
const WORK = 5_000_000;

/** A large site has so many nodes that chance hardly decides; a small one is looked at in many ways. */
function triesFor({ nodes, groups }: FitInput): number {
  const pods = groups.reduce((sum, { count }) => sum + count, 0);
  return Math.min(16, Math.max(2, Math.floor(WORK / (1 + pods * nodes.length))));
}

function message(shortfall: Shortfall, demand: Demand, { tries }: Verdict, changes: readonly string[]): string {
  const mend =
    changes.length > 0 ? `it would fit with ${changes.join(', or ')}` : 'ask for less, or give the site more nodes';
  return `${what(shortfall, demand)}${how(shortfall, tries)}: ${why(shortfall)}; ${mend}`;
}

function what({ asked, left }: Shortfall, { isUpdate, inTurn, gang, onEachNode }: Demand): string {
  if (isUpdate) return 'has no node for the pod by which an update starts, so that it waits for ever';
  const pods = `${left} of ${asked} pod${asked === 1 ? '' : 's'}`;
  if (onEachNode) return `finds no place on its nodes for ${pods}`;
  const together = gang === undefined || asked === 1 ? '' : ', which must run together';
  return `finds no node for ${pods}${together}${inTurn ? ', even when none that it takes turns with runs' : ''}`;
}

function how({ tries: failed }: Shortfall, tries: number): string {
  return failed === tries ? '' : ` in ${failed} of ${tries} ways in which the scheduler may choose`;
}

const SHOWN = 4;

function why({ reasons }: Shortfall): string {
  if (reasons.length === 0) return 'the site has no node for it';
  const texts = reasons.map(({ pool, nodes, text }) => `${pool} (${nodes} node${nodes === 1 ? '' : 's'}): ${text}`);
  const more = texts.length - SHOWN;
  return [...texts.slice(0, SHOWN), ...(more > 0 ? [`${more} more`] : [])].join('; ');
}
