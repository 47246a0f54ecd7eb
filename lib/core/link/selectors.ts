import { arr, isObj, obj, str, type Obj } from './json';

/** True where a LabelSelector matches the labels. An empty selector matches everything. */
export function selects(selector: unknown, labels: Obj): boolean {
  const { matchLabels, matchExpressions } = obj(selector);
  return covers(obj(matchLabels), labels) && arr(matchExpressions).every((e) => holds(obj(e), labels));
}

/** True where all the wanted labels are there. */
export function covers(wanted: Obj, labels: Obj): boolean {
  for (const key in wanted) if (wanted[key] !== labels[key]) return false;
  return true;
}

function holds(expression: Obj, labels: Obj): boolean {
  const value = labels[str(expression.key) ?? ''];
  const values = arr(expression.values);
  switch (expression.operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}

/** True for a selector that matches everything. */
export function isEmptySelector(selector: unknown): boolean {
  const { matchLabels, matchExpressions } = obj(selector);
  return Object.keys(obj(matchLabels)).length === 0 && arr(matchExpressions).length === 0;
}

/** A selector as it reads in a message: `app=web,tier in (a, b)`. */
export function showSelector(selector: unknown): string {
  const { matchLabels, matchExpressions } = obj(selector);
  const parts = Object.entries(obj(matchLabels)).map(([key, value]) => `${key}=${String(value)}`);
  for (const item of arr(matchExpressions)) {
    const { key, operator, values } = obj(item);
    const list = arr(values);
    parts.push(`${String(key)} ${String(operator)}${list.length > 0 ? ` (${list.join(', ')})` : ''}`);
  }
  return parts.join(',');
}

interface Labelled {
  readonly labels: Obj;
}

/** Things by their labels, so that a selector looks only at those that have its rarest label. */
export class LabelIndex<T extends Labelled> {
  private readonly all: T[] = [];
  private readonly byPair = new Map<string, T[]>();

  add(item: T): void {
    this.all.push(item);
    for (const key in item.labels) {
      const pair = `${key}=${String(item.labels[key])}`;
      const list = this.byPair.get(pair);
      if (list) list.push(item);
      else this.byPair.set(pair, [item]);
    }
  }

  /** All that a LabelSelector matches. */
  select(selector: unknown): readonly T[] {
    const { matchLabels, matchExpressions } = obj(selector);
    const rarest = this.rarest(obj(matchLabels));
    if (rarest.length === 0) return rarest;
    if (!isObj(matchLabels) && arr(matchExpressions).length === 0) return rarest;
    return rarest.filter((item) => selects(selector, item.labels));
  }

  get items(): readonly T[] {
    return this.all;
  }

  private rarest(matchLabels: Obj): readonly T[] {
    let best: readonly T[] | undefined;
    for (const key in matchLabels) {
      const list = this.byPair.get(`${key}=${String(matchLabels[key])}`);
      if (!list) return [];
      if (!best || list.length < best.length) best = list;
    }
    return best ?? this.all;
  }
}
