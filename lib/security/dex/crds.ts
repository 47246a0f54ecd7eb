import { crd } from '../../crds';

/** What Dex keeps is its own affair: upstream's definitions say nothing of the fields. The plurals are upstream's too. */
function kept<const K extends string, const P extends string>(kind: K, plural: P) {
  return crd({
    group: 'dex.coreos.com',
    kind,
    plural,
    scope: 'Namespaced',
    versions: [{ name: 'v1', storage: true, schema: {}, open: true }],
  });
}

/** @see https://github.com/dexidp/dex/tree/v2.45.1/scripts/manifests/crds */
export const authCode = kept('AuthCode', 'authcodes');
export const authRequest = kept('AuthRequest', 'authrequests');
export const connector = kept('Connector', 'connectors');
export const deviceRequest = kept('DeviceRequest', 'devicerequests');
export const deviceToken = kept('DeviceToken', 'devicetokens');
export const oauth2Client = kept('OAuth2Client', 'oauth2clients');
export const offlineSessions = kept('OfflineSessions', 'offlinesessionses');
export const password = kept('Password', 'passwords');
export const refreshToken = kept('RefreshToken', 'refreshtokens');
export const signingKey = kept('SigningKey', 'signingkeies');

/** All of Dex' definitions. */
export const definitions = [
  authCode,
  authRequest,
  connector,
  deviceRequest,
  deviceToken,
  oauth2Client,
  offlineSessions,
  password,
  refreshToken,
  signingKey,
] as const;
