import { crd, t } from '../../crds';
import { challenge, order } from './acme-crds';
import {
  AGE,
  certManagerConditions,
  ISSUER_FILTERS,
  issuerReference,
  keyUsages,
  READY,
  secretKey,
  STATUS,
  strings,
} from './crd-fields';
import { clusterIssuer, issuer } from './issuer-crds';

const nameConstraint = () =>
  t.object({ dnsDomains: strings(), emailAddresses: strings(), ipRanges: strings(), uriDomains: strings() });

/** A certificate to be had and kept fresh in a Secret. @see https://cert-manager.io/docs/usage/certificate/ */
export const certificate = crd({
  group: 'cert-manager.io',
  kind: 'Certificate',
  plural: 'certificates',
  shortNames: ['cert', 'certs'],
  categories: ['cert-manager'],
  scope: 'Namespaced',
  readyWhen: 'Ready',
  versions: [
    {
      name: 'v1',
      storage: true,
      subresources: { status: true },
      selectableFields: ISSUER_FILTERS,
      printerColumns: [
        READY,
        { name: 'Secret', type: 'string', jsonPath: '.spec.secretName' },
        { name: 'Issuer', type: 'string', jsonPath: '.spec.issuerRef.name', priority: 1 },
        STATUS,
        AGE,
      ],
      schema: {
        spec: t.object({
          secretName: t.string().required(),
          issuerRef: issuerReference().required(),
          commonName: t.string(),
          literalSubject: t.string(),
          subject: t.object({
            organizations: strings(),
            organizationalUnits: strings(),
            countries: strings(),
            provinces: strings(),
            localities: strings(),
            streetAddresses: strings(),
            postalCodes: strings(),
            serialNumber: t.string(),
          }),
          dnsNames: strings(),
          ipAddresses: strings(),
          uris: strings(),
          emailAddresses: strings(),
          otherNames: t.array(t.object({ oid: t.string(), utf8Value: t.string() }), { listType: 'atomic' }),
          duration: t.string(),
          renewBefore: t.string(),
          renewBeforePercentage: t.int32(),
          renewal: t.object({
            policy: t.enum(['RenewBefore', 'Disabled']),
            windows: t.array(
              t.object({
                cron: t.string({ minLength: 1 }).required(),
                timezone: t.string({ minLength: 1 }),
                windowDuration: t.string({ pattern: '^([0-9]+(\\.[0-9]+)?(s|m|h))+$' }).required(),
              }),
              { listType: 'atomic' },
            ),
          }),
          isCA: t.boolean(),
          usages: keyUsages(),
          encodeUsagesInRequest: t.boolean(),
          nameConstraints: t.object({
            critical: t.boolean(),
            permitted: nameConstraint(),
            excluded: nameConstraint(),
          }),
          privateKey: t.object({
            algorithm: t.enum(['RSA', 'ECDSA', 'Ed25519']),
            encoding: t.enum(['PKCS1', 'PKCS8']),
            rotationPolicy: t.enum(['Never', 'Always']),
            size: t.integer(),
          }),
          signatureAlgorithm: t.enum([
            'SHA256WithRSA',
            'SHA384WithRSA',
            'SHA512WithRSA',
            'ECDSAWithSHA256',
            'ECDSAWithSHA384',
            'ECDSAWithSHA512',
            'PureEd25519',
          ]),
          keystores: t.object({
            jks: t.object({
              create: t.boolean().required(),
              alias: t.string(),
              password: t.string(),
              passwordSecretRef: secretKey(),
            }),
            pkcs12: t.object({
              create: t.boolean().required(),
              profile: t.enum(['LegacyRC2', 'LegacyDES', 'Modern2023', 'Modern2026']),
              password: t.string(),
              passwordSecretRef: secretKey(),
            }),
          }),
          additionalOutputFormats: t.array(t.object({ type: t.enum(['DER', 'CombinedPEM']).required() }), {
            listType: 'atomic',
          }),
          secretTemplate: t.object({ annotations: t.map(t.string()), labels: t.map(t.string()) }),
          revisionHistoryLimit: t.int32(),
        }),
        status: t.object({
          conditions: certManagerConditions(),
          acme: t.object({
            ari: t.object({
              explanationURL: t.string(),
              lastChecked: t.dateTime(),
              lastError: t.string(),
              nextCheck: t.dateTime(),
              suggestedWindow: t.object({ start: t.dateTime().required(), end: t.dateTime().required() }),
            }),
          }),
          notBefore: t.dateTime(),
          notAfter: t.dateTime(),
          renewalTime: t.dateTime(),
          lastFailureTime: t.dateTime(),
          failedIssuanceAttempts: t.integer(),
          nextPrivateKeySecretName: t.string(),
          revision: t.integer(),
        }),
      },
    },
  ],
});

/** One signing request of a Certificate; the controller makes them. @see https://cert-manager.io/docs/usage/certificaterequest/ */
export const certificateRequest = crd({
  group: 'cert-manager.io',
  kind: 'CertificateRequest',
  plural: 'certificaterequests',
  shortNames: ['cr', 'crs'],
  categories: ['cert-manager'],
  scope: 'Namespaced',
  readyWhen: 'Ready',
  versions: [
    {
      name: 'v1',
      storage: true,
      subresources: { status: true },
      selectableFields: ISSUER_FILTERS,
      printerColumns: [
        { name: 'Approved', type: 'string', jsonPath: '.status.conditions[?(@.type == "Approved")].status' },
        { name: 'Denied', type: 'string', jsonPath: '.status.conditions[?(@.type == "Denied")].status' },
        READY,
        { name: 'Issuer', type: 'string', jsonPath: '.spec.issuerRef.name' },
        { name: 'Requester', type: 'string', jsonPath: '.spec.username' },
        STATUS,
        AGE,
      ],
      schema: {
        spec: t.object({
          request: t.string({ format: 'byte' }).required(),
          issuerRef: issuerReference().required(),
          duration: t.string(),
          isCA: t.boolean(),
          usages: keyUsages(),
          username: t.string(),
          uid: t.string(),
          groups: strings(),
          extra: t.map(t.array(t.string())),
        }),
        status: t.object({
          conditions: t.array(
            t.object({
              type: t.string().required(),
              status: t.enum(['True', 'False', 'Unknown']).required(),
              reason: t.string(),
              message: t.string(),
              lastTransitionTime: t.dateTime(),
            }),
            { listType: 'map', keys: ['type'] },
          ),
          certificate: t.string({ format: 'byte' }),
          ca: t.string({ format: 'byte' }),
          failureTime: t.dateTime(),
        }),
      },
    },
  ],
});

/** All of cert-manager's definitions. */
export const definitions = [challenge, order, certificateRequest, certificate, clusterIssuer, issuer] as const;
export { challenge, clusterIssuer, issuer, order };
