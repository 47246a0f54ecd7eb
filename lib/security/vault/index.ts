export { type VaultAuthorityProps, type VaultIntermediate } from './authority';
export { type DatabaseAccess, type DatabaseRoleProps, type VaultDatabase, type VaultDatabaseProps } from './database';
export { type VaultLogLevel, type VaultProps } from './props';
export {
  type AwsKmsUnseal,
  type AzureKeyVaultUnseal,
  type GcpCkmsUnseal,
  type OperatorUnseal,
  type TransitUnseal,
  type VaultUnseal,
} from './unseal';
export * from './vault';
