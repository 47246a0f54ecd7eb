import { Size } from 'cdk8s';
import { Construct } from 'constructs';
import {
  bundled,
  didYouMean,
  fail,
  type ICertificateIssuer,
  type IMetrics,
  type INodeFeatures,
  type IRdmaNetwork,
  type IRdmaNetworks,
  type ProgramResources,
  programResources,
  show,
  type Stage,
  System,
  type SystemProps,
} from '../../core';
import * as k8s from '../../core/k8s';
import { CustomResource } from '../../crds';
import { addInfinibandMonitoring } from '../../monitoring';
import { networkAttachmentDefinition } from './attachment-crds';
import { hostDeviceNetwork, ipoibNetwork, macvlanNetwork, nicClusterPolicy, nicNodePolicy } from './crds';
import { type NetworkDriverProps, driverSpec, registryPort } from './driver';
import { VERSION } from './images';
import { cidrPool, ipPool } from './ipam-crds';
import { NetworkResources } from './networks';
import { Operator } from './operator';
import { type RdmaNetworkProps, plans } from './plan';
import { nodesOf, policySpec, VENDOR } from './policy';
import { attachmentNames, RdmaNetwork, type RdmaNetworkPlan } from './rdma-network';
import { checkSriov, SriovConfig, sriovInstructions, type SriovProps } from './sriov';
import * as sriovCrds from './sriov-crds';
import * as sriovDraCrds from './sriov-dra-crds';
import { FunctionPolicies } from './sriov-networks';
import { SriovOperator } from './sriov-operator';
import { FunctionsReady } from './sriov-ready';
import { Webhook, webhookNames } from './webhook';

export interface NvidiaNetworkOperatorProps extends SystemProps {
  /** Labels the nodes that have the adapters; all that runs on nodes goes by it. */
  readonly nodeFeatures: INodeFeatures;
  /**
   * How the site's networks are brought to pods, by their name. InfiniBand that workers are plugged into needs no word; Ethernet is used for RDMA (RoCE) where it is
   * named here. A name that the site lacks is an error.
   * @default - all InfiniBand, shared, without addresses
   */
  readonly networks?: Readonly<Record<string, RdmaNetworkProps>>;
  /**
   * Has containers on the nodes load NVIDIA's driver (DOCA-OFED) in place of the one that is there.
   * @default - the nodes have a driver: the kernel's own, or DOCA-Host
   */
  readonly driver?: NetworkDriverProps;
  /** How nodes get virtual functions, where networks have the mode `sriov`. Without such a network it is an error. @default - one node after another, emptied of pods with RDMA devices */
  readonly sriov?: SriovProps;
  /**
   * Issues the certificate of the operator's admission webhook, which checks policies and networks that others write. One whose authority can't be put into a webhook's
   * configuration is an error.
   * @default - no webhook, as upstream; what is written here is checked at synthesis
   */
  readonly certificates?: ICertificateIssuer;
  /**
   * Cores and memory of the operator, which has all ConfigMaps and pods of the cluster in memory, and of the one for virtual functions.
   * @default - 0.05 cores and 512 MiB; 0.1 cores and 256 MiB
   */
  readonly resources?: { readonly operator?: ProgramResources; readonly sriovOperator?: ProgramResources };
  /** Collects the operators' metrics. @default - nobody does */
  readonly metrics?: IMetrics;
}

const RESOURCES = {
  operator: { cpu: 0.05, memory: Size.mebibytes(512) },
  sriovOperator: { cpu: 0.1, memory: Size.mebibytes(256) },
};
/** The one name that the operator acts on. @see https://github.com/Mellanox/network-operator/blob/v26.4.1/pkg/consts/consts.go */
const POLICY = 'nic-cluster-policy';
/** The operator's device plugins register there, whatever the kubelet's directory is. */
const KUBELET_ROOT = '/var/lib/kubelet';

