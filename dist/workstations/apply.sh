#!/bin/sh
# Applies the platform "workstations" with kubectl, each file as soon as all that it needs is there and answers.
# Safe to stop and to run again at any point. Made by cdk8s-onprem-ml.
set -eu

usage() {
  cat <<'TEXT'
usage: apply.sh [--from N] [--dry-run] [--timeout SECONDS] [--force-conflicts] [-- KUBECTL OPTION...]

  --from N           begin at wave N (waves before it are taken as done); last wave: 6
  --dry-run          ask the API server whether it would accept each file, change nothing. Waves whose namespaces
                     and custom resource definitions aren't in the cluster yet can't be asked about and are named
  --timeout SECONDS  longest to wait for the gates of one file; default 900
  --force-conflicts  take over fields that another tool or person has set
  -- OPTION...       options for each kubectl call, such as --context lab

KUBECTL names the program (default: kubectl).
TEXT
}

from=0 dry_run='' timeout=900 conflicts=''
need_number() {
  case $2 in
    '' | *[!0-9]*) echo "apply.sh: $1 needs a number, got '$2'" >&2; exit 2 ;;
  esac
}
while [ $# -gt 0 ]; do
  case $1 in
    --from) need_number "$1" "${2-}"; from=$2; shift ;;
    --timeout) need_number "$1" "${2-}"; timeout=$2; shift ;;
    --dry-run) dry_run=1 ;;
    --force-conflicts) conflicts=--force-conflicts ;;
    --help | -h) usage; exit 0 ;;
    --) shift; break ;;
    *) echo "apply.sh: unknown option '$1'" >&2; usage >&2; exit 2 ;;
  esac
  shift
done
if [ "$from" -gt 6 ]; then
  echo "apply.sh: --from $from is after the last wave, 6" >&2
  exit 2
fi

cd "$(dirname "$0")"
command -v "${KUBECTL:-kubectl}" > /dev/null || { echo "apply.sh: there is no ${KUBECTL:-kubectl}; install it, or name it in KUBECTL" >&2; exit 1; }
# The options after -- stay the script's own arguments, so that each call passes them on unchanged.
scratch=$(mktemp -d)
for option in "$@"; do printf '%s\n' "$option"; done > "$scratch/options"
# Steps that end write their number and exit code into it.
mkfifo "$scratch/ends"

kube() {
  while IFS= read -r option; do set -- "$@" "$option"; done < "$scratch/options"
  "${KUBECTL:-kubectl}" "$@"
}

