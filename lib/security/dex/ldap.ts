import {
  checkChoice,
  checkLabel,
  fail,
  type ICredentials,
  type IEndpoint,
  type ISecret,
  type Mount,
  show,
  volume,
} from '../../core';

/** How far below its base a search goes: the whole tree, or one level. */
export type LdapScope = 'sub' | 'one';

/** How people are found. */
export interface LdapUserSearch {
  /** Where they are: `ou=people,dc=corp,dc=example`. */
  readonly baseDN: string;
  /** Which entries are people that may sign in: `(objectClass=person)`. @default - any with the attribute `username` */
  readonly filter?: string;
  /** Attribute that people type in: `uid`, `mail`, Active Directory's `sAMAccountName`. */
  readonly username: string;
  /** Attribute that stays a person's own for ever, as part of the subject of tokens. @default - same as `username` */
  readonly id?: string;
  /** Attribute with the mail address, which every person must have who signs in: systems know them by it. @default 'mail' */
  readonly email?: string;
  /** Attribute with the name that is shown. @default 'cn' */
  readonly name?: string;
  /** Attribute with the short name that systems call a person by. @default - same as `username` */
  readonly preferredUsername?: string;
  /** @default 'sub' */
  readonly scope?: LdapScope;
}

/** What makes a person a member of a group: an attribute of the group has the value of one of the person's. */
export interface LdapMembership {
  /** The person's attribute; `DN` is the entry's own name. */
  readonly user: string;
  /** The group's attribute: `member`, `memberUid`. */
  readonly group: string;
  /**
   * The attribute of a group that stands in `group` of those which it is itself a member of, most often `DN`: the person is a member of these
   * too, and so on upwards.
   * @default - groups within groups don't count
   */
  readonly recursive?: string;
}

/** How people's groups are found. */
export interface LdapGroupSearch {
  /** Where they are: `ou=groups,dc=corp,dc=example`. */
  readonly baseDN: string;
  /** Which entries are groups: `(objectClass=groupOfNames)`. @default - any with the attribute of the membership */
  readonly filter?: string;
  /** Attribute with the group's name, as the platform's programs write it. @default 'cn' */
  readonly name?: string;
  /** One is enough. @default - the group's `member` is the person's DN */
  readonly memberships?: readonly LdapMembership[];
  /** @default 'sub' */
  readonly scope?: LdapScope;
}

export interface LdapConnectorProps {
  /**
   * Name of the connector, part of the subject of all its people's tokens: who changes it makes everybody somebody else.
   * @default 'ldap'
   */
  readonly id?: string;
  /** What people choose, where there are several ways to sign in. @default 'LDAP' */
  readonly title?: string;
  /** The directory: `External.endpoint(lab, { host: 'ldap.corp.example', port: 636 })`. */
  readonly server: IEndpoint;
  /** TLS from the first byte, or asked for on a plain connection. Without TLS passwords could be read on the way. @default 'ldaps' */
  readonly tls?: 'ldaps' | 'starttls';
  /** The authority of the directory's certificate, as the key `ca.crt`. @default - the public authorities */
  readonly authority?: ICredentials;
  /** Who searches: the keys `username`, a DN, and `password`. @default - nobody: the directory lets anybody search */
  readonly bind?: ICredentials;
  /** What people are asked for. @default 'Username' */
  readonly prompt?: string;
  readonly users: LdapUserSearch;
  /** @default - people have no groups */
  readonly groups?: LdapGroupSearch;
}

/** What an Active Directory must be told besides; everything else follows. */
export interface ActiveDirectoryProps extends Omit<LdapConnectorProps, 'users' | 'groups'> {
  /** The domain as a DN: `dc=corp,dc=example`. */
  readonly baseDN: string;
  /** Where people are. @default - anywhere in the domain */
  readonly usersDN?: string;
  /** Where groups are. @default - anywhere in the domain */
  readonly groupsDN?: string;
  /** Whether groups within groups count, which the server finds out by itself, at some cost. @default true */
  readonly nestedGroups?: boolean;
}

/** Matching rule by which Active Directory compares bits, here those of `userAccountControl`; 2 is a disabled account. */
const ENABLED = '(!(userAccountControl:1.2.840.113556.1.4.803:=2))';
/** Matching rule by which Active Directory follows groups within groups. */
const IN_CHAIN = ':1.2.840.113556.1.4.1941:';

/**
 * The searches of an Active Directory: people are its enabled users, known by `sAMAccountName`, which they also type in, and `mail`; groups are
 * known by `cn`.
 *
 * @see https://learn.microsoft.com/windows/win32/adsi/search-filter-syntax the matching rules
 */
export function activeDirectory(props: ActiveDirectoryProps): LdapConnectorProps {
  const { baseDN, usersDN = baseDN, groupsDN = baseDN, nestedGroups = true, ...connector } = props;
  return {
    id: 'active-directory',
    title: 'Active Directory',
    ...connector,
    users: {
      baseDN: usersDN,
      filter: `(&(objectCategory=person)(objectClass=user)${ENABLED})`,
      username: 'sAMAccountName',
    },
    groups: {
      baseDN: groupsDN,
      filter: '(objectClass=group)',
      memberships: [{ user: 'DN', group: nestedGroups ? `member${IN_CHAIN}` : 'member' }],
    },
  };
}

/** What a connector puts into Dex' pods, and into its configuration. */
export interface LdapConnector {
  readonly id: string;
  readonly server: IEndpoint;
  readonly mounts: readonly Mount[];
  readonly bind?: ISecret;
  /** Its entry of the configuration, in Dex' words. */
  readonly config: object;
}

