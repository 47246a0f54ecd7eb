import { type Applied, appliedFile } from './apply';
import { type PlannedFile, titleOf, type Truth } from './gates';

/** A file's part in the time that an apply takes; seconds since apply.sh began. */
export interface FileTiming {
  readonly file: string;
  readonly wave: number;
  /** When the last of what it needs was ready. */
  readonly able: number;
  readonly begun: number;
  readonly applied: number;
  /** When all that it waits for was true. */
  readonly ready: number;
  /** What was true last. */
  readonly last: string;
}

export interface Timing {
  readonly files: readonly FileTiming[];
  /** From the start of apply.sh to its end. */
  readonly total: number;
  /** From the start of apply.sh until everything was ready. */
  readonly ready: number;
  /** The chain of files whose applying and getting ready takes longest, each after what it needs. */
  readonly criticalPath: readonly string[];
  /** What that chain takes when nothing is lost between its files. */
  readonly critical: number;
}

/** The truth of each gate of each file, in the file's order. */
export type Truths = ReadonlyMap<string, readonly Truth[]>;

export function timing(plan: readonly PlannedFile[], applied: Applied, truths: Truths): Timing {
  const since = (time: number): number => (time - applied.began) / 1000;
  const files: FileTiming[] = [];
  const longest = new Map<string, { readonly seconds: number; readonly path: readonly string[] }>();
  for (const { name, wave, needs, gates } of plan) {
    const call = applied.calls.find((one) => appliedFile(one) === name);
    if (!call) throw new Error(`${name} was not applied`);
    const [begun, done] = [since(call.began), since(call.ended)];
    // The cluster's own times are whole seconds: true from then on, but never before the file was applied.
    const moments = truths.get(name)!.map((truth) => Math.max(since(truth.since), begun));
    const ready = Math.max(done, ...moments);
    const latest = gates[moments.indexOf(ready)];
    const able = Math.max(0, ...needs.map((need) => files.find(({ file }) => file === need)!.ready));
    files.push({ file: name, wave, able, begun, applied: done, ready, last: latest ? titleOf(latest) : 'accepted' });
    const before = needs.map((need) => longest.get(need)!).sort((a, b) => b.seconds - a.seconds)[0];
    longest.set(name, { seconds: (before?.seconds ?? 0) + ready - begun, path: [...(before?.path ?? []), name] });
  }
  const [top] = [...longest.values()].sort((a, b) => b.seconds - a.seconds);
  return {
    files,
    total: since(applied.ended),
    ready: Math.max(...files.map(({ ready }) => ready)),
    criticalPath: top!.path,
    critical: top!.seconds,
  };
}

/** As a table for people. */
export function timingTable({ files, total, ready, critical, criticalPath }: Timing): string {
  const rows = files.map((file) => [
    criticalPath.includes(file.file) ? '*' : '',
    file.file.replace('.k8s.yaml', ''),
    file.able.toFixed(1),
    (file.begun - file.able).toFixed(1),
    (file.applied - file.begun).toFixed(1),
    (file.ready - file.applied).toFixed(1),
    file.ready.toFixed(1),
    file.last,
  ]);
  const head = ['', 'file', 'able', 'waited', 'apply', 'getting ready', 'ready', 'last to be true'];
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd();
  return [
    line(head),
    ...rows.map(line),
    `apply.sh ran ${total.toFixed(1)} s; all was ready after ${ready.toFixed(1)} s.`,
    `The longest chain (*) takes ${critical.toFixed(1)} s by itself: ${(ready - critical).toFixed(1)} s were lost between its files.`,
  ].join('\n');
}
