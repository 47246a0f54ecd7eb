/** What all proxies have in common. */
export interface MeshConfigProps {
  readonly rootNamespace: string;
  readonly trustDomain: string;
  /** Where proxies connect to: `istiod.gateway.svc:15012`. */
  readonly discoveryAddress: string;
  readonly accessLogs: boolean;
  /** Whether requests are counted. */
  readonly counted: boolean;
}

/** A request as one line. Without its query, which may hold tokens and signatures of presigned URLs. */
const ACCESS_LOG = [
  '[%START_TIME%] "%REQ(:METHOD)% %REQ_WITHOUT_QUERY(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%"',
  '%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION%',
  '"%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%"',
  '"%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n',
].join(' ');

/**
 * The mesh's configuration, as JSON, which is YAML too.
 *
 * @see https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/
 */
export function meshConfig({
  rootNamespace,
  trustDomain,
  discoveryAddress,
  accessLogs,
  counted,
}: MeshConfigProps): string {
  const config = {
    rootNamespace,
    trustDomain,
    ...(accessLogs && { accessLogFile: '/dev/stdout', accessLogEncoding: 'TEXT', accessLogFormat: ACCESS_LOG }),
    // Routes are Gateway API's; Ingresses are left to others.
    ingressControllerMode: 'OFF',
    ...(counted && { defaultProviders: { metrics: ['prometheus'] } }),
    // Signatures of S3 are of the path as the client wrote it.
    pathNormalization: { normalization: 'NONE' },
    defaultConfig: { discoveryAddress },
  };
  return JSON.stringify(config, undefined, 2);
}
