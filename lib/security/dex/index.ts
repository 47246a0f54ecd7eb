export { type LogLevel as DexLogLevel } from './configuration';
export * as dexCrds from './crds';
export { Dex, type DexProps } from './dex';
export {
  activeDirectory,
  type ActiveDirectoryProps,
  type LdapConnectorProps,
  type LdapGroupSearch,
  type LdapMembership,
  type LdapScope,
  type LdapUserSearch,
} from './ldap';
export { type LocalUser } from './users';