/**
 * NVIDIA's network operator: brings the site's InfiniBand and RoCE networks to pods, past the kernel (RDMA).
 *
 * Puts into the cluster: the operator, if asked with its webhook, the CRDs, one policy by which it rolls out the device plugins, Multus, the CNI plugins, nv-ipam and
 * if asked the driver on the nodes with ports on these networks, and each network's addresses and attachments; where ports are divided into virtual functions, the
 * SR-IOV operator, which does that. Needs the labels of Node Feature Discovery. Offers
 * the networks (`IRdmaNetworks`).
 *
 * @see https://docs.nvidia.com/networking/display/kubernetes2640/index.html
 */
export class NvidiaNetworkOperator extends System implements IRdmaNetworks {
  readonly operator: Operator;
  /** Divides ports into virtual functions, where a network's mode is `sriov`. */
  readonly sriovOperator?: SriovOperator;
  readonly readyAfter: readonly Stage[];
  private readonly rdmaNetworks = new Map<string, RdmaNetwork>();

  /** @throws where the site has no network for RDMA, or the props don't fit it */
  constructor(scope: Construct, id: string, props: NvidiaNetworkOperatorProps) {
    super(scope, id, { name: 'nvidia-network-operator', version: VERSION, podSecurity: 'privileged' }, props);
    const { distribution, site } = this.platform;
    const path = this.node.path;
    const { nodeFeatures, certificates, driver, sriov = {}, metrics } = props;
    const resources = programResources(path, props.resources, RESOURCES);
    const networks = plans(path, site, props.networks ?? {});
    if (distribution.kubeletRoot !== KUBELET_ROOT) {
      fail(
        path,
        `the device plugins register in ${KUBELET_ROOT}, but ${distribution.title}'s kubelet is in ${distribution.kubeletRoot}; use a profile with the usual directory`,
      );
    }
    checkSriov(path, distribution, networks, props.sriov, props.resources?.sriovOperator);
    const virtual = networks.filter(({ mode }) => mode === 'sriov');
    const exclusive = sriov.rdmaNamespaces === 'exclusive';
    const adapters = nodeFeatures.pciLabel(VENDOR);
    const bundledMultus = bundled(distribution, 'multus') !== undefined;
    const attached = networks.some((plan) => attachmentNames(plan).length > 0);
    const ipam = networks.some(({ addresses }) => addresses !== undefined);
    // The Multus that a distribution brings lets pods at attachments of their own namespace and of `default` alone; ours, at those of any.
    const attachments = bundledMultus ? 'default' : this.namespace;
    const nodes = (of: readonly RdmaNetworkPlan[]) =>
      nodesOf(adapters, [...new Set(of.flatMap(({ pools }) => [...pools.keys()]))]);

    this.addDefinitions(ipam, bundledMultus, virtual.length > 0);
    const certificate = certificates && this.addStage('certificate', [certificates]);
    const secret =
      certificate &&
      certificates.issue(certificate, 'network-operator-webhook', {
        dnsNames: webhookNames(this.namespace, distribution.clusterDomain),
      });
    const install = this.addStage('install', [nodeFeatures, metrics, secret]);
    const policy = this.addStage('policy', [install]);
    const driverPart = driver && driverSpec(policy, path, driver);
    this.openWayToApi(install);
    this.operator = new Operator(install, {
      parts: {
        multus: attached && !bundledMultus,
        ipam,
        driver: driver !== undefined,
        scc: distribution.podSecurity === 'scc',
      },
      resources: resources.operator,
      certificate: secret,
      registryPort: driverPart && registryPort(driverPart.repository),
      metrics,
    });
    if (virtual.length > 0) {
      this.sriovOperator = new SriovOperator(install, { exclusive, resources: resources.sriovOperator, metrics });
      new SriovConfig(policy, adapters, networks, sriov);
    }
    if (metrics) addInfinibandMonitoring(install, metrics);
    if (secret) new Webhook(install, certificates.webhookAnnotations(secret));

    new CustomResource(policy, 'policy', nicClusterPolicy, {
      metadata: { name: POLICY },
      spec: policySpec(this, {
        plans: networks,
        nodes: nodes(networks),
        driver: driverPart,
        bundledMultus,
      }),
    });
    // Not before each DaemonSet runs on at least one node: with no adapter labelled, the operator says `notReady` for ever, and rightly.
    policy.addGate({
      type: 'field',
      resource: 'nicclusterpolicies.mellanox.com',
      name: POLICY,
      jsonPath: '{.status.state}',
      value: 'ready',
    });

    const configure = attached || ipam ? this.addStage('networks', [policy]) : undefined;
    this.readyAfter = [configure ?? policy];
    for (const plan of networks) {
      if (configure) {
        new NetworkResources(configure, path, plan, attachments, nodes([plan]), exclusive);
        if (plan.functions) new FunctionPolicies(configure, plan, adapters);
      }
      const network = new RdmaNetwork(path, plan, attachments, this.readyAfter);
      this.rdmaNetworks.set(plan.network.name, network);
      for (const [pool, ports] of plan.pools) {
        const offered = plan.mode === 'shared' ? plan.podsPerNode : ports * (plan.functions?.perPort ?? 1);
        this.platform.addNodeResources(pool, () => ({ [network.resource]: offered }));
      }
    }
    if (configure && virtual.length > 0) {
      new FunctionsReady(
        configure,
        virtual.map(({ network }) => this.network(network.name).resource),
      );
    }
    this.instruct(networks, driver !== undefined);
    if (virtual.length > 0) {
      for (const each of sriovInstructions(this.namespace, networks, sriov)) this.addInstruction(each);
    }
  }

