import { Size } from 'cdk8s';
import { ConfigFiles, Job, type Stage, tools, volume } from '../../core';
import { sriovReadyClusterRules, sriovReadyRules } from './sriov-rbac';

/** What the pod runs: ends once each of the resources that it is called with is offered by a node. */
export const READY_SCRIPT = `#!/bin/sh
set -u
account=/var/run/secrets/kubernetes.io/serviceaccount
api=https://kubernetes.default.svc
trap 'exit 1' TERM

# The token is read each time, since kubelet renews it.
request() {
  curl -sS --fail --max-time 60 --cacert $account/ca.crt -H "Authorization: Bearer $(cat $account/token)" "$api$1?pretty=false"
}

for resource in "$@"; do
  until request /api/v1/nodes | grep -q "\\"$resource\\": *\\"[1-9]"; do
    echo "no node offers $resource; nodes by what their daemons say, whose logs say more:"
    request "$STATES" | grep -oE '"(syncStatus|lastSyncError)": *"[^"]*"' | sort | uniq -c
    sleep 5 &
    wait $!
  done
  echo "$resource is there"
done
`;

/**
 * Virtual functions are there on at least one node, of each network. The operator says how far it is in an object for each node, and who those are, the site doesn't know;
 * its networks and policies have no status.
 */
export class FunctionsReady extends Job {
  /** @param resources what the networks are asked for by */
  constructor(stage: Stage, resources: readonly string[]) {
    const script = new ConfigFiles(stage, 'await-functions-script', { 'await.sh': READY_SCRIPT });
    super(stage, 'await-functions', {
      rules: sriovReadyRules(),
      clusterRules: sriovReadyClusterRules(),
      restartOn: [script],
      containers: [
        {
          name: 'await',
          image: tools.curl,
          command: ['/bin/sh', '/script/await.sh', ...resources],
          env: { STATES: `/apis/sriovnetwork.openshift.io/v1/namespaces/${stage.namespace!}/sriovnetworknodestates` },
          resources: { cpu: 0.01, memory: Size.mebibytes(64) },
          mounts: [{ path: '/script', volume: volume.config('script', script) }],
        },
      ],
    });
  }
}
