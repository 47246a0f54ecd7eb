export { type AuditLevel, type AuditProps, type AuditResources, type AuditRule } from './audit';
export { ControlPlane, type ControlPlaneProps } from './control-plane';
export { type EncryptionProps, type KmsProps } from './encryption';
