import { type k8s, type Platform } from '../../lib/core';
import { findingsOf, objectOf, objectsOf } from '../support';
import { make, Web } from './istio-support';

interface Authorization {
  readonly spec: { readonly selector?: object; readonly rules?: readonly object[] };
}
interface Authentication {
  readonly spec: { readonly mtls: { readonly mode: string }; readonly portLevelMtls?: object };
}
interface Policy {
  readonly spec: Required<k8s.NetworkPolicySpec>;
}

const modeOf = (lab: Platform, namespace: string) =>
  objectOf(lab, 'Namespace', namespace).metadata.labels!['istio.io/dataplane-mode'];
const allowed = (lab: Platform, name: string) =>
  objectOf<Authorization>(lab, 'AuthorizationPolicy', name, name).spec.rules;
const authentications = (lab: Platform) =>
  objectsOf(lab)
    .filter(({ kind }) => kind === 'PeerAuthentication')
    .map((object) => object as unknown as Authentication & { metadata: { namespace: string; name: string } });
const ports = (rules: readonly { ports?: readonly { port?: unknown }[] }[]) =>
  rules.flatMap((rule) => (rule.ports ?? []).map(({ port }) => port));
const from = (...principals: string[]) => [{ source: { principals } }];
const to = (...numbers: string[]) => [{ operation: { ports: numbers } }];

