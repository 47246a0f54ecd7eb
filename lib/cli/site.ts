import { count, OnPremError, show } from '../core/errors';
import { Site } from '../site';
import { readNode } from './from-nodes/node';
import { findPools } from './from-nodes/pools';
import { siteText } from './from-nodes/site-text';
import { type Command } from './main';
import { parseObjects, readText, Unreadable } from './read-objects';

const HELP = `usage: onprem-ml site from-nodes FILE [OPTION]...

Writes a site file from the nodes of a cluster to standard output: \`kubectl get nodes -o json | onprem-ml site from-nodes - --domain
lab.example > site.yaml\`. Nodes that are alike become a pool; servers and GPUs are recognized by the labels of the GPU makers'
discovery, however the GPUs are shared; what is kept back for the system is capacity less allocatable. What nodes don't tell (disks,
networks, storage classes) stands in the file as comments to fill in. Needs no cluster and no network.

FILE is what \`kubectl get nodes -o json\` (or -o yaml) printed, or - for standard input.

  --domain DOMAIN  the DNS domain of the platform; without it the file has a comment in its place, and is no site before it is filled in
  --name NAME      the name of the site [default: lab]
  -h, --help       this text

Exit code: 0 the file is a site (or lacks nothing but its domain), 1 it was written, and standard error says what must be mended, 2 wrong
usage or input that can't be read.`;

/** `onprem-ml site`: site files. */
export const siteCommand: Command = {
  summary: 'write a site file from the nodes of a cluster',
  run(args, out, err) {
    if (args.includes('--help') || args.includes('-h')) {
      out(HELP);
      return 0;
    }
    try {
      const { file, name, domain } = parse(args);
      const objects = parseObjects(file, readText(file));
      if (objects.length === 0)
        throw new Unreadable(`${file}: holds no nodes; give the output of \`kubectl get nodes -o json\``);
      const pools = findPools(objects.map(readNode));
      const text = siteText(name, domain, pools);
      out(text);
      return complaints(domain === undefined ? `domain: lab.example\n${text}` : text, err) === 0 ? 0 : 1;
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      err(`onprem-ml site: ${error.message}`);
      return 2;
    }
  },
};

/** Says what is wrong with the site, and how much. */
function complaints(text: string, err: (line: string) => void): number {
  try {
    Site.fromYaml(text, { file: 'site' });
    return 0;
  } catch (error) {
    if (!(error instanceof OnPremError)) throw error;
    // The place in the file is of no use before it is saved; each problem names its key.
    const problems = error.problems.map((problem) => problem.replace(/^site(:\d+)?: /, ''));
    err(`onprem-ml site: the file is no site yet: ${count(problems.length, 'problem')}`);
    problems.forEach((problem) => err(`  - ${problem}`));
    return problems.length;
  }
}

interface Arguments {
  readonly file: string;
  readonly name: string;
  readonly domain?: string;
}

function parse(args: readonly string[]): Arguments {
  const [subcommand, ...rest] = args;
  if (subcommand !== 'from-nodes')
    throw new Unreadable(
      subcommand === undefined
        ? 'says not what to do; there is from-nodes'
        : `there is no subcommand ${show(subcommand)}; there is from-nodes`,
    );
  const files: string[] = [];
  const values: { name?: string; domain?: string } = {};
  for (let i = 0; i < rest.length; i++) {
    const arg = rest[i];
    const equals = arg.startsWith('--') ? arg.indexOf('=') : -1;
    const option = equals < 0 ? arg : arg.slice(0, equals);
    if (option === '--name' || option === '--domain') {
      const value = equals < 0 ? rest[++i] : arg.slice(equals + 1);
      if (value === undefined || value === '') throw new Unreadable(`${option} needs a value; see --help`);
      values[option === '--name' ? 'name' : 'domain'] = value;
    } else if (arg.startsWith('-') && arg !== '-') {
      throw new Unreadable(`there is no option ${show(arg)}; see --help`);
    } else {
      files.push(arg);
    }
  }
  if (files.length !== 1)
    throw new Unreadable(`takes one FILE, or - for standard input, got ${files.length}; see --help`);
  return { file: files[0], name: values.name ?? 'lab', domain: values.domain };
}
