import { Duration, Size } from 'cdk8s';
import { dump } from 'js-yaml';
import { External, type IMetrics, type k8s, type Platform, type RouteProps } from '../../lib/core';
import { type DestinationRuleSpec, type EnvoyFilterSpec } from '../../lib/networking/istio/crds';
import { type IstioProps } from '../../lib/networking/istio';
import { expectGolden, findingsOf, objectOf, objectsOf } from '../support';
import { make, Web } from './istio-support';

interface Pods {
  readonly spec: { readonly replicas: number; readonly template: { readonly spec: k8s.PodSpec } };
}
interface Route {
  readonly spec: {
    readonly hostnames?: readonly string[];
    readonly rules: readonly {
      readonly name?: string;
      readonly matches?: readonly object[];
      readonly filters: readonly object[];
      readonly backendRefs?: readonly object[];
    }[];
  };
}

const podsOf = (lab: Platform, name: string) => objectOf<Pods>(lab, 'Deployment', name, 'gateway').spec;
const envOf = (lab: Platform, name: string) =>
  Object.fromEntries(podsOf(lab, name).template.spec.containers[0]!.env!.map((item) => [item.name, item.value]));
const routeOf = (lab: Platform, name: string) => objectOf<Route>(lab, 'HTTPRoute', name, 'gateway').spec;
const ruleOf = (lab: Platform, host: string) =>
  objectOf<{ spec: DestinationRuleSpec }>(lab, 'DestinationRule', host, 'gateway').spec;
const patchesOf = (lab: Platform) =>
  objectOf<{ spec: EnvoyFilterSpec }>(lab, 'EnvoyFilter', 'gateway-settings').spec.configPatches;
const silencesOf = (lab: Platform) =>
  Object.fromEntries(
    patchesOf(lab)
      .filter(({ applyTo }) => applyTo === 'HTTP_ROUTE')
      .map(({ match, patch }) => [match.routeConfiguration?.vhost?.route?.name, patch.value]),
  );

const silent = (seconds: number) => ({ route: { idle_timeout: `${seconds}s` } });
const metrics = (lab: Platform): IMetrics =>
  External.prometheus(lab, { pods: { namespace: 'monitoring', labels: { app: 'prometheus' } } });