describe('the mesh', () => {
  test('links without a finding', () => {
    const { lab, gateway, web } = make();
    web.route(gateway);
    new Web(lab, 'client', { calls: [web.endpoint] }).route(gateway, { host: 'client.test.example' });
    expect(findingsOf(lab)).toEqual([]);
  });

  test('a workload is reached by those it was wired to, by their identity, and by nobody else', () => {
    const { lab, gateway, web } = make();
    web.route(gateway);
    const client = new Web(lab, 'client', { calls: [web.endpoint] });
    new Web(lab, 'stranger', { calls: [client.endpoint] });
    expect(allowed(lab, 'web')).toEqual([
      { from: from('cluster.local/ns/gateway/sa/ingress', 'cluster.local/ns/client/sa/client'), to: to('8000') },
    ]);
    expect(allowed(lab, 'client')).toEqual([{ from: from('cluster.local/ns/stranger/sa/stranger'), to: to('8000') }]);
    // Without a rule nobody may.
    expect(allowed(lab, 'stranger')).toBeUndefined();
  });

  test('what was wired after the output was asked for counts too', () => {
    const { lab, gateway, web } = make();
    web.route(gateway);
    expect(allowed(lab, 'web')).toHaveLength(1);
    new Web(lab, 'late', { calls: [web.endpoint] });
    expect(JSON.stringify(allowed(lab, 'web'))).toContain('cluster.local/ns/late/sa/late');
    expect(objectsOf(lab).filter(({ kind }) => kind === 'AuthorizationPolicy')).toHaveLength(2);
  });

  test('the trust domain is in every identity', () => {
    const { lab, gateway, web } = make({ trustDomain: 'corp.example' });
    web.route(gateway);
    expect(allowed(lab, 'web')).toEqual([{ from: from('corp.example/ns/gateway/sa/ingress'), to: to('8000') }]);
  });

  test('in are systems that others of them call; the rest says that it is out', () => {
    const { lab, gateway, web } = make();
    web.route(gateway);
    new Web(lab, 'alone');
    const driver = new Web(lab, 'driver', { podSecurity: 'privileged' });
    new Web(lab, 'caller', { calls: [driver.endpoint] });
    expect(['web', 'gateway', 'alone', 'driver', 'caller', 'cert-manager'].map((name) => modeOf(lab, name))).toEqual([
      'ambient',
      'none',
      'none',
      'none',
      'none',
      'none',
    ]);
  });

  test('everybody must show who they are, but for ports that somebody outside of the mesh is wired to', () => {
    const { lab, gateway, web } = make();
    web.route(gateway);
    expect(authentications(lab).map(({ metadata, spec }) => [metadata.namespace, metadata.name, spec])).toEqual([
      ['gateway', 'default', { mtls: { mode: 'STRICT' } }],
    ]);
    web.deployment.allowFrom({ namespace: 'monitoring', podLabels: { app: 'prometheus' } }, 8001);
    web.deployment.allowFrom({ cidr: '10.1.0.0/16' }, { port: 'http' });
    new Web(lab, 'other');
    expect(authentications(lab)[0]?.spec).toMatchObject({
      mtls: { mode: 'STRICT' },
      portLevelMtls: { '8000': { mode: 'PERMISSIVE' }, '8001': { mode: 'PERMISSIVE' } },
    });
    expect(allowed(lab, 'web')).toEqual([
      {
        from: [
          { source: { principals: ['cluster.local/ns/gateway/sa/ingress'] } },
          { source: { ipBlocks: ['10.1.0.0/16'] } },
        ],
        to: to('8000'),
      },
      // Who has an identity must be named; who has none was let through by the NetworkPolicy.
      { from: [{ source: { notPrincipals: ['*'] } }], to: to('8001') },
    ]);
  });

  test('a port that is open to everybody asks nobody', () => {
    const { lab, gateway, web } = make();
    web.route(gateway);
    web.deployment.allowFrom('anywhere', 8001);
    expect(allowed(lab, 'web')).toContainEqual({ to: to('8001') });
  });

  test("NetworkPolicies let the mesh's port and its probes in and out, between its members alone", () => {
    const { lab, gateway, web } = make();
    web.route(gateway);
    new Web(lab, 'client', { calls: [web.endpoint] });
    const policy = (name: string, namespace = name) => objectOf<Policy>(lab, 'NetworkPolicy', name, namespace).spec;
    expect(ports(policy('web').ingress)).toEqual([8000, 15008, 8001]);
    expect(policy('web').ingress).toContainEqual({
      from: [{ ipBlock: { cidr: '169.254.7.127/32' } }],
      ports: [{ port: 8001, protocol: 'TCP' }],
    });
    expect(ports(policy('client').egress)).toContain(15008);
    expect(ports(policy('ingress', 'gateway').egress)).toContain(15008);
    expect(ports(policy('ingress', 'gateway').ingress)).not.toContain(15008);
  });

  test('one that stays outside on request is called as before', () => {
    const { lab, gateway, web } = make({ mesh: { outside: ['web'] } });
    web.route(gateway);
    expect(modeOf(lab, 'web')).toBe('none');
    expect(objectsOf(lab).filter(({ kind }) => kind === 'AuthorizationPolicy')).toEqual([]);
    expect(JSON.stringify(objectOf(lab, 'NetworkPolicy', 'web', 'web'))).not.toContain('15008');
  });

  test('a namespace to stay outside that there is none of is refused', () => {
    const { lab } = make({ mesh: { outside: ['wep'] } });
    expect(() => objectsOf(lab)).toThrow(
      'lab/gateway: mesh.outside: the platform has no namespace "wep"; did you mean "web"?',
    );
  });

  test('ztunnel hands over to the next, and both programs are on every node', () => {
    const { lab } = make();
    const ztunnel = objectOf<{ spec: k8s.DaemonSetSpec }>(lab, 'DaemonSet', 'ztunnel', 'gateway').spec;
    expect(ztunnel.updateStrategy?.rollingUpdate).toEqual({ maxSurge: 1, maxUnavailable: 0 });
    for (const name of ['ztunnel', 'istio-cni-node']) {
      const { template } = objectOf<{ spec: k8s.DaemonSetSpec }>(lab, 'DaemonSet', name, 'gateway').spec;
      expect(template.spec?.tolerations).toContainEqual({ operator: 'Exists', effect: 'NoSchedule' });
      expect(template.spec?.priorityClassName).toBe('system-node-critical');
    }
  });

  test('the plugin is put where the distribution has its plugins', () => {
    const { lab } = make({}, { distribution: 'k3s' });
    const text = JSON.stringify(objectOf(lab, 'DaemonSet', 'istio-cni-node'));
    expect(text).toContain('"path":"/var/lib/rancher/k3s/data/cni"');
    expect(text).toContain('"path":"/var/lib/rancher/k3s/agent/etc/cni/net.d"');
    expect(text).toContain('"appArmorProfile":{"type":"Unconfined"}');
  });

  test('without it there is nothing on the nodes, and nothing of it in others', () => {
    const { lab, gateway, web } = make({ mesh: false });
    web.route(gateway);
    const kinds = objectsOf(lab).map(({ kind }) => kind);
    for (const kind of ['DaemonSet', 'AuthorizationPolicy', 'PeerAuthentication']) expect(kinds).not.toContain(kind);
    expect(JSON.stringify(objectOf(lab, 'Namespace', 'web'))).not.toContain('dataplane-mode');
    expect(objectOf(lab, 'Namespace', 'gateway').metadata.labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'restricted',
    });
  });

  test("the mesh's port is a slip of the pen where there is no mesh", () => {
    const { lab, gateway, web } = make({ mesh: false });
    web.route(gateway);
    web.deployment.allowFrom({ namespace: 'gateway', podLabels: {} }, 15008);
    expect(findingsOf(lab)).toEqual([
      expect.stringContaining('"15008" is no TCP port of the pods at that end; there is "8000", "8001"') as string,
    ]);
  });
});
