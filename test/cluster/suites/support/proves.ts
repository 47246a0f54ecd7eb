/** The systems of dist/experiment-tracking, as its summary.md names them. */
export type System = 'metallb' | 'credentials' | 'cert-manager' | 'gateway' | 'minio' | 'postgres' | 'mlflow';

/** A: accepted whole, in order, twice. L: lives, and a client uses it. F: keeps its promise when things fail. */
export type Mark = 'A' | 'L' | 'F';

/** All systems, for what is shown of the platform as a whole. */
export const SYSTEMS: readonly System[] = [
  'metallb',
  'credentials',
  'cert-manager',
  'gateway',
  'minio',
  'postgres',
  'mlflow',
];

/**
 * A jest test that shows a mark of one system or of several. Its title, `[minio,mlflow L] what is shown`, is what docs/systems.md is made
 * from.
 *
 * @param seconds longest time. @default - that of jest.cluster.config.js
 */
export function proves(
  system: System | readonly System[],
  mark: Mark,
  what: string,
  fn: () => Promise<void>,
  seconds?: number,
): void {
  const systems = typeof system === 'string' ? system : system.join(',');
  it(`[${systems} ${mark}] ${what}`, fn, seconds === undefined ? undefined : seconds * 1000);
}
