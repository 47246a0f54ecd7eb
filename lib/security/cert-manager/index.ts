export { type AcmeProps, type AcmeSolver } from './acme';
export * from './cert-manager';
export * as certManagerCrds from './crds';
