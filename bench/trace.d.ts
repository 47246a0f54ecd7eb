/** Milliseconds from the process' start, but for `transpile`, which is a sum. */
export interface Trace {
  readonly compilerLoaded: number;
  readonly transpile: number;
  readonly files: number;
  readonly loaded: number;
  readonly constructed: number;
  readonly linked: number;
  readonly written: number;
}
