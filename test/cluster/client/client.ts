import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster } from '../cluster';
import { clientRoot } from '../images';
import { type Result } from '../shell';

export interface ClientProps {
  readonly cluster: Cluster;
  /** PEM certificates of the authorities that its programs are told to trust: `ca.crt` in their folder. */
  readonly authority: string;
}

export interface ProgramOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Text files that the program finds in its folder. */
  readonly files?: Readonly<Record<string, string>>;
  /** A folder of this machine that the program finds as `shared` in its own; what it leaves there is kept. */
  readonly shared?: string;
  /** Text for its standard input. */
  readonly input?: string;
  /** Longest time in seconds. @default 120 */
  readonly timeout?: number;
  readonly onLine?: (line: string) => void;
}

/**
 * A person's computer at the clients' place: a file system with Python, MLflow, boto3 and psycopg, the company's DNS, and nothing else of the
 * machine.
 */
export class Client {
  private constructor(
    private readonly props: ClientProps,
    /** Overlay layers, topmost first. */
    private readonly root: readonly string[],
  ) {}

  /** @param tell hears what is being prepared, the first time */
  static async make(props: ClientProps, tell: (line: string) => void = () => undefined): Promise<Client> {
    return new Client(props, await clientRoot(tell));
  }

  /** What a program of this folder prints as its last line of standard output, as JSON. @throws with its output when it fails */
  async run<T>(program: string, options: ProgramOptions = {}): Promise<T> {
    const { code, stdout, stderr } = await this.attempt(program, options);
    if (code !== 0) throw new Error(`${program}: exit code ${code}\n${stdout.slice(-4000)}${stderr.slice(-4000)}`);
    const last = stdout.trimEnd().split('\n').at(-1)!;
    try {
      return JSON.parse(last) as T;
    } catch {
      throw new Error(`${program}: its last line is no JSON: ${last.slice(0, 500)}\n${stderr.slice(-2000)}`);
    }
  }

  /** As `run`, but with everything it prints, and a failure is a result. */
  async attempt(program: string, options: ProgramOptions = {}): Promise<Result> {
    const { cluster, authority } = this.props;
    const folder = mkdtempSync(join(tmpdir(), 'onprem-client-'));
    const files = join(folder, 'files');
    try {
      mkdirSync(join(folder, 'root'));
      mkdirSync(files);
      for (const name of readdirSync(__dirname).filter((n) => n.endsWith('.py'))) {
        cpSync(join(__dirname, name), join(files, name));
      }
      writeFileSync(join(folder, 'resolv.conf'), `nameserver ${cluster.state.clientAddress}\n`);
      for (const [name, text] of Object.entries({ 'ca.crt': authority, ...options.files })) {
        writeFileSync(join(files, name), text);
      }
      const shared = join(files, 'shared');
      if (options.shared !== undefined) cpSync(options.shared, shared, { recursive: true });
      const command = ['python3', join(files, program), ...(options.args ?? [])];
      const enter = [
        'sh',
        join(__dirname, 'enter.sh'),
        this.root.join(':'),
        folder,
        'env',
        '-i',
        `--chdir=${files}`,
        ...this.env(files, options),
      ];
      const result = await cluster.attempt(
        ['unshare', '--mount', '--propagation', 'private', '--', ...enter, ...command],
        {
          input: options.input,
          timeout: options.timeout ?? 120,
          onLine: options.onLine,
        },
      );
      if (options.shared !== undefined) cpSync(shared, options.shared, { recursive: true });
      return result;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  private env(files: string, { env }: ProgramOptions): string[] {
    const all = {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: files,
      TMPDIR: files,
      LANG: 'C.UTF-8',
      PYTHONUNBUFFERED: '1',
      PYTHONDONTWRITEBYTECODE: '1',
      ...env,
    };
    return Object.entries(all).map(([name, value]) => `${name}=${value}`);
  }
}
