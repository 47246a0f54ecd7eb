import { count, show } from '../core/errors';
import { formatFinding, link, type External, type Finding, type LinkObject } from '../core/link';
import { type Command } from './main';
import { readObjects, readText, Unreadable } from './read-objects';

const HELP = `usage: onprem-ml link PATH... [OPTION]...

Checks Kubernetes manifests as a linker checks a program: every name that an object refers to exists, every port is open, every selector
matches, every custom resource is valid by its CRD. Works on any YAML or JSON, ours or a chart's: \`helm template x ./chart --include-crds
--namespace x | onprem-ml link - --namespace x\`. Needs no cluster and no network.

PATH is a file, a folder (all *.yaml, *.yml and *.json below it) or - for standard input. Where every file is named NN-*.yaml, as those we
write, NN is the wave the file is applied in, and what an object needs must be there in its own wave or an earlier one.

  --external KIND/NAME             something that the cluster has though the input hasn't: StorageClass/fast,
  --external KIND/NAMESPACE/NAME   Secret/mlflow/mlflow-db; NAME may be *; may be given many times
  --namespace NAME                 namespace of objects that name none; it is taken to exist (as with helm -n) [default: default]
  --images FILE                    every image that may be used, one a line: another one is a finding, and so is one without a version
  --cluster-domain DOMAIN          DNS domain of the cluster [default: cluster.local]
  --strict                         also what a bundle can work with, but shouldn't have: secret values in manifests, ports that no
                                   container declares, monitors and policy peers that select nothing, Secrets that only seem to be made
                                   at run time. Our own output is linked so.
  -h, --help                       this text

Exit code: 0 nothing found, 1 findings, 2 wrong usage or input that can't be read.`;

/** `onprem-ml link`: the linker for any folder of manifests. */
export const linkCommand: Command = {
  summary: 'check that Kubernetes manifests fit together',
  run(args, out, err) {
    if (args.includes('--help') || args.includes('-h')) {
      out(HELP);
      return 0;
    }
    try {
      const { paths, images, ...options } = parse(args);
      const objects = readObjects(paths);
      const findings = link(objects, { ...options, images: images === undefined ? undefined : readImages(images) });
      print(findings, objects, out);
      out(`${count(objects.length, 'object')}, ${count(findings.length, 'finding')}`);
      return findings.length === 0 ? 0 : 1;
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      err(`onprem-ml link: ${error.message}`);
      return 2;
    }
  },
};

interface Arguments {
  readonly paths: readonly string[];
  readonly external: readonly External[];
  readonly namespace?: string;
  readonly images?: string;
  readonly clusterDomain?: string;
  readonly strict: boolean;
}

const VALUES: Readonly<Record<string, 'external' | 'namespace' | 'images' | 'clusterDomain'>> = {
  '--external': 'external',
  '--namespace': 'namespace',
  '-n': 'namespace',
  '--images': 'images',
  '--cluster-domain': 'clusterDomain',
};

function parse(args: readonly string[]): Arguments {
  const paths: string[] = [];
  const external: External[] = [];
  const values: { namespace?: string; images?: string; clusterDomain?: string } = {};
  let strict = false;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    const equals = arg.startsWith('--') ? arg.indexOf('=') : -1;
    const option = equals < 0 ? arg : arg.slice(0, equals);
    if (option === '--strict') {
      strict = true;
    } else if (Object.hasOwn(VALUES, option)) {
      const value = equals < 0 ? args[++i] : arg.slice(equals + 1);
      if (value === undefined || value === '') throw new Unreadable(`${option} needs a value; see --help`);
      const key = VALUES[option];
      if (key === 'external') external.push(parseExternal(value));
      else values[key] = value;
    } else if (arg.startsWith('-') && arg !== '-') {
      throw new Unreadable(`there is no option ${show(arg)}; see --help`);
    } else {
      paths.push(arg);
    }
  }
  if (paths.length === 0)
    throw new Unreadable('names no file or folder; give at least one PATH, or - for standard input');
  return { paths, external, strict, ...values };
}

function parseExternal(text: string): External {
  const parts = text.split('/');
  if (parts.length < 2 || parts.length > 3 || parts.some((part) => part === '')) {
    throw new Unreadable(`--external must be KIND/NAME or KIND/NAMESPACE/NAME, got ${show(text)}`);
  }
  const [kind, second, third] = parts;
  return third === undefined ? { kind, name: second } : { kind, namespace: second, name: third };
}

/** One image a line; what follows a space, and lines that begin with #, are comments. */
function readImages(path: string): ReadonlySet<string> {
  const lines = readText(path)
    .split('\n')
    .map((line) => line.trim());
  return new Set(lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split(/\s/)[0]));
}

/** Grouped by object: its place, kind and name once, its findings below. */
function print(findings: readonly Finding[], objects: readonly LinkObject[], out: (line: string) => void): void {
  const titles = new Map(
    objects.map(({ source, object }) => [source, `${source} ${object.kind} ${object.metadata.name ?? ''}`]),
  );
  let source: string | undefined;
  for (const finding of findings) {
    if (finding.source !== source)
      out(`${source === undefined ? '' : '\n'}${titles.get(finding.source) ?? finding.source}`);
    source = finding.source;
    out(`  ${finding.rule}: ${formatFinding(finding).slice(finding.source.length + 2)}`);
  }
  if (findings.length > 0) out('');
}