/** The variables that a connector's user and password are in. */
export function bindVariables(id: string): { readonly user: string; readonly password: string } {
  const prefix = `LDAP_${id.toUpperCase().replaceAll('-', '_')}`;
  return { user: `${prefix}_USER`, password: `${prefix}_PASSWORD` };
}

/**
 * Checks a connector and says what comes of it.
 *
 * @param text how text of the user's stands in the configuration
 * @see https://dexidp.io/docs/connectors/ldap/
 */
export function ldapConnector(
  path: string,
  namespace: string,
  props: LdapConnectorProps,
  text: (value: string) => string,
): LdapConnector {
  const { id = 'ldap', server, tls = 'ldaps', users, groups } = props;
  checkLabel(path, 'the id of a connector', id, 30);
  if (id === 'local')
    fail(path, 'a connector can\'t have the id "local", which is that of local users; choose another');
  checkChoice(path, `connector ${show(id)}: tls`, tls, ['ldaps', 'starttls']);
  checkSearch(path, id, 'users', users);
  if (groups) checkSearch(path, id, 'groups', groups);
  checkKeys(path, `connector ${show(id)}: authority`, props.authority, ['ca.crt']);
  checkKeys(path, `connector ${show(id)}: bind`, props.bind, ['username', 'password']);
  const bind = props.bind?.in(namespace);
  const authority = props.authority?.in(namespace);
  const variables = bindVariables(id);
  const folder = `/etc/dex-ldap/${id}`;
  return {
    id,
    server,
    bind,
    mounts: authority ? [{ path: folder, volume: volume.secret(`ldap-${id}`, authority, { 'ca.crt': 'ca.crt' }) }] : [],
    config: {
      type: 'ldap',
      id,
      name: text(props.title ?? 'LDAP'),
      config: {
        host: `${server.host}:${server.port}`,
        ...(tls === 'starttls' && { startTLS: true }),
        ...(authority && { rootCA: `${folder}/ca.crt` }),
        ...(bind && { bindDN: `$${variables.user}`, bindPW: `$${variables.password}` }),
        usernamePrompt: text(props.prompt ?? 'Username'),
        userSearch: {
          baseDN: text(users.baseDN),
          ...(users.filter !== undefined && { filter: text(users.filter) }),
          username: users.username,
          scope: users.scope ?? 'sub',
          idAttr: users.id ?? users.username,
          emailAttr: users.email ?? 'mail',
          nameAttr: users.name ?? 'cn',
          preferredUsernameAttr: users.preferredUsername ?? users.username,
        },
        ...(groups && { groupSearch: groupSearch(groups, text) }),
      },
    },
  };
}

function groupSearch(groups: LdapGroupSearch, text: (value: string) => string): object {
  return {
    baseDN: text(groups.baseDN),
    ...(groups.filter !== undefined && { filter: text(groups.filter) }),
    scope: groups.scope ?? 'sub',
    nameAttr: groups.name ?? 'cn',
    userMatchers: (groups.memberships ?? [{ user: 'DN', group: 'member' }]).map(({ user, group, recursive }) => ({
      userAttr: user,
      groupAttr: group,
      ...(recursive !== undefined && { recursionGroupAttr: recursive }),
    })),
  };
}

/** The name of an attribute, by which people or groups are found; with a matching rule where it has one. */
const ATTRIBUTE = /^[A-Za-z][A-Za-z0-9-]*(:[0-9.]+:)?$/;
const DN = /^\s*[A-Za-z][A-Za-z0-9-]*\s*=.+$/;

function checkSearch(
  path: string,
  id: string,
  what: 'users' | 'groups',
  search: LdapUserSearch | LdapGroupSearch,
): void {
  const at = `connector ${show(id)}: ${what}`;
  if (typeof search.baseDN !== 'string' || !DN.test(search.baseDN)) {
    fail(
      path,
      `${at}.baseDN must be a distinguished name, got ${show(search.baseDN)}; write it as "ou=people,dc=corp,dc=example"`,
    );
  }
  const { filter, scope } = search;
  if (filter !== undefined && !isFilter(filter)) {
    fail(path, `${at}.filter must be in brackets that match, got ${show(filter)}; write it as "(objectClass=person)"`);
  }
  if (scope !== undefined) checkChoice(path, `${at}.scope`, scope, ['sub', 'one']);
  const attributes =
    'username' in search
      ? [search.username, search.id, search.email, search.name, search.preferredUsername]
      : [
          search.name,
          ...((search as LdapGroupSearch).memberships ?? []).flatMap((one) => [one.user, one.group, one.recursive]),
        ];
  const wrong = attributes.find((attribute) => attribute !== undefined && !ATTRIBUTE.test(attribute));
  if (wrong !== undefined) fail(path, `${at} names ${show(wrong)}, which is no attribute; write it as "uid"`);
}

function isFilter(filter: string): boolean {
  let depth = 0;
  for (const letter of filter) {
    depth += letter === '(' ? 1 : letter === ')' ? -1 : 0;
    if (depth < 0) return false;
  }
  return depth === 0 && filter.startsWith('(') && filter.endsWith(')');
}

function checkKeys(path: string, what: string, credentials: ICredentials | undefined, keys: readonly string[]): void {
  const missing = credentials && keys.find((key) => !credentials.keys.includes(key));
  if (missing === undefined) return;
  fail(
    path,
    `${what} must be a Secret with the keys ${keys.map(show).join(' and ')}, got ${credentials?.keys.map(show).join(', ')}; add ${show(missing)}`,
  );
}
