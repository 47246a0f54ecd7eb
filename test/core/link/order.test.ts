import { CONTAINER, object, shop } from './shop';
import { type KubeObject } from '../../../lib/core/link';

const gadgets = (versions: object[] = [{ name: 'v1', served: true, storage: true, schema }]) =>
  object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'gadgets.shop.example', undefined, {
    spec: { group: 'shop.example', scope: 'Namespaced', names: { kind: 'Gadget', plural: 'gadgets' }, versions },
  });
const schema = {
  openAPIV3Schema: {
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        required: ['size'],
        properties: { size: { type: 'integer' }, mode: { type: 'string', enum: ['on', 'off'] } },
      },
    },
  },
};
const gadget = (spec: object, apiVersion = 'shop.example/v1') => object(apiVersion, 'Gadget', 'g', 'shop', { spec });

describe('a custom resource', () => {
  const found = (...objects: KubeObject[]) =>
    shop()
      .add(...objects)
      .findings();

  test('is valid by the schema of its CRD', () => {
    expect(found(gadgets(), gadget({ size: 1, mode: 'on' }))).toEqual([]);
    expect(found(gadgets(), gadget({ mode: 'of', colour: 'red' }))).toEqual([
      'Gadget/g: spec.size is required; add it',
      'Gadget/g: spec.mode "of" must be one of "on", "off"; did you mean "on"?',
      'Gadget/g: spec.colour "red" is not a field here; take it out',
    ]);
  });

  test('has a CRD', () => {
    expect(found(gadget({ size: 1 }))).toEqual([
      'Gadget/g: apiVersion "shop.example/v1" belongs to no CustomResourceDefinition; add the one of Gadget, or declare it external: CustomResourceDefinition/shop.example',
    ]);
    expect(found(gadgets(), { ...gadget({ size: 1 }), kind: 'Gadgett' })).toEqual([
      'Gadgett/g: kind "Gadgett" has no CustomResourceDefinition of group shop.example; did you mean "Gadget"?',
    ]);
  });

  test('has a version that is served', () => {
    expect(found(gadgets(), gadget({ size: 1 }, 'shop.example/v2'))).toEqual([
      'Gadget/g: apiVersion "shop.example/v2" isn\'t served for Gadget; did you mean "shop.example/v1"?',
    ]);
  });

  test('is taken with a CRD that is elsewhere', () => {
    const bundle = () => shop().add(gadget({ anything: 1 }));
    expect(bundle().findings({ external: [{ kind: 'CustomResourceDefinition', name: 'shop.example' }] })).toEqual([]);
  });

  test('may leave out a field by null', () => {
    expect(found(gadgets(), gadget({ size: 1, mode: null }))).toEqual([]);
  });
});

describe("an object of Kubernetes' own", () => {
  const found = (id: string, key: string, value: string) => shop().set(id, [key], value).findings();

  test('has an apiVersion that is served', () => {
    expect(found('Deployment/web', 'apiVersion', 'apps/v1beta2')).toContain(
      'Deployment/web: apiVersion "apps/v1beta2" isn\'t served for Deployment; use apps/v1',
    );
    expect(found('Deployment/web', 'apiVersion', 'extensions/v1beta1')).toContain(
      'Deployment/web: apiVersion "extensions/v1beta1" has no kind Deployment; did you mean apps/v1?',
    );
  });

  test('has a kind that exists', () => {
    expect(found('ConfigMap/web', 'kind', 'ConfigMaps')).toContain(
      'ConfigMaps/web: kind "ConfigMaps" is no kind of v1; did you mean "ConfigMap"?',
    );
  });
});

test('a CRD is named by its plural and group, and stores one version', () => {
  const wrong = {
    ...gadgets([{ name: 'v1', served: true, storage: false, schema }]),
    metadata: { name: 'gadget.shop.example' },
  };
  expect(shop().add(wrong).findings()).toEqual([
    'CustomResourceDefinition/gadget.shop.example: metadata.name "gadget.shop.example" must be plural and group; rename it to "gadgets.shop.example"',
    'CustomResourceDefinition/gadget.shop.example: spec.versions "0" must have one stored version; set storage: true in one',
  ]);
});

