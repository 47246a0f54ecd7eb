export {
  type AwsKmsUnseal,
  type AzureKeyVaultUnseal,
  type GcpCkmsUnseal,
  type OperatorUnseal,
  type TransitUnseal,
  type VaultUnseal,
} from './unseal';
export * from './vault';
