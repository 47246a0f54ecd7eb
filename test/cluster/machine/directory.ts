import { randomBytes } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { directoryRoot } from '../images';
import { REPOSITORY, RUN } from '../paths';
import { run, until } from '../shell';
import { readState } from '../state';
import { CLIENT_ADDRESS, SYSTEM_PATH } from './constants';
import { certificate, key, makeServerCertificate } from './pki';
import { addProcess } from './processes';

/*
 * The company's directory of people, an OpenLDAP outside of the cluster, at the address and with the tree that blueprints/lab.ts tells of.
 */

/** Of its process and its certificate. */
const NAME = 'directory';
const HOST = 'ldap.corp.example';
const ADDRESS = '10.20.0.5';
const BASE = 'dc=corp,dc=example';
const FOLDER = join(RUN, 'directory');
const FILES = join(FOLDER, 'files');
const KNOWN = join(FOLDER, 'known.json');

/** Names that the company's DNS knows besides the site's. */
export const COMPANY_HOSTS: Readonly<Record<string, string>> = { [HOST]: ADDRESS };

/** Who is in which groups. */
const PEOPLE = { alice: ['ml-vision'], bob: ['ml-language'], carol: ['ml-platform'], dave: [] } as const;

export type Person = keyof typeof PEOPLE;

/** What the company's administrator knows of the directory. */
export interface Directory {
  /** PEM: what its certificate is of. */
  readonly authority: string;
  /** Who may look up others. */
  readonly bind: { readonly username: string; readonly password: string };
  readonly passwords: Readonly<Record<Person, string>>;
}

/** The directory that is up. @throws where none is */
export function directory(): Directory {
  return JSON.parse(readFileSync(KNOWN, 'utf8')) as Directory;
}

/** Starts it, with new passwords for all. */
export async function startDirectory(tell: (line: string) => void): Promise<void> {
  const root = await directoryRoot(tell);
  for (const folder of [FILES, join(FOLDER, 'root')]) mkdirSync(folder, { recursive: true });
  const secret = () => randomBytes(12).toString('hex');
  const bind = { username: `cn=search,${BASE}`, password: secret() };
  const passwords = Object.fromEntries(Object.keys(PEOPLE).map((name) => [name, secret()])) as Record<Person, string>;
  const authority = await certificates();
  writeFileSync(join(FOLDER, 'resolv.conf'), `nameserver ${CLIENT_ADDRESS}\n`);
  writeFileSync(join(FILES, 'slapd.conf'), configuration(bind.username));
  writeFileSync(join(FILES, 'people.ldif'), people(bind.password, passwords));
  writeFileSync(KNOWN, JSON.stringify({ authority, bind, passwords } satisfies Directory));
  chmodSync(FOLDER, 0o700);
  const { holder } = readState();
  await run(['nsenter', '-t', String(holder), '-n', '--', 'ip', 'address', 'add', `${ADDRESS}/32`, 'dev', 'lo']);
  const serve = [
    `mkdir -p ${FILES}/data`,
    `slapadd -f ${FILES}/slapd.conf -l ${FILES}/people.ldif`,
    `exec slapd -d 0 -f ${FILES}/slapd.conf -h ldaps://${ADDRESS}:636`,
  ].join(' && ');
  // The repository needn't be visible in its place.
  const script = join(FOLDER, 'enter.sh');
  copyFileSync(join(REPOSITORY, 'test/cluster/client/enter.sh'), script);
  const enter = ['sh', script, root.join(':'), FOLDER];
  await addProcess({
    name: NAME,
    argv: ['unshare', '--mount', '--propagation', 'private', '--', ...enter, 'sh', '-ec', serve],
    env: { PATH: SYSTEM_PATH },
  });
  const ask = [
    'openssl',
    's_client',
    '-connect',
    `${ADDRESS}:636`,
    '-CAfile',
    join(FILES, 'ca.crt'),
    '-verify_return_error',
  ];
  await until('the directory', 30, async () =>
    run(['nsenter', '-t', String(holder), '-n', '--', ...ask]).then(
      () => true,
      () => undefined,
    ),
  );
}

/** Puts them where the server finds them. @returns the authority's, PEM */
async function certificates(): Promise<string> {
  const authority = `${NAME}-ca`;
  await makeServerCertificate(NAME, HOST);
  copyFileSync(certificate(authority), join(FILES, 'ca.crt'));
  copyFileSync(certificate(NAME), join(FILES, 'server.crt'));
  copyFileSync(key(NAME), join(FILES, 'server.key'));
  return readFileSync(certificate(authority), 'utf8');
}

function configuration(reader: string): string {
  return `${['core', 'cosine', 'inetorgperson'].map((name) => `include /etc/ldap/schema/${name}.schema`).join('\n')}
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCACertificateFile ${FILES}/ca.crt
TLSCertificateFile ${FILES}/server.crt
TLSCertificateKeyFile ${FILES}/server.key
database mdb
suffix "${BASE}"
directory ${FILES}/data
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="${reader}" read by * none
`;
}

function people(search: string, passwords: Readonly<Record<Person, string>>): string {
  const groups = [...new Set(Object.values(PEOPLE).flat())];
  const person = (name: string, password: string) =>
    [
      `uid=${name},ou=people`,
      {
        objectClass: ['inetOrgPerson'],
        uid: [name],
        cn: [name],
        sn: [name],
        mail: [`${name}@corp.example`],
        userPassword: [password],
      },
    ] as const;
  const members = (group: string) =>
    Object.entries(PEOPLE).flatMap(([name, of]) =>
      (of as readonly string[]).includes(group) ? [`uid=${name},ou=people,${BASE}`] : [],
    );
  const entries: readonly (readonly [string, Readonly<Record<string, readonly string[]>>])[] = [
    ['', { objectClass: ['dcObject', 'organization'], o: ['Corp'], dc: ['corp'] }],
    [
      'cn=search',
      { objectClass: ['organizationalRole', 'simpleSecurityObject'], cn: ['search'], userPassword: [search] },
    ],
    ['ou=people', { objectClass: ['organizationalUnit'], ou: ['people'] }],
    ['ou=groups', { objectClass: ['organizationalUnit'], ou: ['groups'] }],
    ...Object.entries(passwords).map(([name, password]) => person(name, password)),
    ...groups.map(
      (name) => [`cn=${name},ou=groups`, { objectClass: ['groupOfNames'], cn: [name], member: members(name) }] as const,
    ),
  ];
  return entries
    .map(([name, attributes]) =>
      [
        `dn: ${[name, BASE].filter((part) => part !== '').join(',')}`,
        ...Object.entries(attributes).flatMap(([key, values]) => values.map((value) => `${key}: ${value}`)),
        '',
      ].join('\n'),
    )
    .join('\n');
}
