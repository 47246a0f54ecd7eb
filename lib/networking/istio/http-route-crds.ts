import { conditions, crd, t } from '../../crds';
import {
  AGE,
  ANNOTATIONS,
  CATEGORIES,
  GROUP,
  SUBDOMAIN,
  groupName,
  hostname,
  kindName,
  namespaceName,
  objectName,
  parentReference,
  portNumber,
  sectionName,
} from './gateway-crd-fields';

const HEADER_NAME = "^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$";
const DURATION = '^([0-9]{1,5}(h|m|s|ms)){1,4}$';

const header = () =>
  t.object({
    name: t.string({ minLength: 1, maxLength: 256, pattern: HEADER_NAME }).required(),
    value: t.string({ minLength: 1, maxLength: 4096 }).required(),
  });
const headerMatch = (maxLength: number) =>
  t.object({
    name: t.string({ minLength: 1, maxLength: 256, pattern: HEADER_NAME }).required(),
    type: t.enum(['Exact', 'RegularExpression'], { default: 'Exact' }),
    value: t.string({ minLength: 1, maxLength }).required(),
  });
const headerModifier = () =>
  t.object({
    add: t.array(header(), { listType: 'map', keys: ['name'], maxItems: 16 }),
    remove: t.array(t.string(), { listType: 'set', maxItems: 16 }),
    set: t.array(header(), { listType: 'map', keys: ['name'], maxItems: 16 }),
  });
const routeFilter = t.object({
  type: t
    .enum([
      'RequestHeaderModifier',
      'ResponseHeaderModifier',
      'RequestMirror',
      'RequestRedirect',
      'URLRewrite',
      'ExtensionRef',
      'CORS',
    ])
    .required(),
  requestHeaderModifier: headerModifier(),
  responseHeaderModifier: headerModifier(),
  requestRedirect: t.object({
    hostname: t.string({ minLength: 1, maxLength: 253, pattern: `^${SUBDOMAIN}$` }),
    path: t.open(),
    port: portNumber(),
    scheme: t.enum(['http', 'https']),
    statusCode: t.raw<301 | 302 | 303 | 307 | 308>({
      type: 'integer',
      default: 302,
      enum: [301, 302, 303, 307, 308],
    }),
  }),
  cors: t.open(),
  extensionRef: t.open(),
  requestMirror: t.open(),
  urlRewrite: t.open(),
});
const ALL_PATHS = { type: 'PathPrefix' as const, value: '/' };
const pathMatch = t.object(
  {
    type: t.enum(['Exact', 'PathPrefix', 'RegularExpression'], { default: 'PathPrefix' }),
    value: t.string({ default: '/', maxLength: 1024 }),
  },
  { default: ALL_PATHS },
);
const routeMatch = t.object({
  path: pathMatch,
  headers: t.array(headerMatch(4096), { listType: 'map', keys: ['name'], maxItems: 16 }),
  queryParams: t.array(headerMatch(1024), { listType: 'map', keys: ['name'], maxItems: 16 }),
  method: t.enum(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']),
});
const backendReference = t
  .object({
    group: groupName(''),
    kind: kindName('Service'),
    name: objectName().required(),
    namespace: namespaceName(),
    port: portNumber(),
    weight: t.int32({ default: 1, minimum: 0, maximum: 1000000 }),
    filters: t.array(t.open(), { listType: 'atomic', maxItems: 16 }),
  })
  .validations({
    message: 'Must have port for Service reference',
    rule: "(size(self.group) == 0 && self.kind == 'Service') ? has(self.port) : true",
  });
const routeRule = t
  .object({
    name: sectionName(),
    matches: t.array(routeMatch, { listType: 'atomic', maxItems: 64, default: [{ path: ALL_PATHS }] }),
    filters: t.array(routeFilter, { listType: 'atomic', maxItems: 16 }),
    backendRefs: t.array(backendReference, { listType: 'atomic', maxItems: 16 }),
    timeouts: t.object({ backendRequest: t.string({ pattern: DURATION }), request: t.string({ pattern: DURATION }) }),
  })
  .validations({
    message: 'RequestRedirect filter must not be used together with backendRefs',
    rule: '(has(self.backendRefs) && size(self.backendRefs) > 0) ? (!has(self.filters) || self.filters.all(f, !has(f.requestRedirect))): true',
  });

/** Which requests go where. @see https://gateway-api.sigs.k8s.io/reference/spec/#httproute */
const httpRouteFields = {
  spec: t
    .object({
      parentRefs: t.array(parentReference(), { listType: 'atomic', maxItems: 32 }),
      hostnames: t.array(hostname(), { listType: 'atomic', maxItems: 16 }),
      rules: t.array(routeRule, {
        listType: 'atomic',
        minItems: 1,
        maxItems: 16,
        default: [{ matches: [{ path: ALL_PATHS }] }],
      }),
    })
    .required(),
  status: t.object({
    parents: t
      .array(
        t.object({
          controllerName: t
            .string({
              minLength: 1,
              maxLength: 253,
              pattern: `^${SUBDOMAIN}\\/[A-Za-z0-9\\/\\-._~%!$&'()*+,;=:]+$`,
            })
            .required(),
          parentRef: parentReference().required(),
          conditions: t.raw<object>({ ...conditions({ maxItems: 8 }).json, minItems: 1 }).required(),
        }),
        { listType: 'atomic', maxItems: 32 },
      )
      .required(),
  }),
};
const httpRouteVersion = {
  subresources: { status: true },
  printerColumns: [{ name: 'Hostnames', type: 'string', jsonPath: '.spec.hostnames' }, AGE],
  schema: httpRouteFields,
} as const;
export const httpRoute = crd({
  group: GROUP,
  kind: 'HTTPRoute',
  plural: 'httproutes',
  categories: CATEGORIES,
  scope: 'Namespaced',
  annotations: ANNOTATIONS,
  versions: [
    { name: 'v1', storage: true, ...httpRouteVersion },
    { name: 'v1beta1', ...httpRouteVersion },
  ],
});