pids=''
stop() {
  code=$?
  trap - EXIT INT TERM
  for pid in $pids; do kill "$pid" 2> /dev/null || true; done
  rm -rf "$scratch"
  exit "$code"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
exec 3<> "$scratch/ends"

began=$(date +%s)
elapsed() { echo $(($(date +%s) - began)); }
say() { printf '%5ss  %s\n' "$(elapsed)" "$*"; }

file() {
  if [ -n "$dry_run" ]; then
    kube apply --server-side --field-manager=cdk8s-onprem-ml $conflicts --dry-run=server -f "$1" > "$scratch/applied-$number" || return 1
    say "wave $wave: $1: $(wc -l < "$scratch/applied-$number") objects would be accepted"
  else
    kube apply --server-side --field-manager=cdk8s-onprem-ml $conflicts -f "$1" > "$scratch/applied-$number" || return 1
    say "wave $wave: $1: $(wc -l < "$scratch/applied-$number") objects"
  fi
}

# gate NAME COMMAND...: waits for it in the background, with what it prints kept for the case that it fails
gate() {
  name=$1
  shift
  count=$((count + 1))
  log=$scratch/gate-$number-$count
  echo "$name" > "$log.name"
  (
    set +e
    "$@" > "$log.out" 2>&1
    code=$?
    echo $code > "$log.code"
    [ $code -ne 0 ] || say "wave $wave: ready: $name"
  ) &
  pids="$pids $!"
}

seconds_left() {
  left=$((deadline - $(date +%s)))
  [ "$left" -gt 0 ] && echo "$left" || echo 1
}

gate_rollout() { gate "$2 $1/$3" rollout "$1" "$2" "$3"; }
rollout() {
  kube rollout status --namespace "$1" "$2/$3" --timeout "$(seconds_left)s" && return
  echo "--- its pods:"
  # shellcheck disable=SC2016 # the dollars are the template's
  selector=$(kube get --namespace "$1" "$2/$3" -o 'go-template={{range $k, $v := .spec.selector.matchLabels}}{{$k}}={{$v}},{{end}}')
  kube get pods --namespace "$1" --selector "${selector%,}" -o wide
  kube get events --namespace "$1" --field-selector type=Warning --sort-by .lastTimestamp | tail -n 8
  kube logs --namespace "$1" --selector "${selector%,}" --all-containers --prefix --tail 8
  return 1
}

gate_job() { gate "job $1/$2" job_done "$1" "$2"; }
# kubectl waits for one condition, and a Job has two ends: it waits for any that is true. That may be the announcement of the end, just before it.
job_done() {
  woken=''
  while :; do
    conditions=$(kube get job --namespace "$1" "$2" -o 'jsonpath={range .status.conditions[?(@.status=="True")]}{.type} {end}') || return 1
    case " $conditions" in
      *' Complete '*) return 0 ;;
      *' Failed '*)
        echo "the Job failed; when its reason is mended: kubectl delete job --namespace $1 $2, and run apply.sh again"
        break
        ;;
    esac
    if [ "$(date +%s)" -ge "$deadline" ]; then
      echo "not done in time"
      break
    fi
    [ -z "$woken" ] || sleep 1
    kube wait --namespace "$1" --for='jsonpath={.status.conditions[?(@.status=="True")].type}' "job/$2" --timeout "$(seconds_left)s" > /dev/null 2>&1 || true
    woken=1
  done
  kube get pods --namespace "$1" --selector "job-name=$2" -o wide
  kube get events --namespace "$1" --field-selector type=Warning --sort-by .lastTimestamp | tail -n 8
  kube logs --namespace "$1" --selector "job-name=$2" --all-containers --prefix --tail 15
  return 1
}

# kubectl gives up at once on an object that has null for its conditions, as definitions have until the API server gets to them.
wait_for() {
  until kube wait "$@" --timeout "$(seconds_left)s" > "$log.wait" 2>&1; do
    if [ "$(date +%s)" -ge "$deadline" ] || ! grep -q 'accessor error' "$log.wait"; then
      cat "$log.wait"
      return 1
    fi
    sleep 1
  done
}

gate_established() { gate "$# custom resource definitions are Established" established "$@"; }
established() {
  for definition in "$@"; do
    set -- "$@" "customresourcedefinition/$definition"
    shift
  done
  wait_for --for=condition=Established "$@"
}

gate_condition() { gate "$2 ${1:+$1/}$3 is $4" condition "$@"; }
condition() {
  wait_for ${1:+"--namespace=$1"} --for="condition=$4" "$2/$3" && return
  kube describe ${1:+"--namespace=$1"} "$2/$3" | tail -n 25
  return 1
}

gate_field() { gate "$2 ${1:+$1/}$3 has $4" field "$@"; }
field() {
  kube wait ${1:+"--namespace=$1"} --for="jsonpath=$4${5:+=$5}" "$2/$3" --timeout "$(seconds_left)s" && return
  kube describe ${1:+"--namespace=$1"} "$2/$3" | tail -n 25
  return 1
}

gate_admission() { gate "$1 admits" admission "$2"; }
admission() {
  until printf '%s' "$1" | kube create --dry-run=server -f - > "$log.try" 2>&1; do
    # That the object is there already is an answer too.
    grep -q AlreadyExists "$log.try" && return
    if [ "$(date +%s)" -ge "$deadline" ]; then
      cat "$log.try"
      return 1
    fi
    sleep 1
  done
}

# Applies a file and waits for its gates; when one fails, says why. Runs in the background, as a shell of its own.
run_step() {
  trap 'ended=$?; for pid in $pids; do kill "$pid" 2> /dev/null || true; done; echo "$number $ended" >&3' EXIT
  trap 'exit 143' INT TERM
  set +e
  pids=''
  if ! file "$name" 2> "$scratch/refused-$number"; then
    { echo "wave $wave: $name is not applied:"; sed 's/^/    /' "$scratch/refused-$number"; } >&2
    exit 1
  fi
  cat "$scratch/refused-$number" >&2
  count=0
  deadline=$(($(date +%s) + timeout))
  "gates_$number"
  wait
  pids=''
  bad=0 i=0
  while [ $i -lt $count ]; do
    i=$((i + 1))
    log=$scratch/gate-$number-$i
    [ "$(cat "$log.code" 2> /dev/null || echo 1)" = 0 ] && continue
    bad=1
    { echo "wave $wave: not ready: $(cat "$log.name")"; sed 's/^/    /' "$log.out"; } >&2
  done
  exit $bad
}

