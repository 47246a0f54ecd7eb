import { Size } from 'cdk8s';
import { type Construct } from 'constructs';
import { Deployment, image, type ServiceEndpoint, System } from '../../lib/core';

/** A user interface that knows nothing of people. */
export class Web extends System {
  readonly endpoint: ServiceEndpoint;

  constructor(scope: Construct, id: string) {
    super(scope, id, { name: 'web', version: '1' }, {});
    const deployment = new Deployment(this.addStage('install'), 'web', {
      containers: [
        {
          name: 'web',
          image: image('quay.io/example/web:1'),
          ports: { http: 8000 },
          resources: { cpu: 0.1, memory: Size.mebibytes(64) },
        },
      ],
    });
    this.endpoint = deployment.addService({ ports: { http: { port: 80, target: 8000 } } }).http;
  }
}
