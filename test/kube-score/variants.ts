import { join } from 'node:path';
import { Size } from 'cdk8s';
import { ExperimentTracking } from '../../blueprints';
import { App, External, Site } from '../../lib';

/** Synthesizes what dist doesn't show: routers to talk BGP with, everything encrypted, metrics collected. @returns its folder */
export function synthesizeVariants(outdir: string): string {
  const app = new App({ outdir });
  const site = new Site({
    name: 'routed',
    domain: 'routed.example',
    nodePools: [{ name: 'servers', nodes: 6, cpu: { cores: 64 }, memory: Size.gibibytes(512) }],
    networks: [
      {
        name: 'services',
        cidr: '192.0.2.0/24',
        loadBalancerRanges: ['192.0.2.128/26'],
        bgp: { myASN: 64512, peers: [{ address: '192.0.2.1', asn: 64500 }] },
      },
    ],
    storageClasses: [{ name: 'fast', tier: 'hot', default: true }],
  });
  new ExperimentTracking(app, 'routed', {
    site,
    size: 'production',
    metrics: (lab) => External.prometheus(lab, { pods: { namespace: 'monitoring', labels: { app: 'prometheus' } } }),
  });
  app.synth();
  return join(outdir, 'routed');
}
