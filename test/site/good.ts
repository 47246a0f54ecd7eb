import { Site } from '../../lib/site';
import { message } from './message';

/** A site file that is right and has every key. */
export const GOOD = `name: lab
domain: lab.example
nodePools:
  - name: control
    roles: [control-plane]
    nodes: 3
    cpu: { cores: 8 }
    memory: 32GiB
  - name: gpu
    nodes: 2
    cpu: { sockets: 2, coresPerSocket: 64 }
    memory: 1TiB
    gpus: { model: A100, count: 8, memory: 40GB, vendor: nvidia }
    localDisks:
      - { type: nvme, count: 4, size: 3.84TB }
    networkPorts:
      - { type: infiniband, speed: 200Gb/s, count: 8, network: ib }
    labels:
      rack: a1
    taints:
      - { key: nvidia.com/gpu, value: "yes", effect: NoSchedule }
networks:
  - name: services
    cidr: 192.0.2.0/24
    vlan: 7
    loadBalancerRanges: [192.0.2.100-192.0.2.150, 192.0.2.160/28]
    bgp: { myASN: 64512, peers: [{ address: 192.0.2.1, asn: 64500 }] }
  - name: ib
    type: infiniband
    cidr: 198.51.100.0/24
storageClasses:
  - { name: fast, tier: hot, media: nvme, replicated: true, expandable: true, encrypted: true, default: true }
  - { name: slow, tier: cold, default: false }
`;

/** What is said of the good site after one change. */
export function after(from: string, to: string): string {
  if (!GOOD.includes(from)) throw new Error(`the good site has no ${from}`);
  return message(() => Site.fromYaml(GOOD.replace(from, to), { file: 'site.yaml' }));
}
