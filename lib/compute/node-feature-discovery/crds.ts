import { crd, stringMap, t } from '../../crds';

const GROUP = { group: 'nfd.k8s-sigs.io' } as const;

/** How a value is compared. @see https://kubernetes-sigs.github.io/node-feature-discovery/v0.19/usage/customization-guide#matchexpressions */
export const OPERATORS = [
  'In',
  'NotIn',
  'InRegexp',
  'Exists',
  'DoesNotExist',
  'Gt',
  'Ge',
  'Lt',
  'Le',
  'GtLt',
  'GeLe',
  'IsTrue',
  'IsFalse',
] as const;

const matchExpression = () =>
  t.object({ op: t.enum(OPERATORS).required(), type: t.string(), value: t.array(t.string()) });

const matchFeatures = () =>
  t.array(
    t.object({
      feature: t.string().required(),
      matchExpressions: t.map(matchExpression()),
      matchName: matchExpression(),
    }),
  );

const matchAny = () => t.array(t.object({ matchFeatures: matchFeatures().required() }));

/** What a node has: the workers write one for each node, others may add theirs. */
export const nodeFeature = crd({
  ...GROUP,
  kind: 'NodeFeature',
  plural: 'nodefeatures',
  scope: 'Namespaced',
  versions: [
    {
      name: 'v1alpha1',
      storage: true,
      schema: {
        spec: t
          .object({
            features: t.object({
              flags: t.map(t.object({ elements: t.map(t.object({})).required() })),
              attributes: t.map(t.object({ elements: stringMap().required() })),
              instances: t.map(
                t.object({ elements: t.array(t.object({ attributes: stringMap().required() })).required() }),
              ),
            }),
            labels: stringMap(),
          })
          .required(),
      },
    },
  ],
});

/** Labels, annotations, extended resources and taints of nodes by what they have. @see https://kubernetes-sigs.github.io/node-feature-discovery/v0.19/usage/custom-resources#nodefeaturerule */
export const nodeFeatureRule = crd({
  ...GROUP,
  kind: 'NodeFeatureRule',
  plural: 'nodefeaturerules',
  shortNames: ['nfr'],
  scope: 'Cluster',
  versions: [
    {
      name: 'v1alpha1',
      storage: true,
      schema: {
        spec: t
          .object({
            rules: t
              .array(
                t.object({
                  name: t.string().required(),
                  annotations: stringMap(),
                  extendedResources: stringMap(),
                  labels: stringMap(),
                  labelsTemplate: t.string(),
                  vars: stringMap(),
                  varsTemplate: t.string(),
                  taints: t.array(
                    t.object({
                      key: t.string().required(),
                      value: t.string(),
                      effect: t.string().required(),
                      timeAdded: t.dateTime(),
                    }),
                  ),
                  matchFeatures: matchFeatures(),
                  matchAny: matchAny(),
                }),
              )
              .required(),
          })
          .required(),
      },
    },
  ],
});

/** Lists the nodes that have something, in its status. */
export const nodeFeatureGroup = crd({
  ...GROUP,
  kind: 'NodeFeatureGroup',
  plural: 'nodefeaturegroups',
  shortNames: ['nfg'],
  scope: 'Namespaced',
  versions: [
    {
      name: 'v1alpha1',
      storage: true,
      subresources: { status: true },
      schema: {
        spec: t
          .object({
            featureGroupRules: t
              .array(
                t.object({
                  name: t.string().required(),
                  vars: stringMap(),
                  varsTemplate: t.string(),
                  matchFeatures: matchFeatures(),
                  matchAny: matchAny(),
                }),
              )
              .required(),
          })
          .required(),
        status: t.object({
          nodes: t.array(t.object({ name: t.string().required() }), { listType: 'map', keys: ['name'] }),
        }),
      },
    },
  ],
});

const zones = () =>
  t.array(
    t.object({
      name: t.string().required(),
      type: t.string().required(),
      parent: t.string(),
      attributes: attributes(),
      costs: t.array(t.object({ name: t.string().required(), value: t.int64().required() })),
      resources: t.array(
        t.object({
          name: t.string().required(),
          allocatable: t.quantity().required(),
          available: t.quantity().required(),
          capacity: t.quantity().required(),
        }),
      ),
    }),
  );

const attributes = () => t.array(t.object({ name: t.string().required(), value: t.string().required() }));

/** A node's NUMA zones and what is free in each, for schedulers that look at it; the topology updaters write them. */
export const nodeResourceTopology = crd({
  group: 'topology.node.k8s.io',
  kind: 'NodeResourceTopology',
  plural: 'noderesourcetopologies',
  shortNames: ['node-res-topo'],
  scope: 'Cluster',
  // The API server takes definitions of groups below k8s.io only with the approval that it names.
  annotations: { 'api-approved.kubernetes.io': 'https://github.com/kubernetes/enhancements/pull/1870' },
  versions: [
    {
      name: 'v1alpha1',
      schema: { topologyPolicies: t.array(t.string()).required(), zones: zones().required() },
    },
    {
      name: 'v1alpha2',
      storage: true,
      schema: { attributes: attributes(), topologyPolicies: t.array(t.string()), zones: zones().required() },
    },
  ],
});
