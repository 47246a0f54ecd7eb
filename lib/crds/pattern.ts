/**
 * Compiles a regular expression in Go's syntax (RE2), in which CRDs write their patterns.
 *
 * Where JavaScript can't say quite the same, the result accepts more, never less: a flag in the middle such as `(?i)` holds
 * for the whole expression.
 *
 * @returns undefined where there is no way to say it
 * @see https://github.com/google/re2/wiki/Syntax
 */
export function compilePattern(pattern: string): RegExp | undefined {
  const flags = new Set<string>();
  const source = pattern
    .replace(/\\Q(.*?)(?:\\E|$)/gs, (_, literal: string) => literal.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    .replace(/\(\?([ims]+)(:|\))/g, (_, given: string, end: string) => {
      for (const flag of given) flags.add(flag);
      return end === ':' ? '(?:' : '';
    })
    .replace(/\(\?P</g, '(?<')
    .replace(/\\A/g, '^')
    .replace(/\\z/g, '$')
    .replace(/\\a/g, '\\x07')
    .replace(/\[:(\^?)(\w+):\]/g, (whole, not: string, name: string) => (not ? whole : (POSIX_CLASSES[name] ?? whole)))
    .replace(/\\([pP])([A-Z])(?![a-z{])/g, '\\$1{$2}')
    .replace(/\\x\{([0-9A-Fa-f]+)\}/g, '\\u{$1}');
  if (/\\[pP]\{|\\u\{/.test(source)) flags.add('u');
  try {
    return new RegExp(source, [...flags].join(''));
  } catch {
    return undefined;
  }
}

const POSIX_CLASSES: { readonly [name: string]: string } = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7F',
  blank: '\\t ',
  cntrl: '\\x00-\\x1F\\x7F',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};
