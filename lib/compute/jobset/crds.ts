import { conditions, crd, jobSetSpec, t } from '../../crds';

/** Jobs that start, fail and restart together, with a headless Service that names their pods. @see https://jobset.sigs.k8s.io/docs/concepts/ */
export const jobSet = crd({
  group: 'jobset.x-k8s.io',
  kind: 'JobSet',
  plural: 'jobsets',
  scope: 'Namespaced',
  versions: [
    {
      name: 'v1alpha2',
      storage: true,
      subresources: { status: true },
      printerColumns: [
        {
          name: 'TerminalState',
          type: 'string',
          jsonPath: '.status.terminalState',
          description: 'Final state of JobSet',
        },
        { name: 'Restarts', type: 'string', jsonPath: '.status.restarts', description: 'Number of restarts' },
        { name: 'Completed', type: 'string', jsonPath: '.status.conditions[?(@.type=="Completed")].status' },
        { name: 'Suspended', type: 'string', jsonPath: '.spec.suspend', description: 'JobSet suspended' },
        {
          name: 'Age',
          type: 'date',
          jsonPath: '.metadata.creationTimestamp',
          description: 'Time this JobSet was created',
        },
      ],
      schema: {
        spec: jobSetSpec(),
        status: t.object({
          conditions: conditions(),
          currentInPlaceRestartAttempt: t.int32({ minimum: 0 }),
          previousInPlaceRestartAttempt: t.int32({ minimum: 0 }),
          replicatedJobsStatus: t.array(
            t.object({
              name: t.string().required(),
              active: t.int32().required(),
              failed: t.int32().required(),
              ready: t.int32().required(),
              succeeded: t.int32().required(),
              suspended: t.int32().required(),
              jobRestarts: t.array(t.int32(), { listType: 'atomic', maxItems: 1024 }),
              jobRestartsCountTowardsMax: t.array(t.int32(), { listType: 'atomic', maxItems: 1024 }),
            }),
            { listType: 'map', keys: ['name'] },
          ),
          restarts: t.int32(),
          restartsCountTowardsMax: t.int32(),
          terminalState: t.string(),
        }),
      },
    },
  ],
});
