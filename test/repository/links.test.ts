import { dirname, join } from 'node:path';
import { exists, pages, read } from './repository';

/** A page's text without its code, in which brackets mean something else. */
function prose(text: string): string {
  return text.replace(/^```[^]*?^```$/gm, '').replace(/`[^`\n]*`/g, '');
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchors(page: string): Set<string> {
  const headings = [...read(page).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function broken(page: string, text: string): string[] {
  const targets = [...prose(text).matchAll(/\]\(([^)\s]+)[^)]*\)|^\[[^\]]+\]: (\S+)/gm)].map(
    (match) => match[1] ?? match[2],
  );
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [file, anchor] = target.split('#') as [string, string?];
      const path = file === '' ? page : join(dirname(page), file);
      return path.startsWith('..') || !exists(path) || (anchor !== undefined && !anchors(path).has(anchor));
    })
    .map((target) => `${page}: ${target}`);
}

test('relative links of the pages lead to files and headings that exist', () => {
  expect(pages().length).toBeGreaterThan(5);
  expect(pages().flatMap((page) => broken(page, read(page)))).toEqual([]);
});

test('broken links are seen', () => {
  const text =
    '[a](site.md), [b](none.md), [c](../README.md#two-commands), [d](site.md#none), `[e](none)`, [f](https://example.com)\n[g]: none.md\n';
  expect(broken('docs/x.md', text)).toEqual(['docs/x.md: none.md', 'docs/x.md: site.md#none', 'docs/x.md: none.md']);
});
