import { Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  Deployment,
  External,
  type IEndpoint,
  type IGateway,
  k8s,
  type Platform,
  type PlatformProps,
  type PodSecurityLevel,
  type RouteProps,
  type ServiceEndpoint,
  System,
} from '../../lib/core';
import { Istio, type IstioProps } from '../../lib/networking/istio';
import { CertManager } from '../../lib/security/cert-manager';
import { testPlatform } from '../support';

/** A system that serves, and may call others. */
export class Web extends System {
  readonly endpoint: ServiceEndpoint;
  readonly deployment: Deployment;

  constructor(
    scope: Construct,
    id = 'web',
    props: { readonly podSecurity?: PodSecurityLevel; readonly calls?: readonly IEndpoint[] } = {},
  ) {
    super(scope, id, { name: 'web', version: '1', podSecurity: props.podSecurity }, {});
    this.deployment = new Deployment(this.addStage('install'), id, {
      containers: [
        {
          name: 'web',
          image: { registry: 'docker.io', repository: 'library/nginx', tag: '1.29.0' },
          ports: { http: 8000, admin: 8001 },
          resources: { cpu: 0.1, memory: Size.mebibytes(64) },
          readinessProbe: { httpGet: { path: '/', port: k8s.IntOrString.fromString('admin') } },
        },
      ],
    });
    this.deployment.connectTo(...(props.calls ?? []));
    this.endpoint = this.deployment.addService({ ports: { http: { port: 80, target: 8000 } } }).http;
  }

  route(gateway: IGateway, props: Partial<RouteProps> = {}) {
    return gateway.addRoute(this, { host: 'web.test.example', to: this.endpoint, ...props });
  }
}

export interface Lab {
  readonly lab: Platform;
  readonly gateway: Istio;
  readonly web: Web;
}

export function make(props: Partial<IstioProps> = {}, platform: Partial<PlatformProps> = {}): Lab {
  const lab = testPlatform(platform);
  const certificates = props.certificates ?? new CertManager(lab, 'cert-manager');
  const gateway = new Istio(lab, 'gateway', { addresses: External.loadBalancer(), ...props, certificates });
  return { lab, gateway, web: new Web(lab) };
}
