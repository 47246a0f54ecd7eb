import {
  constructFromEvents,
  CORE_SCHEMA,
  type Event,
  EVENT_ID,
  getScalarValue,
  mergeTag,
  parseEvents,
  YAMLException,
} from 'js-yaml';
import { describe, formatPath, type Path, Problems } from './decode';

/** Enough for a site; more is a file that would be blown up on purpose. */
const MAX_ALIASES = 100;

/**
 * A YAML file's one document, and where its keys stand.
 *
 * @returns the value and the collection of problems, which holds the repeated keys already
 * @throws OnPremError when it isn't YAML, is empty, or has several documents
 */
export function readYaml(source: string, label: string): { readonly value: unknown; readonly problems: Problems } {
  let events: Event[];
  let documents: unknown[];
  try {
    events = parseEvents(source, {});
    // Repeated keys are reported below, with all else.
    documents = constructFromEvents(events, {
      source,
      json: true,
      schema: CORE_SCHEMA.withTags(mergeTag),
      maxAliases: MAX_ALIASES,
    });
  } catch (error) {
    return refuse(source, label, error);
  }
  const positions = new Positions(source, events);
  const problems = new Problems(label, (path) => positions.line(path));
  if (documents.length === 0 || (documents.length === 1 && documents[0] === null)) {
    problems.add([], 'must not be empty; give it name, domain and nodePools');
  }
  if (documents.length > 1) {
    problems.add(
      [],
      `must be one YAML document, got ${documents.length}; remove all but one, and the "---" between them`,
      positions.secondDocument,
    );
  }
  problems.throwIfAny();
  for (const { path, first, again } of positions.repeated)
    problems.add(path, `is given again, first on line ${first}; keep one of them`, again);
  return { value: documents[0], problems };
}

/** js-yaml's reasons, and what mends each. */
const MENDS: readonly (readonly [string, string])[] = [
  ['tab characters', 'indent with blanks'],
  ['deficient indentation', 'close the quote or bracket of the lines before, or indent this line'],
  ['bad indentation', 'indent it as its neighbours, and put a text with ": " or a special first character in quotes'],
  ['null byte', 'give a text file'],
  ['alias', 'write out what it stands for'],
  ['tag', 'remove the tag, or put the text in quotes'],
];

function refuse(source: string, label: string, error: unknown): never {
  const problems = new Problems(label);
  const mark = error instanceof YAMLException ? error.mark : undefined;
  const reason = error instanceof YAMLException ? error.reason : String(error);
  const mend = MENDS.find(([part]) => reason.includes(part))?.[1] ?? 'mend this line';
  const line = mark && source.split(/\r\n?|\n/)[mark.line];
  problems.add(
    [],
    `must be YAML: ${reason}${line?.trim() ? ` in ${describe(line.trimEnd())}` : ''}; ${mend}`,
    mark && mark.line + 1,
  );
  problems.throwIfAny();
  throw error;
}

/** Where each key and entry of the first document stands. */
class Positions {
  /** Keys that their mapping has had before. */
  readonly repeated: { readonly path: Path; readonly first: number; readonly again: number }[] = [];
  private readonly offsets = new Map<string, number>();
  private next = 1;

  constructor(
    private readonly source: string,
    private readonly events: readonly Event[],
  ) {
    if (events.length > 0) this.node([]);
  }

  /** The line of a path, or of the nearest thing around it that stands in the file. */
  line(path: Path): number | undefined {
    const offset = this.offsets.get(formatPath(path));
    if (offset !== undefined) return this.lineAt(offset);
    return path.length === 0 ? undefined : this.line(path.slice(0, -1));
  }

  /** The line on which the second document's contents start. */
  get secondDocument(): number | undefined {
    const start = this.events.findIndex((event, i) => i > 0 && event.type === EVENT_ID.DOCUMENT);
    const offset = start < 0 ? -1 : offsetOf(this.events[start + 1]);
    return offset < 0 ? undefined : this.lineAt(offset);
  }

  private lineAt(offset: number): number {
    return this.source.slice(0, offset).split(/\r\n?|\n/).length;
  }

  /** Goes past a node, its children included, and notes their places. */
  private node(path: Path): void {
    const event = this.events[this.next++];
    const offset = offsetOf(event);
    const key = formatPath(path);
    // A mapping's entry is where its key is, which is known by now.
    if (offset >= 0 && !this.offsets.has(key)) this.offsets.set(key, offset);
    if (event.type === EVENT_ID.SEQUENCE) {
      for (let i = 0; this.events[this.next].type !== EVENT_ID.POP; i++) this.node([...path, i]);
      this.next++;
    } else if (event.type === EVENT_ID.MAPPING) {
      while (this.events[this.next].type !== EVENT_ID.POP) this.entry(path);
      this.next++;
    }
  }

  private entry(path: Path): void {
    const key = this.events[this.next];
    if (key.type !== EVENT_ID.SCALAR) {
      // Such keys have no place in a site: the values under them are not looked up.
      this.node([...path, '?']);
      return this.node([...path, '?']);
    }
    this.next++;
    const child = [...path, getScalarValue(this.source, key)];
    const text = formatPath(child);
    const earlier = this.offsets.get(text);
    if (earlier === undefined) this.offsets.set(text, key.valueStart);
    else if (text !== formatPath([...path, '<<']))
      this.repeated.push({ path: child, first: this.lineAt(earlier), again: this.lineAt(key.valueStart) });
    this.node(child);
  }
}

function offsetOf(event: Event): number {
  switch (event.type) {
    case EVENT_ID.SCALAR:
      return event.valueStart;
    case EVENT_ID.MAPPING:
    case EVENT_ID.SEQUENCE:
      return event.start;
    case EVENT_ID.ALIAS:
      return event.anchorStart;
    case EVENT_ID.DOCUMENT:
    case EVENT_ID.POP:
      return -1;
  }
}
