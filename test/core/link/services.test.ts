import { type KubeObject } from '../../../lib/core/link';
import { CONTAINER, object, shop, TEMPLATE } from './shop';

describe('a Service', () => {
  test('selects pods that exist', () => {
    expect(shop().set('Service/web', ['spec', 'selector', 'app'], 'wed').findings()[0]).toBe(
      'Service/web: spec.selector "app=wed" selects no pod in namespace shop; add the pods, or correct the selector',
    );
  });

  test('is told the labels that the nearest pod has', () => {
    const bundle = shop().set('Service/web', ['spec', 'selector'], { app: 'web', tier: 'front' });
    expect(bundle.findings()[0]).toBe(
      'Service/web: spec.selector "app=web,tier=front" selects no pod in namespace shop; Deployment web has tier=(none)',
    );
  });

  test('may have no selector, or an external name', () => {
    const bundle = shop().add(
      object('v1', 'Service', 'manual', 'shop', { spec: { ports: [{ port: 80 }] } }),
      object('v1', 'Service', 'away', 'shop', {
        spec: { type: 'ExternalName', externalName: 'db.example', selector: { a: 'b' } },
      }),
    );
    expect(bundle.findings()).toEqual([]);
  });

  test('leads to a port of the pods, by name', () => {
    expect(shop().set('Service/db', ['spec', 'ports', 0, 'targetPort'], 'sgl').findings()).toEqual([
      'Service/db: spec.ports[0].targetPort "sgl" is no TCP port of the pods it selects (StatefulSet db); did you mean "sql"?',
    ]);
  });

  test('leads to a port of the pods, by number', () => {
    const bundle = (strict: boolean) =>
      shop().set('Service/db', ['spec', 'ports', 0, 'targetPort'], 5433).findings({ strict });
    const line = 'is no TCP port that the pods it selects open (StatefulSet db); there is "5432/TCP"';
    expect(bundle(true)).toContain(`Service/db: spec.ports[0].targetPort "5433" ${line}`);
    expect(bundle(false)).toContain(`Service/db: spec.ports[0].targetPort "5433" ${line}`);
  });

  test('leads to an undeclared port outside strict mode, where the pod speaks of it', () => {
    const bundle = (strict: boolean) =>
      shop()
        .set('Deployment/web', [...CONTAINER, 'args', 2], '--metrics=9100')
        .add(
          object('v1', 'Service', 'metrics', 'shop', { spec: { selector: { app: 'web' }, ports: [{ port: 9100 }] } }),
        )
        .findings({ strict });
    expect(bundle(false)).toEqual([]);
    expect(bundle(true)[0]).toBe(
      'Service/metrics: spec.ports[0].port "9100" is no TCP port that the pods it selects open (Deployment web); there is "8080/TCP"',
    );
  });

  test('leads to one pod of a StatefulSet by the label that Kubernetes sets', () => {
    const one = (pod: string) =>
      object('v1', 'Service', 'one', 'shop', {
        spec: { selector: { app: 'db', 'statefulset.kubernetes.io/pod-name': pod }, ports: [{ port: 5432 }] },
      });
    expect(shop().add(one('db-1')).findings()).toEqual([]);
    expect(shop().add(one('db-2')).findings()).toHaveLength(1);
  });

  test('selects pods that label themselves, where they may', () => {
    const active = object('v1', 'Service', 'active', 'shop', {
      spec: { selector: { app: 'db', role: 'primary' }, ports: [{ port: 5432 }] },
    });
    const rights = [
      object('v1', 'ServiceAccount', 'db', 'shop'),
      object('rbac.authorization.k8s.io/v1', 'Role', 'db', 'shop', {
        rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'patch'] }],
      }),
      object('rbac.authorization.k8s.io/v1', 'RoleBinding', 'db', 'shop', {
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'db' },
        subjects: [{ kind: 'ServiceAccount', name: 'db', namespace: 'shop' }],
      }),
    ];
    expect(shop().add(active).findings()).toEqual([
      'Service/active: spec.selector "app=db,role=primary" selects no pod in namespace shop; StatefulSet db has role=(none)',
    ]);
    const bundle = shop()
      .add(active, ...rights)
      .set('StatefulSet/db', [...TEMPLATE, 'serviceAccountName'], 'db');
    expect(bundle.findings({ strict: false }).filter((line) => line.startsWith('Service/'))).toEqual([]);
  });
});

test("an Ingress' backend is a Service and a port of it", () => {
  const ingress = (name: string, port: object) =>
    object('networking.k8s.io/v1', 'Ingress', 'web', 'shop', {
      spec: {
        tls: [{}],
        rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name, port } } }] } }],
      },
    });
  const at = 'Ingress/web: spec.rules[0].http.paths[0].backend.service';
  expect(
    shop()
      .add(ingress('web', { name: 'http' }))
      .findings(),
  ).toEqual([]);
  expect(
    shop()
      .add(ingress('wep', { number: 80 }))
      .findings(),
  ).toEqual([`${at}.name "wep" names no Service in namespace shop; did you mean "web"?`]);
  expect(
    shop()
      .add(ingress('web', { number: 8080 }))
      .findings(),
  ).toEqual([`${at}.port.number "8080" is no port of Service shop/web; there is "80"`]);
});

