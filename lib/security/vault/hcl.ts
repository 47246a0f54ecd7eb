/** A value in HashiCorp's configuration language. */
export type HclValue = string | number | boolean | readonly string[];

/** `type "label" { ... }` */
export interface HclBlock {
  readonly block: string;
  readonly label?: string;
  readonly body: Hcl;
}

/** Attributes by name, and blocks, in the order they are written. Undefined attributes are left out. */
export type Hcl = readonly (Readonly<Record<string, HclValue | undefined>> | HclBlock)[];

/** The text of a configuration or a policy. Strings are quoted as JSON does, which is legal here too. */
export function renderHcl(entries: Hcl, indent = ''): string {
  return entries.map((entry) => (isBlock(entry) ? renderBlock(entry, indent) : attributes(entry, indent))).join('');
}

function isBlock(entry: Hcl[number]): entry is HclBlock {
  return 'body' in entry;
}

function renderBlock({ block, label, body }: HclBlock, indent: string): string {
  const head = `${indent}${block}${label === undefined ? '' : ` ${JSON.stringify(label)}`}`;
  const inner = renderHcl(body, `${indent}  `);
  return inner === '' ? `${head} {}\n` : `${head} {\n${inner}${indent}}\n`;
}

function attributes(entry: Exclude<Hcl[number], HclBlock>, indent: string): string {
  return Object.entries(entry)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${indent}${name} = ${typeof value === 'object' ? list(value) : JSON.stringify(value)}\n`)
    .join('');
}

function list(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(', ')}]`;
}
