import { type Item } from './cluster';
import { matchesNode, untolerated } from './nodes';
import { type Model, type Template } from './model';
import { chance, FIRST, Scheduler, type Outcome } from './scheduler';

/**
 * One try: all pods, wave after wave, as the scheduler places them.
 *
 * @param seed decides what is left to chance; 0 takes the first of what is equal, and pods in the order of their groups
 * @param options.inOrder leaves pods in the order of their groups whatever the seed
 */
export function tryAll(
  model: Model,
  seed: number,
  options: { readonly inOrder?: boolean } = {},
): { readonly scheduler: Scheduler; readonly outcome: Outcome } {
  const luck = seed === 0 ? undefined : chance(seed);
  const scheduler = new Scheduler(model, luck ?? FIRST);
  const always = model.templates.filter(({ group }) => !group.inTurn);
  const waves = [...new Set(always.map(({ group }) => group.wave ?? 0))].sort((a, b) => a - b);
  const all: Item[] = [];
  let pending: Item[] = [];
  for (const wave of waves) {
    const templates = always.filter(({ group }) => (group.wave ?? 0) === wave);
    const items = inOrder(templates, model, options.inOrder ? undefined : luck?.random);
    all.push(...items);
    pending = scheduler.run(items, pending);
  }
  const { cluster, chances } = scheduler;
  return { scheduler, outcome: { cluster, items: all, pending: [...pending, ...scheduler.lost], chances } };
}

/** Pods of a wave: those that each node has one of come first, then those of each group, unless chance mixes them. */
function inOrder(templates: readonly Template[], model: Model, random: (() => number) | undefined): Item[] {
  const items: Item[] = [];
  for (const template of templates) items.push(...itemsOf(template, model));
  const isFirst = ({ template }: Item) => (template.group.onEachNode ? 0 : 1);
  const keys = new Map(items.map((item, i) => [item, random ? random() : i]));
  items.sort((a, b) => isFirst(a) - isFirst(b) || keys.get(a)! - keys.get(b)!);
  items.forEach((item, i) => (item.order = i));
  return items;
}

/** The pods of a group, which wait for a node. */
export function itemsOf(template: Template, { nodes }: Model): Item[] {
  const { group, pod } = template;
  const item = (replica: number, pinned: number): Item => ({
    template,
    replica,
    pinned,
    order: replica,
    node: -1,
    since: 0,
  });
  if (!group.onEachNode) return Array.from({ length: group.count }, (_, i) => item(i, -1));
  return nodes
    .map((node, i) => ({ node, i }))
    .filter(({ node }) => matchesNode(pod, node) && !untolerated(node.taints, pod.tolerations))
    .map(({ i }, replica) => item(replica, i));
}

/** The groups that run in turn, by gang. */
export function gangsInTurn(model: Model): ReadonlyMap<string, readonly Template[]> {
  const gangs = new Map<string, Template[]>();
  for (const template of model.templates) {
    const { group } = template;
    if (!group.inTurn) continue;
    const name = group.gang ?? group.name;
    const list = gangs.get(name);
    if (list) list.push(template);
    else gangs.set(name, [template]);
  }
  return gangs;
}

/** Places a gang on top of what runs, calls back while it is there, and takes it away again. */
export function withGang(
  { scheduler }: { readonly scheduler: Scheduler },
  gang: readonly Template[],
  look: (pending: readonly Item[], all: readonly Item[]) => void,
): void {
  const items = inOrder(gang, scheduler.model, undefined);
  const placed: Item[] = [];
  let pending = items;
  // Those that want somebody near may have to wait for each other.
  for (let left = Infinity; pending.length < left && pending.length > 0;) {
    left = pending.length;
    pending = pending.filter((item) => {
      if (!scheduler.attempt(item)) return true;
      placed.push(item);
      return false;
    });
  }
  look(pending, items);
  for (const item of placed) scheduler.take(item);
}
