import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Site } from '../../../lib';
import { Cluster, type KubeObject } from '../cluster';
import { RUN } from '../paths';
import { program } from '../programs/programs';
import { run, until } from '../shell';
import { readState } from '../state';
import { CLIENT_ADDRESS, SYSTEM_PATH } from './constants';
import { COMPANY_HOSTS } from './directory';
import { addProcess, isRunning } from './processes';

const FOLDER = join(RUN, 'dns');
const COREFILE = join(FOLDER, 'Corefile');

/** Starts the company's DNS, for clients and nodes. It knows the site's domain, once that has an address, and nothing else. */
export async function startDns(domain: string): Promise<void> {
  mkdirSync(FOLDER);
  writeFileSync(COREFILE, corefile(domain));
  await addProcess({ name: 'dns', argv: [program('coredns'), '-conf', COREFILE], env: { PATH: SYSTEM_PATH } });
}

/** From now on, all names in the site's domain lead to this address. It is what a person would enter into the company's DNS. */
export async function setGatewayAddress(address: string): Promise<void> {
  const state = readState();
  const { domain } = Site.fromFile(state.site);
  const wanted = corefile(domain, address);
  // Suites that run at a time each enter it.
  if (readFileSync(COREFILE, 'utf8') !== wanted) {
    writeFileSync(COREFILE, wanted);
    const dns = state.processes.find(({ name }) => name === 'dns')!;
    if (isRunning(state, dns)) process.kill(dns.pid, 'SIGUSR1');
  }
  await until(
    `the DNS entry of ${domain}`,
    20,
    async () => ((await lookup(state.holder, `any.${domain}`)) === address ? true : undefined),
    0.1,
  );
}

/** Enters the address of the cluster's first load balancer with HTTPS into the DNS, where there is one. */
export async function enterLoadBalancer(): Promise<void> {
  const services = await new Cluster().list<LoadBalancer>('services', '--all-namespaces');
  const address = services
    .filter(({ spec }) => spec.type === 'LoadBalancer' && spec.ports.some(({ port }) => port === 443))
    .flatMap(({ status }) => status.loadBalancer.ingress ?? [])
    .map(({ ip }) => ip)
    .at(0);
  if (address && !readFileSync(COREFILE, 'utf8').includes(` ${address}"`)) await setGatewayAddress(address);
}

interface LoadBalancer extends KubeObject {
  readonly spec: { readonly type: string; readonly ports: readonly { readonly port: number }[] };
  readonly status: { readonly loadBalancer: { readonly ingress?: readonly { readonly ip?: string }[] } };
}

function corefile(domain: string, address?: string): string {
  const known = { ...(address && { [domain]: address }), ...COMPANY_HOSTS };
  const entries = Object.entries(known).map(
    ([name, ip]) => `${name}:53 {
    errors
    template IN A {
        answer "{{ .Name }} 5 IN A ${ip}"
    }
    template IN ANY {
        rcode NOERROR
    }
}
`,
  );
  return `${entries.join('')}.:53 {
    errors
    template ANY ANY {
        rcode NXDOMAIN
    }
}
`;
}

/** What a client is told. */
async function lookup(holder: number, name: string): Promise<string> {
  const script = `const { Resolver } = require('node:dns');
    const resolver = new Resolver({ timeout: 500, tries: 1 });
    resolver.setServers(['${CLIENT_ADDRESS}']);
    resolver.resolve4(process.argv[1], (error, found) => process.stdout.write(error ? error.code : found[0]));`;
  return run(['nsenter', '-t', String(holder), '-n', '--', process.execPath, '-e', script, name], { timeout: 10 });
}