describe('a probe', () => {
  test('asks for a port of its container, by name', () => {
    const path = [...CONTAINER, 'readinessProbe', 'httpGet', 'port'];
    expect(shop().set('Deployment/web', path, 'htp').findings()).toEqual([
      'Deployment/web: spec.template.spec.containers[0].readinessProbe.httpGet.port "htp" is no port of container web; did you mean "http"?',
    ]);
  });

  test('asks for a declared number in strict mode, and in any where it contradicts the others', () => {
    const bundle = (strict: boolean, readiness: object | undefined) =>
      shop()
        .set('Deployment/web', [...CONTAINER, 'readinessProbe'], readiness)
        .set('Deployment/web', [...CONTAINER, 'livenessProbe'], { tcpSocket: { port: 8081 } })
        .findings({ strict });
    const line =
      'Deployment/web: spec.template.spec.containers[0].livenessProbe.tcpSocket.port "8081" is no port that container web opens; did you mean "8080"?';
    expect(bundle(false, undefined)).toEqual([]);
    expect(bundle(false, { tcpSocket: { port: 8080 } })).toEqual([line]);
    expect(bundle(true, undefined)).toEqual([line]);
  });
});

test('in strict mode a container declares the ports that its configuration says it listens on', () => {
  const listening = (text: string) => shop().set('ConfigMap/web', ['data', 'web.conf'], text).findings();
  expect(listening('bind :8080\n')).toEqual([]);
  expect(listening('bind *:8404\n')).toEqual([
    'Deployment/web: spec.template.spec.containers "8404" is listened on, by ConfigMap web, data["web.conf"], but no container declares it; there is "8080"',
  ]);
  for (const text of ['metrics:\n  bindAddress: :8404\n', '{ "healthProbeBindAddress": ":8404" }']) {
    expect(listening(text)).toEqual(listening('bind *:8404\n'));
  }
  expect(listening('metrics:\n  bindAddress: :8080\nhealth: { bindAddress: "127.0.0.1:8405" }\n')).toEqual([]);
  expect(
    shop()
      .set('Deployment/web', [...CONTAINER, 'args', 2], '--metrics-address=:9090')
      .findings(),
  ).toEqual([
    'Deployment/web: spec.template.spec.containers "9090" is listened on, by spec.template.spec.containers[0].args[2], but no container declares it; there is "8080"',
  ]);
});

describe('a monitor', () => {
  const external = [{ kind: 'CustomResourceDefinition', name: 'monitoring.coreos.com' }];
  const monitor = (app: string, port: string) =>
    object('monitoring.coreos.com/v1', 'ServiceMonitor', 'web', 'shop', {
      spec: { selector: { matchLabels: { app } }, endpoints: [{ port }] },
    });

  test('selects Services and names a port of theirs', () => {
    expect(shop().add(monitor('web', 'http')).findings({ external })).toEqual([]);
    expect(shop().add(monitor('wed', 'http')).findings({ external })).toEqual([
      'ServiceMonitor/web: spec.selector "app=wed" selects no Service in namespace shop; correct it to the labels of the Service that is to be scraped',
    ]);
    expect(shop().add(monitor('web', 'htp')).findings({ external })).toEqual([
      'ServiceMonitor/web: spec.endpoints[0].port "htp" is no port of the Services it selects (web); did you mean "http"?',
    ]);
  });

  test('of pods names a port of theirs', () => {
    const pods = (port: string) =>
      object('monitoring.coreos.com/v1', 'PodMonitor', 'db', 'shop', {
        spec: { selector: { matchLabels: { app: 'db' } }, podMetricsEndpoints: [{ port }] },
      });
    expect(shop().add(pods('sql')).findings({ external })).toEqual([]);
    expect(shop().add(pods('sgl')).findings({ external })).toEqual([
      'PodMonitor/db: spec.podMetricsEndpoints[0].port "sgl" is no port of the pods it selects; did you mean "sql"?',
    ]);
  });

  test('selects the Service that a Prometheus has at run time', () => {
    const prometheus = object('monitoring.coreos.com/v1', 'Prometheus', 'k8s', 'shop', { spec: {} });
    const service = object('v1', 'Service', 'prometheus', 'shop', {
      spec: { selector: { prometheus: 'k8s' }, ports: [{ port: 9090, targetPort: 'web' }] },
    });
    const found = (...objects: KubeObject[]) =>
      shop()
        .set('Namespace/shop', ['metadata', 'labels'], {})
        .add(...objects)
        .findings({ external, strict: false });
    expect(found(prometheus, service)).toEqual([]);
    expect(found(service)).toHaveLength(1);
  });
});

test("an HTTPRoute's backend is a Service of any namespace and a port of it", () => {
  const route = (...backendRefs: object[]) =>
    object('gateway.networking.k8s.io/v1', 'HTTPRoute', 'web', 'edge', { spec: { rules: [{ backendRefs }] } });
  const hostname = { group: 'networking.istio.io', kind: 'Hostname', name: 'db.corp.example', port: 443 };
  const findings = (...backendRefs: object[]) =>
    shop()
      .add(object('v1', 'Namespace', 'edge'), route(...backendRefs))
      .findings({ external: [{ kind: 'CustomResourceDefinition', name: 'httproutes.gateway.networking.k8s.io' }] })
      .filter((line) => line.includes('backendRefs'));
  expect(findings({ name: 'web', namespace: 'shop', port: 80 }, hostname)).toEqual([]);
  expect(findings({ name: 'wed', namespace: 'shop', port: 80 }, { name: 'web', namespace: 'shop', port: 81 })).toEqual([
    expect.stringContaining('spec.rules[0].backendRefs[0].name "wed" names no Service in namespace shop') as string,
    expect.stringContaining('spec.rules[0].backendRefs[1].port "81" is no port of Service shop/web') as string,
  ]);
});
