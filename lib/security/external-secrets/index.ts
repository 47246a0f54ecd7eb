export * as externalSecretsCrds from './crds';
export * from './external-secrets';
