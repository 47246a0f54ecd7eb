#!/usr/bin/env node
import { imagesCommand } from './images';
import { linkCommand } from './link';
import { siteCommand } from './site';

/** A subcommand: gets the words after its name, writes to the given streams, and answers with the exit code. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  run(args: readonly string[], out: (line: string) => void, err: (line: string) => void): number | Promise<number>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  images: imagesCommand,
  link: linkCommand,
  site: siteCommand,
};

/**
 * The command line, `onprem-ml COMMAND ...`.
 *
 * @returns the exit code: the command's own, a promise where it asks the network; or 2 where there is no such command
 */
export function main(
  args: readonly string[],
  out: (line: string) => void = console.log,
  err: (line: string) => void = console.error,
): number | Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    (name === undefined ? err : out)(usage());
    return name === undefined ? 2 : 0;
  }
  if (!Object.hasOwn(COMMANDS, name)) {
    err(`onprem-ml: there is no command ${JSON.stringify(name)}; there is ${Object.keys(COMMANDS).join(', ')}`);
    return 2;
  }
  return COMMANDS[name].run(rest, out, err);
}

function usage(): string {
  const commands = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(8)}${summary}`);
  return ['usage: onprem-ml COMMAND [ARGUMENT]...', '', ...commands, '', '`onprem-ml COMMAND --help` says more.'].join(
    '\n',
  );
}

if (require.main === module) {
  void Promise.resolve(main(process.argv.slice(2))).then((code) => {
    process.exitCode = code;
  });
}
