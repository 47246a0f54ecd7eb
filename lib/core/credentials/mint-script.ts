/**
 * What the minting Job runs: creates each Secret of the plan in each of its namespaces, once and with the same values, and never changes
 * one. A plan's line: `name namespace[,namespace...] key=form:argument...`; the form is `value` (base64 of text that is no secret),
 * `alphanumeric`, `hex` or `base64` (each with a length).
 */
export const MINT_SCRIPT = `#!/bin/sh
set -eu
account=/var/run/secrets/kubernetes.io/serviceaccount
api=https://kubernetes.default.svc/api/v1/namespaces
work=/tmp
umask 077
printf 'Authorization: Bearer %s' "$(cat $account/token)" > $work/authorization

# request METHOD PATH [BODY]: the answer goes to $work/answer, its status to standard output
request() {
  curl -sS --retry 8 --retry-connrefused --retry-delay 1 --max-time 20 --cacert $account/ca.crt -H @$work/authorization \\
    -H 'Content-Type: application/json' -X "$1" -o $work/answer -w '%{http_code}' \${3:+--data-binary "@$3"} "$api/$2"
}

die() {
  echo "mint: $*" >&2
  exit 1
}

# generate FORM ARGUMENT: the value, in base64 as a Secret holds it
generate() {
  case $1 in
    value) printf '%s' "$2" ;;
    alphanumeric) LC_ALL=C tr -dc 'A-Za-z0-9' < /dev/urandom | head -c "$2" | base64 | tr -d '\\n' ;;
    hex) LC_ALL=C tr -dc '0-9a-f' < /dev/urandom | head -c "$2" | base64 | tr -d '\\n' ;;
    base64) head -c "$2" /dev/urandom | base64 | tr -d '\\n' | base64 | tr -d '\\n' ;;
    *) die "unknown form $1" ;;
  esac
}

while read -r name namespaces values; do
  found='' missing='' origin=''
  for namespace in $(echo "$namespaces" | tr , ' '); do
    # Without pretty=false the API server indents its answer for curl.
    status=$(request GET "$namespace/secrets/$name?pretty=false")
    case $status in
      200)
        data=$(sed -n 's/.*"data":{\\([^}]*\\)}.*/\\1/p' $work/answer)
        if [ -n "$origin" ] && [ "$data" != "$found" ]; then
          die "Secret $name differs between namespaces $origin and $namespace; delete the one that is wrong and apply again"
        fi
        found=$data origin=$namespace
        ;;
      404) missing="$missing $namespace" ;;
      *) die "reading Secret $namespace/$name: status $status: $(head -c 500 $work/answer)" ;;
    esac
  done
  if [ -n "$origin" ]; then
    for value in $values; do
      case ",$found" in
        *",\\"\${value%%=*}\\":"*) ;;
        *) die "Secret $origin/$name lacks the key \${value%%=*}; add it, or delete the Secret to have it made anew" ;;
      esac
    done
  else
    for value in $values; do
      spec=\${value#*=}
      found="$found\${found:+,}\\"\${value%%=*}\\":\\"$(generate "\${spec%%:*}" "\${spec#*:}")\\""
    done
  fi
  for namespace in $missing; do
    printf '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"%s","labels":{"app.kubernetes.io/part-of":"%s","app.kubernetes.io/managed-by":"cdk8s-onprem-ml"}},"type":"Opaque","data":{%s}}' \\
      "$name" "$PLATFORM" "$found" > $work/secret
    status=$(request POST "$namespace/secrets" $work/secret)
    [ "$status" = 201 ] || die "creating Secret $namespace/$name: status $status: $(sed 's/"data":{[^}]*}//' $work/answer | head -c 500)"
    echo "created $namespace/$name"
  done
  [ -n "$missing" ] || echo "kept $name"
done < /plan/plan
`;