describe('waves', () => {
  const start = () => shop().wave(0, 'Namespace/shop');

  test('that fit', () => {
    expect(start().wave(2, 'Deployment/web', 'Service/web').findings()).toEqual([]);
  });

  test('a namespace is in wave 0', () => {
    expect(start().wave(1, 'Namespace/shop').findings()).toEqual([
      'Namespace/shop: metadata.name "shop" is a Namespace in wave 1; put it into wave 0, before everything that is in it',
    ]);
  });

  test('a Secret is made before its users start', () => {
    expect(start().wave(2, 'Job/secrets', 'Deployment/web').findings()).toEqual([
      'StatefulSet/db: spec.template.spec.containers[0].envFrom[0].secretRef.name "db" is made in wave 2, after wave 1; apply the Secret in wave 1 or earlier',
    ]);
  });

  test('what an object needs is in its own file, or in one that this waits for', () => {
    expect(start().file('01-db', 'StatefulSet/db', 'Service/db').findings()).toEqual([
      'Deployment/web: spec.template.spec.containers[0].env[2].value "db" is served from 01-db on, which 01-shop doesn\'t wait for; give the stage what makes it as a need',
      'Deployment/web: spec.template.spec.containers[0].args[1] "db.shop.svc:5432" is served from 01-db on, which 01-shop doesn\'t wait for; give the stage what makes it as a need',
      'StatefulSet/db: spec.template.spec.containers[0].envFrom[0].secretRef.name "db" is made in 01-shop, which 01-db doesn\'t wait for; give the stage what makes it as a need',
    ]);
  });

  test('a host in an argument is served by then; one in a file may come later', () => {
    const bundle = start()
      .wave(2, 'StatefulSet/db', 'Service/db')
      .set('Deployment/web', [...CONTAINER, 'env'], []);
    expect(bundle.findings()).toEqual([
      'Deployment/web: spec.template.spec.containers[0].args[1] "db.shop.svc:5432" is served from wave 2 on, after wave 1; apply Service shop/db in wave 1 or earlier',
    ]);
  });

  test('a CRD is in an earlier wave than what it defines, and so is the webhook that must admit it', () => {
    const webhook = object('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', 'web', undefined, {
      webhooks: [
        {
          name: 'a.shop.example',
          clientConfig: { service: { name: 'web', namespace: 'shop', port: 80, path: '/check' } },
          rules: [{ apiGroups: ['shop.example'], apiVersions: ['v1'], resources: ['gadgets'], operations: ['*'] }],
        },
      ],
    });
    const bundle = () => start().add(gadgets(), gadget({ size: 1 }), webhook);
    expect(bundle().wave(0, 'CustomResourceDefinition/gadgets.shop.example').wave(2, 'Gadget/g').findings()).toEqual(
      [],
    );
    expect(bundle().findings()).toEqual([
      'Gadget/g: kind "Gadget" is defined by CustomResourceDefinition/gadgets.shop.example in wave 1, and used in wave 1; apply the CRD in an earlier wave',
      'Gadget/g: kind "Gadget" must pass the webhook of Service shop/web, which starts in wave 1; apply it in a later wave, after the webhook answers',
    ]);
  });

  test('rights are given before the pods that need them start', () => {
    const role = object('rbac.authorization.k8s.io/v1', 'Role', 'web', 'shop', {
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
    });
    const binding = object('rbac.authorization.k8s.io/v1', 'RoleBinding', 'web', 'shop', {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'web' },
      subjects: [{ kind: 'ServiceAccount', name: 'web', namespace: 'shop' }],
    });
    expect(start().add(role, binding).findings()).toEqual([]);
    expect(start().add(role, binding).file('01-rights', 'RoleBinding/web').findings()).toEqual([
      'RoleBinding/web: roleRef.name "web" is made in 01-shop, which 01-rights doesn\'t wait for; give the stage what makes it as a need',
      'RoleBinding/web: subjects[0].name "web" gets its rights in 01-rights, which 01-shop doesn\'t wait for; give the stage what makes it as a need',
    ]);
    expect(start().add(role, binding).wave(2, 'RoleBinding/web').findings()).toEqual([
      'RoleBinding/web: subjects[0].name "web" gets its rights in wave 2, after its pods (Deployment web) start in wave 1; apply the binding in wave 1 or earlier',
    ]);
  });
});

describe('a webhook', () => {
  const webhook = (service: object, rule: object = {}) =>
    object('admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration', 'hook', undefined, {
      webhooks: [
        {
          name: 'a.shop.example',
          clientConfig: { service },
          rules: [{ apiGroups: ['shop.example'], apiVersions: ['v1'], resources: ['gadgets'], ...rule }],
        },
      ],
    });
  const at = 'MutatingWebhookConfiguration/hook: webhooks[0]';
  const good = { name: 'web', namespace: 'shop', port: 80, path: '/mutate' };
  const found = (service: object, rule?: object) => shop().add(gadgets(), webhook(service, rule)).findings();

  test('has a Service with that port', () => {
    expect(found(good)).toEqual([]);
    expect(found({ ...good, name: 'wep' })).toEqual([
      `${at}.clientConfig.service.name "wep" names no Service in namespace shop; did you mean "web"?`,
    ]);
    expect(found({ ...good, namespace: 'shob' })).toEqual([
      `${at}.clientConfig.service.namespace "shob" names no Namespace; did you mean "shop"?`,
    ]);
    expect(found({ ...good, port: undefined })).toEqual([
      `${at}.clientConfig.service.port "443" is no port of Service shop/web; there is "80"`,
    ]);
    expect(found({ ...good, path: 'mutate' })).toEqual([
      `${at}.clientConfig.service.path "mutate" must be a path that begins with "/" and has no query; correct it`,
    ]);
  });

  test('looks at what exists', () => {
    expect(found(good, { resources: ['gadget'] })).toEqual([
      `${at}.rules[0].resources[0] "gadget" is no resource of group shop.example; did you mean "gadgets"?`,
    ]);
    expect(found(good, { apiVersions: ['v2'] })).toEqual([
      `${at}.rules[0].apiVersions[0] "v2" is no version of group shop.example; did you mean "v1"?`,
    ]);
    expect(found(good, { apiGroups: ['shop.exampl'] })).toEqual([
      `${at}.rules[0].apiGroups[0] "shop.exampl" is no group of the bundle's CRDs; did you mean "shop.example"?`,
    ]);
  });

  test('and a conversion and an aggregated API have a Service', () => {
    const crd = gadgets();
    const conversion = {
      strategy: 'Webhook',
      webhook: { clientConfig: { service: { name: 'conv', namespace: 'shop' } }, conversionReviewVersions: ['v1'] },
    };
    const spec = { ...(crd.spec as object), conversion };
    const api = object('apiregistration.k8s.io/v1', 'APIService', 'v1.metrics', undefined, {
      spec: { service: { name: 'metrics', namespace: 'shop' } },
    });
    expect(
      shop()
        .add({ ...crd, spec }, api)
        .findings(),
    ).toEqual([
      'CustomResourceDefinition/gadgets.shop.example: spec.conversion.webhook.clientConfig.service.name "conv" names no Service in namespace shop; there is "web", "db"',
      'APIService/v1.metrics: spec.service.name "metrics" names no Service in namespace shop; there is "web", "db"',
    ]);
  });
});