describe('Istio', () => {
  test('links without a finding', () => {
    const { lab, gateway, web } = make({ tcpPorts: [22, 5432], minimumTls: '1.3', revision: '1-30' });
    web.route(gateway, { healthPath: '/healthz' });
    web.route(gateway, { host: '*.web.test.example', scheme: 'https' });
    gateway.addTcpRoute(web, { port: 5432, to: web.endpoint });
    gateway.addTcpRoute(web, { port: 22, to: web.endpoint });
    expect(findingsOf(lab)).toEqual([]);
  });

  test('the way in, as it is written', () => {
    const { lab, gateway, web } = make();
    web.route(gateway, { path: '/api' });
    const kinds = ['GatewayClass', 'Gateway', 'HTTPRoute', 'ReferenceGrant', 'EnvoyFilter', 'PeerAuthentication'];
    const own = objectsOf(lab).filter(({ kind }) => kinds.includes(kind));
    expectGolden('networking/golden/istio.yaml', own.map((object) => dump(object)).join('---\n'));
  });

  test('a Gateway is ours by the name of our Service, and takes routes of its own namespace alone', () => {
    const { lab } = make();
    expect(objectOf(lab, 'Gateway', 'ingress', 'gateway')).toMatchObject({
      spec: {
        gatewayClassName: 'istio',
        addresses: [{ type: 'Hostname', value: 'ingress.gateway.svc.cluster.local' }],
        listeners: [
          { name: 'http', port: 80, allowedRoutes: { namespaces: { from: 'Same' } } },
          { name: 'https', port: 443, tls: { certificateRefs: [{ name: 'tls' }] } },
        ],
      },
    });
    const env = envOf(lab, 'istiod');
    expect(env).toMatchObject({
      INJECT_ENABLED: 'false',
      PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER: 'false',
      PILOT_ENABLE_GATEWAY_API_GATEWAYCLASS_CONTROLLER: 'false',
    });
  });

  test('plain http is led to https for good', () => {
    const { rules } = routeOf(make().lab, 'to-https');
    expect(rules).toEqual([
      { filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https', statusCode: 308 } }] },
    ]);
  });

  test('a route into another namespace is permitted there, for that Service alone', () => {
    const { lab, gateway, web } = make();
    web.route(gateway);
    web.route(gateway, { path: '/api' });
    expect(objectsOf(lab).filter(({ kind }) => kind === 'ReferenceGrant')).toMatchObject([
      {
        metadata: { name: 'ingress-to-web', namespace: 'web' },
        spec: {
          from: [{ kind: 'HTTPRoute', namespace: 'gateway' }],
          to: [{ group: '', kind: 'Service', name: 'web' }],
        },
      },
    ]);
  });

  test('what a client claims of itself is replaced, and browsers are told to come by https', () => {
    const { lab, gateway, web } = make({ hsts: Duration.days(1) });
    web.route(gateway);
    const text = JSON.stringify(routeOf(lab, 'web.test.example').rules[1]!.filters);
    expect(text).toContain('{"name":"X-Forwarded-For","value":"%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"}');
    expect(text).toContain('"remove":["Forwarded"]');
    expect(text).toContain('max-age=86400');
    const without = make({ hsts: Duration.seconds(0) });
    without.web.route(without.gateway);
    expect(JSON.stringify(routeOf(without.lab, 'web.test.example'))).not.toContain('Strict-Transport-Security');
  });

  test('a timeout is how long a side may be silent, a WebSocket for longer, and nothing bounds a whole request', () => {
    const { lab, gateway, web } = make({ tunnelTimeout: Duration.minutes(30) });
    web.route(gateway);
    web.route(gateway, { host: 'slow.test.example', timeout: Duration.hours(2) });
    expect(silencesOf(lab)).toEqual({
      'web.test.example': silent(60),
      'web.test.example-upgrade': silent(1800),
      'slow.test.example': silent(7200),
      'slow.test.example-upgrade': silent(7200),
    });
    const [upgrade, rest] = routeOf(lab, 'web.test.example').rules;
    expect(upgrade?.matches).toEqual([
      {
        path: { type: 'PathPrefix', value: '/' },
        headers: [{ name: 'Upgrade', type: 'RegularExpression', value: '(?i)websocket' }],
      },
    ]);
    expect([upgrade, rest].map((rule) => rule && Object.keys(rule))).not.toContainEqual(
      expect.arrayContaining(['timeouts']),
    );
  });

  test("an endpoint's certificate is verified by the gateway's issuer, by its name", () => {
    const { lab, gateway, web } = make();
    web.route(gateway, { scheme: 'https' });
    const tls = { mode: 'SIMPLE', credentialName: 'tls', sni: 'web.web.svc.cluster.local' };
    expect(ruleOf(lab, 'web.web.svc.cluster.local').trafficPolicy?.portLevelSettings).toMatchObject([
      { port: { number: 80 }, tls: { ...tls, subjectAltNames: ['web.web.svc.cluster.local'] } },
    ]);
  });

  test('a host outside of the cluster is made known to the gateway alone, an address too', () => {
    const { lab, gateway } = make();
    const bucket = (host: string) =>
      External.bucket(lab, { host, port: 443, bucket: 'b', credentials: { name: 'b' } }).endpoint;
    gateway.addRoute(lab, { host: 'a.test.example', to: bucket('s3.corp.example'), scheme: 'https' });
    gateway.addRoute(lab, { host: 'b.test.example', to: bucket('10.9.8.7') });
    expect(objectOf(lab, 'ServiceEntry', 's3.corp.example')).toMatchObject({
      spec: { exportTo: ['.'], resolution: 'DNS', ports: [{ number: 443 }] },
    });
    expect(objectOf(lab, 'ServiceEntry', 'ip-10-9-8-7.invalid')).toMatchObject({
      spec: { resolution: 'STATIC', endpoints: [{ address: '10.9.8.7' }] },
    });
    expect(routeOf(lab, 'a.test.example').rules[0]?.backendRefs).toEqual([
      { group: 'networking.istio.io', kind: 'Hostname', name: 's3.corp.example', port: 443 },
    ]);
  });

  test('a port that is no HTTP goes through as it is, for as long as it may be silent', () => {
    const { lab, gateway, web } = make({ tcpPorts: [22, 5432] });
    gateway.addTcpRoute(web, { port: 5432, to: web.endpoint, timeout: Duration.hours(8) });
    expect(objectOf(lab, 'VirtualService', 'tcp-5432')).toMatchObject({
      spec: {
        gateways: ['gateway/ingress-tcp'],
        tcp: [
          {
            match: [{ port: 5432 }],
            route: [{ destination: { host: 'web.web.svc.cluster.local', port: { number: 80 } } }],
          },
        ],
      },
    });
    expect(ruleOf(lab, 'web.web.svc.cluster.local').trafficPolicy?.connectionPool?.tcp?.idleTimeout).toBe('28800s');
    expect(objectOf(lab, 'Service', 'ingress', 'gateway')).toMatchObject({
      spec: { ports: [{ port: 80 }, { port: 443 }, { port: 22, targetPort: 20022 }, { port: 5432, targetPort: 5432 }] },
    });
  });

  test('TLS 1.3 alone is asked for at the listener', () => {
    expect(JSON.stringify(patchesOf(make({ minimumTls: '1.3' }).lab))).toContain('TLSv1_3');
    expect(patchesOf(make().lab)).toEqual([]);
  });

  test('a new route changes no pod', () => {
    const [one, two] = [make(), make()];
    one.web.route(one.gateway);
    two.web.route(two.gateway);
    two.web.route(two.gateway, { host: 'more.test.example' });
    for (const name of ['ingress', 'istiod']) expect(podsOf(two.lab, name)).toEqual(podsOf(one.lab, name));
  });

  test('a pod that stops takes connections for ten seconds, and may end the open ones', () => {
    const { lab } = make({ drainTimeout: Duration.minutes(5) });
    expect(podsOf(lab, 'ingress').template.spec.terminationGracePeriodSeconds).toBe(325);
    expect(envOf(lab, 'ingress')).toMatchObject({
      EXIT_ON_ZERO_ACTIVE_CONNECTIONS: 'true',
      MINIMUM_DRAIN_DURATION: '10s',
    });
  });

  test('connections, threads and pods are as said', () => {
    const { lab } = make({ maxConnections: 10000, threads: 4, replicas: 3, controlPlaneReplicas: 1 });
    const { replicas, template } = podsOf(lab, 'ingress');
    expect(replicas).toBe(3);
    expect(podsOf(lab, 'istiod').replicas).toBe(1);
    const limits = template.spec.containers[0]!.resources!.limits!;
    expect(limits.cpu).toBe('4');
    expect(limits.memory).toBe('1194Mi');
    expect(JSON.parse(envOf(lab, 'ingress').PROXY_CONFIG!)).toEqual({
      discoveryAddress: 'istiod.gateway.svc:15012',
      concurrency: 4,
      drainDuration: '10s',
      proxyMetadata: { ISTIO_META_GLOBAL_DOWNSTREAM_MAX_CONNECTIONS: '10000' },
    });
  });

  test('a revision puts a control plane beside the one there is, and looks after what names none', () => {
    const { lab } = make({ revision: '1-30-3' });
    expect(JSON.parse(envOf(lab, 'ingress').PROXY_CONFIG!)).toMatchObject({
      discoveryAddress: 'istiod-1-30-3.gateway.svc:15012',
    });
    expect(envOf(lab, 'istiod-1-30-3').REVISION).toBe('1-30-3');
    expect(objectOf(lab, 'ConfigMap', 'istio-1-30-3', 'gateway').kind).toBe('ConfigMap');
    for (const [kind, name] of [
      ['Service', 'istiod-revision-tag-default'],
      ['ValidatingWebhookConfiguration', 'istio-validator-gateway'],
      ['Gateway', 'ingress'],
    ] as const)
      expect(objectOf(lab, kind, name).metadata.labels).toMatchObject({ 'istio.io/rev': '1-30-3' });
  });

  test('requests are logged without their queries, or not at all', () => {
    const config = (props: Partial<IstioProps>) =>
      objectOf<{ data: { mesh: string } }>(make(props).lab, 'ConfigMap', 'istio', 'gateway').data.mesh;
    expect(config({})).toContain('REQ_WITHOUT_QUERY(X-ENVOY-ORIGINAL-PATH?:PATH)');
    expect(config({})).not.toContain('%REQ(X-ENVOY-ORIGINAL-PATH');
    expect(config({ accessLogs: false })).not.toContain('accessLog');
    expect(JSON.parse(config({ trustDomain: 'corp.example' }))).toMatchObject({ trustDomain: 'corp.example' });
  });

  test('an authority that was given signs in place of one that istiod makes', () => {
    const { lab } = make();
    const given = make({
      authority: External.credentials(lab, { name: 'mesh-ca' }, ['tls.crt', 'tls.key', 'ca.crt']),
    });
    const mounts = (platform: Platform) =>
      podsOf(platform, 'istiod').template.spec.containers[0]!.volumeMounts!.map(({ mountPath }) => mountPath);
    expect(mounts(lab)).not.toContain('/etc/cacerts');
    expect(mounts(given.lab)).toContain('/etc/cacerts');
    expect(envOf(given.lab, 'istiod').AUTO_RELOAD_PLUGIN_CERTS).toBe('true');
  });

  test('metrics are collected of istiod, the gateway and both programs on the nodes', () => {
    const { lab } = make();
    const { lab: scraped } = make({ metrics: metrics(lab) });
    const monitors = objectsOf(scraped).filter(({ kind }) => kind === 'ServiceMonitor');
    expect(monitors.map(({ metadata }) => metadata.name).sort()).toEqual([
      'ingress',
      'istio-cni-node',
      'istiod',
      'ztunnel',
    ]);
  });

  test('requests are counted where somebody collects it', () => {
    const counted = (platform: Platform) => [
      objectOf<{ data: { mesh: string } }>(platform, 'ConfigMap', 'istio', 'gateway').data.mesh.includes('prometheus'),
      envOf(platform, 'istiod').PILOT_ENABLE_METADATA_EXCHANGE !== 'false',
    ];
    const { lab } = make();
    expect(counted(lab)).toEqual([false, false]);
    expect(counted(make({ metrics: metrics(lab) }).lab)).toEqual([true, true]);
  });

  test('nothing of a later wave is refused before the webhook answers', () => {
    const { lab } = make();
    const stage = lab.stages.find(({ file }) => file === 'gateway-control-plane');
    expect(stage?.gates.map(({ type }) => type)).toEqual(['field', 'admission']);
    const { wave } = stage!;
    for (const other of lab.stages.filter(({ file }) => /^gateway(-mesh|-policies)?$/.test(file)))
      expect(other.wave).toBeGreaterThan(wave);
  });

  test('istiod may write little: Secrets in its own namespace, no pods, no workloads', () => {
    const { lab } = make();
    const rules = objectOf<{ rules: k8s.PolicyRule[] }>(lab, 'ClusterRole', 'gateway-istiod').rules;
    const writes = rules.filter(({ verbs }) => verbs.some((verb) => !['get', 'list', 'watch'].includes(verb)));
    const resources = writes.flatMap((rule) => rule.resources ?? []).sort();
    expect(resources).toEqual([
      '*/status',
      'authorizationpolicies/status',
      'configmaps',
      'serviceentries/status',
      'services/status',
      'subjectaccessreviews',
      'tokenreviews',
      'validatingwebhookconfigurations',
      'workloadentries/status',
    ]);
  });

  test('istiod may read the Ingresses that it does nothing with: it is not ready without', () => {
    const { lab } = make();
    const rules = objectOf<{ rules: k8s.PolicyRule[] }>(lab, 'ClusterRole', 'gateway-istiod').rules;
    const [rule] = rules.filter(({ apiGroups }) => apiGroups?.includes('networking.k8s.io'));
    expect(rule).toMatchObject({ resources: ['ingresses'], verbs: ['get', 'list', 'watch'] });
  });

  test("OpenShift's own definitions of Gateway API are left alone, and only there", () => {
    const names = (distribution: 'openshift' | 'kubeadm') =>
      objectsOf(make({ mesh: false }, { distribution }).lab)
        .filter(({ kind }) => kind === 'CustomResourceDefinition')
        .map(({ metadata }) => metadata.name);
    expect(names('kubeadm')).toContain('gateways.gateway.networking.k8s.io');
    expect(names('openshift')).not.toContain('gateways.gateway.networking.k8s.io');
    expect(names('openshift')).toContain('gateways.networking.istio.io');
  });

  test('images come from the mirror', () => {
    const { lab } = make({}, { registryMirror: 'registry.test.example' });
    expect([...lab.images.keys()].filter((name) => name.includes('release/'))).toEqual(
      ['pilot', 'proxyv2', 'install-cni', 'ztunnel']
        .map((name) => `registry.test.example/release/${name}:1.30.3-distroless`)
        .sort((a, b) => [...lab.images.keys()].indexOf(a) - [...lab.images.keys()].indexOf(b)),
    );
  });
});

describe('Istio refuses', () => {
  test.each<[string, Partial<IstioProps>, string]>([
    [
      'no replica',
      { replicas: 0 },
      'lab/gateway: replicas must be a whole number from 1 to 20, got 0; two on different nodes outlive one of them',
    ],
    [
      'weak TLS',
      { minimumTls: '1.1' as '1.2' },
      'lab/gateway: minimumTls must be "1.2" or "1.3", got "1.1"; what is older is broken and no browser speaks it',
    ],
    [
      "another program's log level",
      { logLevel: 'infos' as 'info' },
      'lab/gateway: logLevel must be one of "debug", "info", "warn", "error", "none", got "infos"; did you mean "info"?',
    ],
    [
      'a revision with a dot',
      { revision: '1.30' },
      'lab/gateway: revision must be of lower-case letters, digits and "-" between them, got "1.30"; did you mean "1-30"?',
    ],
    [
      'a trust domain that is a URL',
      { trustDomain: 'spiffe://corp' },
      'lab/gateway: trustDomain must be a host name of lower-case labels such as "mlflow.lab.example", got "spiffe://corp"; write it so',
    ],
    [
      'a port that is the proxy’s own and one that becomes it',
      { tcpPorts: [15021, 35021] },
      'lab/gateway: tcpPorts has 15021 and 35021, which would both be port 35021 of the pods; use another port for one of them',
    ],
    [
      'resources of what is left out',
      { mesh: false, resources: { ztunnel: { memory: Size.gibibytes(1) } } },
      'lab/gateway: resources.ztunnel is for a program of the mesh, but mesh is false; leave it out',
    ],
  ])('%s', (_, props, message) => {
    expect(() => make(props)).toThrow(new Error(message));
  });

  test('an authority without its root', () => {
    const { lab } = make();
    const authority = External.credentials(lab, { name: 'mesh-ca' }, ['tls.crt', 'tls.key']);
    expect(() => make({ authority })).toThrow(
      'lab/gateway: authority must be a Secret with the keys "tls.crt", "tls.key", "ca.crt", got ["tls.crt","tls.key"]; add "ca.crt"',
    );
  });

  test('the mesh on OpenShift', () => {
    expect(() => make({}, { distribution: 'openshift' })).toThrow(
      "lab/gateway: the mesh isn't made for OpenShift, whose network plugin calls others only by name; pass mesh: false",
    );
  });

  test.each<[string, Partial<RouteProps>, RegExp]>([
    ['a foreign host', { host: 'web.other.example' }, /^lab\/web: host "web.other.example" is outside/],
    ['a relative path', { path: 'api' }, /^lab\/web: path must begin with "\/"/],
    [
      'half a second',
      { timeout: Duration.millis(500) },
      /^lab\/web: timeout must be 1 to 86400 whole seconds, got 0.5/,
    ],
  ])('%s', (_, props, message) => {
    const { gateway, web } = make();
    expect(() => web.route(gateway, props)).toThrow(message);
  });

  test('a host and path, or a port, that another has', () => {
    const { lab, gateway, web } = make({ tcpPorts: [5432] });
    web.route(gateway);
    expect(() => new Web(lab, 'other').route(gateway)).toThrow(
      'lab/other: https://web.test.example is taken by lab/web; give another host or path',
    );
    gateway.addTcpRoute(web, { port: 5432, to: web.endpoint });
    expect(() => gateway.addTcpRoute(web, { port: 5432, to: web.endpoint })).toThrow(
      'port 5432 of the gateway is taken',
    );
    expect(() => gateway.addTcpRoute(web, { port: 1, to: web.endpoint })).toThrow(
      "lab/web: port 1 isn't among the gateway's tcpPorts, [5432]; add it there",
    );
  });
});
