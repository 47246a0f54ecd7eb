import { type Bundle } from './bundle';
import { type OutputGate } from './gates';

/** The script that applies a platform: wave by wave, each gate passed before the next wave, safe to stop and to run again. */
export function applyScript(bundle: Bundle): string {
  const waves = Array.from({ length: bundle.waves + 1 }, (_, wave) =>
    bundle.files.filter((file) => file.wave === wave),
  );
  return [
    HEAD.replaceAll('@PLATFORM@', bundle.platform.name).replaceAll('@LAST@', String(bundle.waves)),
    ...waves.flatMap((files, wave) => [
      `wave_${wave}() {`,
      '  :',
      ...files.map(({ name }) => `  file ${name}`),
      ...files.flatMap(({ gates }) => gates.map((gate) => `  ${gateCall(gate)}`)),
      '}',
      '',
    ]),
    'main',
    '',
  ].join('\n');
}

function gateCall(gate: OutputGate): string {
  switch (gate.type) {
    case 'rollout':
      return words('gate_rollout', gate.namespace, gate.resource, gate.name);
    case 'job':
      return words('gate_job', gate.namespace, gate.name);
    case 'condition':
      return words('gate_condition', gate.namespace ?? '', gate.resource, gate.name, gate.condition);
    case 'field':
      return words('gate_field', gate.namespace ?? '', gate.resource, gate.name, gate.jsonPath, gate.value ?? '');
    case 'admission':
      return words('gate_admission', gate.of, JSON.stringify(gate.object));
  }
}

function words(...args: string[]): string {
  return args.map((arg) => (/^[\w.:/-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`)).join(' ');
}

const HEAD = String.raw`#!/bin/sh
# Applies the platform "@PLATFORM@" with kubectl, wave by wave; a wave is applied when all that the one before needs to be useful is
# there and answers. Safe to stop and to run again at any point. Made by cdk8s-onprem-ml.
set -eu

usage() {
  cat <<'TEXT'
usage: apply.sh [--from N] [--dry-run] [--timeout SECONDS] [--force-conflicts] [-- KUBECTL OPTION...]

  --from N           begin at wave N (waves before it are taken as done); last wave: @LAST@
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
    --from) need_number "$1" "\${2-}"; from=$2; shift ;;
    --timeout) need_number "$1" "\${2-}"; timeout=$2; shift ;;
    --dry-run) dry_run=1 ;;
    --force-conflicts) conflicts=--force-conflicts ;;
    --help | -h) usage; exit 0 ;;
    --) shift; break ;;
    *) echo "apply.sh: unknown option '$1'" >&2; usage >&2; exit 2 ;;
  esac
  shift
done
if [ "$from" -gt @LAST@ ]; then
  echo "apply.sh: --from $from is after the last wave, @LAST@" >&2
  exit 2
fi

cd "$(dirname "$0")"
command -v "\${KUBECTL:-kubectl}" > /dev/null || { echo "apply.sh: there is no \${KUBECTL:-kubectl}; install it, or name it in KUBECTL" >&2; exit 1; }
# The options after -- stay the script's own arguments, so that each call passes them on unchanged.
scratch=$(mktemp -d)
for option in "$@"; do printf '%s\n' "$option"; done > "$scratch/options"

kube() {
  while IFS= read -r option; do set -- "$@" "$option"; done < "$scratch/options"
  "\${KUBECTL:-kubectl}" "$@"
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
  kube get pods --namespace "$1" --selector "\${selector%,}" -o wide
  kube get events --namespace "$1" --field-selector type=Warning --sort-by .lastTimestamp | tail -n 8
  kube logs --namespace "$1" --selector "\${selector%,}" --all-containers --prefix --tail 8
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

gate_condition() { gate "$2 \${1:+$1/}$3 is $4" condition "$@"; }
condition() {
  kube wait \${1:+"--namespace=$1"} --for="condition=$4" "$2/$3" --timeout "$(seconds_left)s" && return
  kube describe \${1:+"--namespace=$1"} "$2/$3" | tail -n 25
  return 1
}

gate_field() { gate "$2 \${1:+$1/}$3 has $4" field "$@"; }
field() {
  kube wait \${1:+"--namespace=$1"} --for="jsonpath=$4\${5:+=$5}" "$2/$3" --timeout "$(seconds_left)s" && return
  kube describe \${1:+"--namespace=$1"} "$2/$3" | tail -n 25
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
  while [ $wave -le @LAST@ ]; do
    if [ $wave -ge "$from" ]; then
      if [ -n "$dry_run" ] && [ $wave -gt 0 ] && missing_foundation; then
        say "waves $wave to @LAST@ can't be asked about until wave 0 is in the cluster"
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
  [ -n "$dry_run" ] || say "@PLATFORM@ is applied"
}
`.replaceAll('\\${', '${');