# step NUMBER WAVE FILE NEEDED...: begins it when all that it needs is ready; one of a wave before --from is taken as ready.
step() {
  number=$1 wave=$2 name=$3
  shift 3
  case " $begun " in *" $number "*) return 0 ;; esac
  for needed in "$@"; do
    case " $ready " in *" $needed "*) ;; *) return 0 ;; esac
  done
  begun="$begun $number"
  if [ "$wave" -lt "$from" ]; then
    ready="$ready $number"
    return 0
  fi
  running=$((running + 1))
  echo "$name" > "$scratch/file-$number"
  run_step &
  pids="$pids $!"
}

apply_all() {
  begun='' ready='' bad='' running=0
  while :; do
    [ -n "$bad" ] || steps
    [ $running -gt 0 ] || break
    read -r ended code <&3
    running=$((running - 1))
    if [ "$code" = 0 ]; then ready="$ready $ended"; else bad="$bad $(cat "$scratch/file-$ended")"; fi
    if [ "$code" != 0 ] && [ $running -gt 0 ]; then say "waiting for what has begun; nothing else is applied" >&2; fi
  done
  pids=''
  if [ -n "$bad" ]; then
    echo "apply.sh: stopped, not ready:$bad. Mend what is said above and run it again; what is done takes seconds" >&2
    exit 1
  fi
  say "workstations is applied"
}

missing_foundation() {
  for foundation in 00-*.k8s.yaml; do
    kube get -f "$foundation" > /dev/null 2>&1 || return 0
  done
  return 1
}

# step, as --dry-run does it: in the order of the waves, nothing is waited for.
ask() {
  number=$1 wave=$2
  [ "$wave" -ge "$from" ] && [ -z "$unasked" ] || return 0
  if [ "$wave" -gt 0 ] && [ -z "$founded" ]; then
    if missing_foundation; then
      unasked=1
      say "waves $wave to 6 can't be asked about until wave 0 is in the cluster"
      return 0
    fi
    founded=1
  fi
  file "$3" || failed=1
}

ask_all() {
  failed='' unasked='' founded=''
  step() { ask "$@"; }
  steps
  [ -z "$failed" ] || { echo "apply.sh: the API server would refuse what is said above" >&2; exit 1; }
}

main() {
  kube version > /dev/null || { echo "apply.sh: the API server doesn't answer; see kubectl's message above" >&2; exit 1; }
  if [ -n "$dry_run" ]; then ask_all; else apply_all; fi
}

# Number, wave, file, and the numbers of those whose gates must have passed before it is applied.
steps() {
  step 1 0 00-crds-cert-manager.k8s.yaml
  step 2 0 00-crds-gpu-operator.k8s.yaml
  step 3 0 00-crds-jobset.k8s.yaml
  step 4 0 00-crds-kubeflow-trainer.k8s.yaml
  step 5 0 00-crds-kueue.k8s.yaml
  step 6 0 00-crds-metallb.k8s.yaml
  step 7 0 00-crds-node-feature-discovery.k8s.yaml
  step 8 0 00-foundation.k8s.yaml
  step 9 1 01-cert-manager.k8s.yaml 1 2 3 4 5 6 7 8
  step 10 1 01-credentials.k8s.yaml 1 2 3 4 5 6 7 8
  step 11 1 01-jobset.k8s.yaml 1 2 3 4 5 6 7 8
  step 12 1 01-kueue.k8s.yaml 1 2 3 4 5 6 7 8
  step 13 1 01-node-feature-discovery.k8s.yaml 1 2 3 4 5 6 7 8
  step 14 2 02-cert-manager-root.k8s.yaml 9
  step 15 2 02-gpu-operator.k8s.yaml 13
  step 16 2 02-jetson-device-plugin.k8s.yaml 13
  step 17 2 02-kubeflow-trainer.k8s.yaml 11
  step 18 2 02-kueue-configure.k8s.yaml 12
  step 19 2 02-metallb.k8s.yaml 10
  step 20 2 02-minio.k8s.yaml 10
  step 21 3 03-cert-manager-configure.k8s.yaml 14
  step 22 3 03-gpu-operator-configure.k8s.yaml 15
  step 23 3 03-kubeflow-trainer-runtimes.k8s.yaml 17
  step 24 3 03-metallb-configure.k8s.yaml 19
  step 25 3 03-minio-configure.k8s.yaml 20
  step 26 4 04-gateway-certificate.k8s.yaml 21
  step 27 4 04-postgres.k8s.yaml 25
  step 28 5 05-gateway.k8s.yaml 24 26
  step 29 5 05-postgres-backup.k8s.yaml 27
  step 30 5 05-postgres-configure.k8s.yaml 27
  step 31 6 06-mlflow.k8s.yaml 30
}