  network(name: string): IRdmaNetwork {
    const network = this.rdmaNetworks.get(name);
    if (network) return network;
    const known = this.platform.site.network(name);
    const mend =
      known.type === 'ethernet' ? `name it in networks, if its ports do RoCE` : 'give its workers networkPorts with it';
    return fail(
      this.node.path,
      `network ${show(name)} is not brought to pods by RDMA; ${mend}${didYouMean(name, this.rdmaNetworks.keys())}`,
    );
  }

  private addDefinitions(ipam: boolean, bundledMultus: boolean, virtual: boolean): void {
    // The operator watches all of its kinds, and attachments, and doesn't start where one isn't defined.
    this.addCrds([
      nicClusterPolicy,
      nicNodePolicy,
      hostDeviceNetwork,
      ipoibNetwork,
      macvlanNetwork,
      ...(ipam ? [ipPool, cidrPool] : []),
      ...(virtual ? [...Object.values(sriovCrds), ...Object.values(sriovDraCrds)] : []),
      ...(bundledMultus ? [] : [networkAttachmentDefinition]),
    ]);
  }

  /**
   * Nearly all that the operator starts is in the nodes' network, where policies don't count. nv-ipam isn't, and its pods have labels that are the operator's to choose;
   * so every pod of the namespace may talk to the API server.
   */
  private openWayToApi(stage: Stage): void {
    const { dns, apiServerPort } = this.platform.distribution;
    const tcp = (port: number) => ({ port: k8s.IntOrString.fromNumber(port), protocol: 'TCP' });
    new k8s.KubeNetworkPolicy(new Construct(stage, 'api-server'), 'network-policy', {
      metadata: { name: 'api-server' },
      spec: {
        podSelector: {},
        policyTypes: ['Egress'],
        egress: [
          { ports: [tcp(apiServerPort)] },
          {
            to: [
              {
                namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': dns.namespace } },
                podSelector: { matchLabels: { ...dns.podLabels } },
              },
            ],
            ports: [tcp(dns.podPort), { port: k8s.IntOrString.fromNumber(dns.podPort), protocol: 'UDP' }],
          },
        ],
      },
    });
  }

  private instruct(networks: readonly RdmaNetworkPlan[], driver: boolean): void {
    const pools = [...new Set(networks.flatMap((plan) => [...plan.pools.keys()]))].map(({ name }) => name).join(', ');
    this.addInstruction({
      when: 'before',
      what:
        `Let containers on the nodes of ${pools} lock as much memory as they ask for, which RDMA needs: LimitMEMLOCK=infinity for the container runtime's ` +
        'service, and a restart of it',
    });
    if (driver) return;
    this.addInstruction({
      when: 'before',
      what: `See that the nodes of ${pools} have a driver with RDMA for their adapters: the kernel's mlx5 with rdma-core, or DOCA-Host`,
      command: 'ls /sys/class/infiniband',
    });
  }
}
