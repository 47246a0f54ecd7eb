import { type Size } from 'cdk8s';
import { didYouMean, fail, show } from '../errors';
import { checkSize, quantity } from '../quantity';

/** What of a program's resources is the user's to choose. */
export interface ProgramResources {
  /** Cores requested, above 0 and at most 256; it may use four times as many, and at least one, when the node has them. */
  readonly cpu?: number;
  /** Memory, requested and limit: a program that takes more is killed. At least 64 MiB. */
  readonly memory?: Size;
}

const MIN_KIBIBYTES = 64 * 1024;
const MAX_CPU = 256;

/**
 * The resources of a system's programs: what is given, over each one's own.
 *
 * @param given the system's prop `resources`, by the name of the program
 * @throws when a program isn't one of the system's, or a value is out of its bounds
 */
export function programResources<N extends string>(
  path: string,
  given: Readonly<Partial<Record<N, ProgramResources>>> | undefined,
  own: Readonly<Record<N, Required<ProgramResources>>>,
): Readonly<Record<N, Required<ProgramResources>>> {
  const names = Object.keys(own) as N[];
  const unknown = Object.keys(given ?? {}).find((name) => !names.some((known) => known === name));
  if (unknown !== undefined) fail(path, `resources has no program ${show(unknown)}${didYouMean(unknown, names)}`);
  const chosen = names.map((name) => {
    const { cpu, memory } = given?.[name] ?? {};
    if (cpu !== undefined) checkCpu(path, `resources.${name}.cpu`, cpu);
    if (memory !== undefined) checkMemory(path, `resources.${name}.memory`, memory);
    return [name, { cpu: cpu ?? own[name].cpu, memory: memory ?? own[name].memory }] as const;
  });
  return Object.fromEntries(chosen) as Record<N, Required<ProgramResources>>;
}

/** Checks a number of cores. */
export function checkCpu(path: string, what: string, cpu: number): void {
  if (cpu > 0 && cpu <= MAX_CPU) return;
  fail(path, `${what} must be above 0 and at most ${MAX_CPU} cores, got ${show(cpu)}; write 0.5 for half a core`);
}

function checkMemory(path: string, what: string, memory: Size): void {
  checkSize(path, what, memory);
  if (memory.toKibibytes() < MIN_KIBIBYTES) {
    fail(path, `${what} must be at least 64Mi, got ${quantity(memory)}; with less the program doesn't come up`);
  }
}
