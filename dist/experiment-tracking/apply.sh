#!/bin/sh
# Applies the platform "experiment-tracking" with kubectl, wave by wave; a wave is applied when all that the one before needs to be useful is
# there and answers. Safe to stop and to run again at any point. Made by cdk8s-onprem-ml.
set -eu

usage() {
  cat <<'TEXT'
usage: apply.sh [--from N] [--dry-run] [--timeout SECONDS] [--force-conflicts] [-- KUBECTL OPTION...]

  --from N           begin at wave N (waves before it are taken as done); last wave: 6
  --dry-run          ask the API server whether it would accept each file, change nothing. Waves whose namespaces
                     and custom resource definitions aren't in the cluster yet can't be asked about and are named
  --timeout SECONDS  longest to wait for the gates of one wave; default 900
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

began=$(date +%s)
elapsed() { echo $(($(date +%s) - began)); }
say() { printf '%5ss  %s\n' "$(elapsed)" "$*"; }

file() {
  if [ -n "$dry_run" ]; then
    kube apply --server-side --field-manager=cdk8s-onprem-ml $conflicts --dry-run=server -f "$1" > "$scratch/applied" || failed=1
    say "wave $wave: $1: $(wc -l < "$scratch/applied") objects would be accepted"
  else
    kube apply --server-side --field-manager=cdk8s-onprem-ml $conflicts -f "$1" > "$scratch/applied"
    say "wave $wave: $1: $(wc -l < "$scratch/applied") objects"
  fi
}

# gate NAME COMMAND...: waits for it in the background, with what it prints kept for the case that it fails
gate() {
  [ -z "$dry_run" ] || return 0
  name=$1
  shift
  count=$((count + 1))
  log=$scratch/gate-$count
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
job_done() {
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
    kube wait --namespace "$1" --for=condition=Complete "job/$2" --timeout 5s > /dev/null 2>&1 || true
  done
  kube get pods --namespace "$1" --selector "job-name=$2" -o wide
  kube get events --namespace "$1" --field-selector type=Warning --sort-by .lastTimestamp | tail -n 8
  kube logs --namespace "$1" --selector "job-name=$2" --all-containers --prefix --tail 15
  return 1
}

gate_condition() { gate "$2 ${1:+$1/}$3 is $4" condition "$@"; }
condition() {
  kube wait ${1:+"--namespace=$1"} --for="condition=$4" "$2/$3" --timeout "$(seconds_left)s" && return
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

# Waits for all gates of the wave; when one has failed, says why and ends.
pass_gates() {
  wait
  pids=''
  bad=0 i=0
  while [ $i -lt $count ]; do
    i=$((i + 1))
    log=$scratch/gate-$i
    [ "$(cat "$log.code" 2> /dev/null || echo 1)" = 0 ] && continue
    bad=$((bad + 1))
    { echo "wave $wave: not ready: $(cat "$log.name")"; sed 's/^/    /' "$log.out"; } >&2
  done
  if [ $bad -gt 0 ]; then
    echo "apply.sh: stopped in wave $wave with $bad of $count not ready. Mend what is said above and run it again (--from $wave saves time)" >&2
    exit 1
  fi
}

missing_foundation() {
  for foundation in 00-*.k8s.yaml; do
    kube get -f "$foundation" > /dev/null 2>&1 || return 0
  done
  return 1
}

main() {
  failed=''
  kube version > /dev/null || { echo "apply.sh: the API server doesn't answer; see kubectl's message above" >&2; exit 1; }
  wave=0
  while [ $wave -le 6 ]; do
    if [ $wave -ge "$from" ]; then
      if [ -n "$dry_run" ] && [ $wave -gt 0 ] && missing_foundation; then
        say "waves $wave to 6 can't be asked about until wave 0 is in the cluster"
        break
      fi
      count=0
      deadline=$(($(date +%s) + timeout))
      wave_$wave
      pass_gates
    fi
    wave=$((wave + 1))
  done
  [ -z "$failed" ] || { echo "apply.sh: the API server would refuse what is said above" >&2; exit 1; }
  [ -n "$dry_run" ] || say "experiment-tracking is applied"
}

wave_0() {
  :
  file 00-crds-cert-manager.k8s.yaml
  file 00-crds-metallb.k8s.yaml
  file 00-foundation.k8s.yaml
  gate_condition '' customresourcedefinition challenges.acme.cert-manager.io Established
  gate_condition '' customresourcedefinition orders.acme.cert-manager.io Established
  gate_condition '' customresourcedefinition certificaterequests.cert-manager.io Established
  gate_condition '' customresourcedefinition certificates.cert-manager.io Established
  gate_condition '' customresourcedefinition clusterissuers.cert-manager.io Established
  gate_condition '' customresourcedefinition issuers.cert-manager.io Established
  gate_condition '' customresourcedefinition ipaddresspools.metallb.io Established
  gate_condition '' customresourcedefinition l2advertisements.metallb.io Established
  gate_condition '' customresourcedefinition bgpadvertisements.metallb.io Established
  gate_condition '' customresourcedefinition bgppeers.metallb.io Established
  gate_condition '' customresourcedefinition bfdprofiles.metallb.io Established
  gate_condition '' customresourcedefinition communities.metallb.io Established
  gate_condition '' customresourcedefinition configurationstates.metallb.io Established
  gate_condition '' customresourcedefinition servicel2statuses.metallb.io Established
  gate_condition '' customresourcedefinition servicebgpstatuses.metallb.io Established
}

wave_1() {
  :
  file 01-cert-manager.k8s.yaml
  file 01-credentials.k8s.yaml
  gate_field '' mutatingwebhookconfiguration cert-manager-webhook '{.webhooks[0].clientConfig.caBundle}' ''
  gate_field '' validatingwebhookconfiguration cert-manager-webhook '{.webhooks[0].clientConfig.caBundle}' ''
  gate_admission 'cert-manager'\''s webhook' '{"apiVersion":"cert-manager.io/v1","kind":"Issuer","metadata":{"name":"admission-probe","namespace":"cert-manager"},"spec":{"selfSigned":{}}}'
  gate_rollout cert-manager deployment cert-manager
  gate_rollout cert-manager deployment cert-manager-cainjector
  gate_rollout cert-manager deployment cert-manager-webhook
  gate_job platform-credentials mint-309037e4
}

wave_2() {
  :
  file 02-cert-manager-configure.k8s.yaml
  file 02-metallb.k8s.yaml
  file 02-minio.k8s.yaml
  gate_condition cert-manager issuers.cert-manager.io self-signed Ready
  gate_condition cert-manager certificates.cert-manager.io root-ca Ready
  gate_condition '' clusterissuers.cert-manager.io private-ca Ready
  gate_field '' validatingwebhookconfiguration metallb-webhook-configuration '{.webhooks[5].clientConfig.caBundle}' ''
  gate_admission 'metallb'\''s webhook' '{"apiVersion":"metallb.io/v1beta1","kind":"L2Advertisement","metadata":{"name":"admission-gate","namespace":"metallb"},"spec":{}}'
  gate_rollout metallb deployment controller
  gate_rollout metallb daemonset speaker
  gate_rollout minio statefulset pool-0
}

wave_3() {
  :
  file 03-metallb-configure.k8s.yaml
  file 03-minio-configure.k8s.yaml
  gate_job minio bucket-postgres-backups-f1fd2019
  gate_job minio bucket-mlflow-359ceb98
}

wave_4() {
  :
  file 04-gateway.k8s.yaml
  file 04-postgres.k8s.yaml
  gate_condition gateway certificates.cert-manager.io tls Ready
  gate_rollout gateway deployment haproxy
  gate_field gateway service haproxy '{.status.loadBalancer.ingress}' ''
  gate_rollout postgres statefulset postgres
}

wave_5() {
  :
  file 05-postgres-backup.k8s.yaml
  file 05-postgres-configure.k8s.yaml
  gate_job postgres first-backup-1a56745b
  gate_job postgres database-mlflow-06aaa457
}

wave_6() {
  :
  file 06-mlflow.k8s.yaml
  gate_rollout mlflow deployment server
}

main
