import { crd, t } from '../../crds';

/**
 * A further network that pods may be plugged into, as Multus and the operator know it.
 *
 * @see https://github.com/k8snetworkplumbingwg/network-attachment-definition-client/blob/v1.7.7/artifacts/networks-crd.yaml
 */
export const networkAttachmentDefinition = crd({
  group: 'k8s.cni.cncf.io',
  scope: 'Namespaced',
  kind: 'NetworkAttachmentDefinition',
  plural: 'network-attachment-definitions',
  singular: 'network-attachment-definition',
  shortNames: ['net-attach-def'],
  versions: [{ name: 'v1', storage: true, schema: { spec: t.object({ config: t.string() }) } }],
});