gates_1() {
  :
  gate_established challenges.acme.cert-manager.io orders.acme.cert-manager.io certificaterequests.cert-manager.io certificates.cert-manager.io clusterissuers.cert-manager.io issuers.cert-manager.io
}

gates_2() {
  :
  gate_established clusterpolicies.nvidia.com nvidiadrivers.nvidia.com gpuclusters.nvidia.com computedomains.resource.nvidia.com computedomaincliques.resource.nvidia.com
}

gates_3() {
  :
  gate_established jobsets.jobset.x-k8s.io
}

gates_4() {
  :
  gate_established trainingruntimes.trainer.kubeflow.org clustertrainingruntimes.trainer.kubeflow.org trainjobs.trainer.kubeflow.org
}

gates_5() {
  :
  gate_established clusterqueues.kueue.x-k8s.io localqueues.kueue.x-k8s.io cohorts.kueue.x-k8s.io resourceflavors.kueue.x-k8s.io topologies.kueue.x-k8s.io workloadpriorityclasses.kueue.x-k8s.io workloads.kueue.x-k8s.io admissionchecks.kueue.x-k8s.io multikueueclusters.kueue.x-k8s.io multikueueconfigs.kueue.x-k8s.io provisioningrequestconfigs.kueue.x-k8s.io
}

gates_6() {
  :
  gate_established ipaddresspools.metallb.io l2advertisements.metallb.io bgpadvertisements.metallb.io bgppeers.metallb.io bfdprofiles.metallb.io communities.metallb.io configurationstates.metallb.io servicel2statuses.metallb.io servicebgpstatuses.metallb.io
}

gates_7() {
  :
  gate_established nodefeatures.nfd.k8s-sigs.io nodefeaturerules.nfd.k8s-sigs.io nodefeaturegroups.nfd.k8s-sigs.io
}

gates_8() {
  :
}

gates_9() {
  :
  gate_field '' mutatingwebhookconfiguration cert-manager-webhook '{.webhooks[0].clientConfig.caBundle}' ''
  gate_field '' validatingwebhookconfiguration cert-manager-webhook '{.webhooks[0].clientConfig.caBundle}' ''
  gate_rollout cert-manager deployment cert-manager
  gate_rollout cert-manager deployment cert-manager-cainjector
  gate_rollout cert-manager deployment cert-manager-webhook
  wait
  gate_admission 'cert-manager'\''s webhook' '{"apiVersion":"cert-manager.io/v1","kind":"Issuer","metadata":{"name":"admission-probe","namespace":"cert-manager"},"spec":{"selfSigned":{}}}'
}

gates_10() {
  :
  gate_job platform-credentials mint-3c546c24
}

gates_11() {
  :
  gate_field '' mutatingwebhookconfiguration jobset-mutating-webhook-configuration '{.webhooks[1].clientConfig.caBundle}' ''
  gate_field '' validatingwebhookconfiguration jobset-validating-webhook-configuration '{.webhooks[1].clientConfig.caBundle}' ''
  gate_rollout jobset deployment jobset-controller-manager
  wait
  gate_admission 'jobset'\''s webhook' '{"apiVersion":"jobset.x-k8s.io/v1alpha2","kind":"JobSet","metadata":{"name":"admission-gate","namespace":"jobset"},"spec":{"replicatedJobs":[{"name":"probe","template":{"spec":{"template":{"spec":{"containers":[{"name":"probe"}]}}}}}]}}'
}

