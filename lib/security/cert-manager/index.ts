export { type AcmeProps, type AcmeSolver } from './acme';
export * from './cert-manager';
export { certificate, certificateRequest, clusterIssuer, issuer } from './crds';
