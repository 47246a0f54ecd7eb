import { Size } from 'cdk8s';
import { ConfigFiles, Deployment, type Stage, tools, volume } from '../../core';
import { labelerRules } from './rbac';

/** Labels that the nodes of a pool are to have. */
export interface PoolLabels {
  /** Labels that select the nodes. */
  readonly nodes: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

/** What the pod runs: gives labels to nodes that lack them, again and again. */
export const LABEL_SCRIPT = `#!/bin/sh
# Each line of the plan: a selector of nodes that lack a label, and the patch that gives it, with a tab between.
set -u
account=/var/run/secrets/kubernetes.io/serviceaccount
api=https://kubernetes.default.svc/api/v1/nodes
tab=$(printf '\\t')
trap 'exit 0' TERM

# The token is read each time, since kubelet renews it.
request() {
  curl -sS --fail --max-time 20 --cacert $account/ca.crt -H "Authorization: Bearer $(cat $account/token)" "$@"
}

# names SELECTOR: the nodes it selects; the first cell of the API server's table is the name
names() {
  request -H 'Accept: application/json;as=Table;v=v1;g=meta.k8s.io' \\
    --get --data-urlencode "labelSelector=$1" --data 'includeObject=None&pretty=false' "$api" > /tmp/table || return 1
  tr '{' '\\n' < /tmp/table | sed -n 's/^"cells":\\["\\([^"]*\\)".*/\\1/p'
}

pass() {
  while IFS="$tab" read -r selector patch; do
    nodes=$(names "$selector") || return 1
    for node in $nodes; do
      request -X PATCH -H 'Content-Type: application/merge-patch+json' --data "$patch" -o /dev/null "$api/$node" || return 1
      echo "$node: $patch"
    done
  done < /plan/labels
}

while true; do
  touch /tmp/alive
  if pass; then
    touch /tmp/done
    pause=30
  else
    pause=5
  fi
  sleep $pause &
  wait $!
done
`;

/**
 * Keeps labels on the nodes of pools, those that join later too: a Job would label the nodes that are there when it runs. Rules of Node Feature
 * Discovery can't: they see what a node has, not which pool it belongs to.
 */
export class NodeLabels extends Deployment {
  constructor(stage: Stage, pools: () => readonly PoolLabels[]) {
    const plan = new ConfigFiles(stage, 'node-labels-plan', {
      'label.sh': LABEL_SCRIPT,
      labels: () => planOf(pools()),
    });
    super(stage, 'node-labels', {
      clusterRules: labelerRules,
      restartOn: [plan],
      containers: [
        {
          name: 'label',
          image: tools.curl,
          command: ['/bin/sh', '/plan/label.sh'],
          resources: { cpu: 0.01, memory: Size.mebibytes(64) },
          mounts: [
            { path: '/plan', volume: volume.config('plan', plan) },
            { path: '/tmp', volume: volume.scratch('tmp', { memory: true, limit: Size.mebibytes(16) }) },
          ],
          // Ready once all nodes that are there have their labels: asked once, it waits for that.
          readinessProbe: {
            exec: { command: ['/bin/sh', '-c', 'until test -f /tmp/done; do sleep 1; done'] },
            timeoutSeconds: 30,
            periodSeconds: 10,
          },
          livenessProbe: {
            exec: { command: ['/bin/sh', '-c', 'test -n "$(find /tmp/alive -mmin -10)"'] },
            timeoutSeconds: 10,
            initialDelaySeconds: 60,
            periodSeconds: 60,
          },
        },
      ],
    });
  }
}

function planOf(pools: readonly PoolLabels[]): string {
  return pools
    .flatMap(({ nodes, labels }) =>
      Object.entries(labels).map(([key, value]) => {
        const selector = [...Object.entries(nodes).map(([name, is]) => `${name}=${is}`), `${key}!=${value}`].join(',');
        return `${selector}\t${JSON.stringify({ metadata: { labels: { [key]: value } } })}\n`;
      }),
    )
    .join('');
}