gates_12() {
  :
  gate_condition '' apiservice v1beta1.visibility.kueue.x-k8s.io Available
  gate_condition '' apiservice v1beta2.visibility.kueue.x-k8s.io Available
  gate_field '' mutatingwebhookconfiguration kueue-mutating-webhook-configuration '{.webhooks[5].clientConfig.caBundle}' ''
  gate_field '' validatingwebhookconfiguration kueue-validating-webhook-configuration '{.webhooks[6].clientConfig.caBundle}' ''
  gate_rollout kueue deployment controller-manager
  wait
  gate_admission 'Kueue'\''s webhook' '{"apiVersion":"kueue.x-k8s.io/v1beta2","kind":"ResourceFlavor","metadata":{"name":"admission-gate"},"spec":{}}'
}

gates_13() {
  :
  gate_rollout node-feature-discovery deployment nfd-master
  gate_rollout node-feature-discovery daemonset nfd-worker
  gate_rollout node-feature-discovery deployment nfd-gc
}

gates_14() {
  :
  gate_condition cert-manager issuers.cert-manager.io self-signed Ready
  gate_condition cert-manager certificates.cert-manager.io root-ca Ready
}

gates_15() {
  :
  gate_rollout gpu-operator deployment gpu-operator
  gate_rollout gpu-operator deployment node-labels
}

gates_16() {
  :
  gate_rollout jetson-device-plugin daemonset plugin-edge
}

gates_17() {
  :
  gate_field '' mutatingwebhookconfiguration defaulter.trainer.kubeflow.org '{.webhooks[0].clientConfig.caBundle}' ''
  gate_field '' validatingwebhookconfiguration validator.trainer.kubeflow.org '{.webhooks[2].clientConfig.caBundle}' ''
  gate_rollout kubeflow-trainer deployment kubeflow-trainer-controller-manager
  wait
  gate_admission 'kubeflow trainer'\''s webhook' '{"apiVersion":"trainer.kubeflow.org/v1alpha1","kind":"TrainingRuntime","metadata":{"name":"admission-gate","namespace":"kubeflow-trainer"},"spec":{"mlPolicy":{"numNodes":1}}}'
}

gates_18() {
  :
  gate_condition '' clusterqueues.kueue.x-k8s.io training Active
  gate_condition training localqueues.kueue.x-k8s.io training Active
  gate_condition training localqueues.kueue.x-k8s.io default Active
}

gates_19() {
  :
  gate_field '' validatingwebhookconfiguration metallb-webhook-configuration '{.webhooks[5].clientConfig.caBundle}' ''
  gate_rollout metallb deployment controller
  gate_rollout metallb daemonset speaker
  wait
  gate_admission 'metallb'\''s webhook' '{"apiVersion":"metallb.io/v1beta1","kind":"L2Advertisement","metadata":{"name":"admission-gate","namespace":"metallb"},"spec":{}}'
}

gates_20() {
  :
  gate_rollout minio statefulset pool-0
}

gates_21() {
  :
  gate_condition '' clusterissuers.cert-manager.io private-ca Ready
}

gates_22() {
  :
  gate_field '' clusterpolicies.nvidia.com cluster-policy '{.status.conditions[?(@.type=="Ready")].reason}' Reconciled
}

gates_23() {
  :
}

gates_24() {
  :
}

gates_25() {
  :
  gate_job minio bucket-postgres-backups-bdb1a63b
  gate_job minio bucket-mlflow-ab0c9b46
}

gates_26() {
  :
  gate_condition gateway certificates.cert-manager.io tls Ready
}

gates_27() {
  :
  gate_rollout postgres statefulset postgres
}

gates_28() {
  :
  gate_rollout gateway deployment haproxy
  gate_field gateway service haproxy '{.status.loadBalancer.ingress}' ''
}

gates_29() {
  :
  gate_job postgres first-backup-23dfe17e
}

gates_30() {
  :
  gate_job postgres database-mlflow-0efde823
}

gates_31() {
  :
  gate_rollout mlflow deployment server
}

main
