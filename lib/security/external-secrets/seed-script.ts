/**
 * What the seeding Job runs: brings each credential of the plan into the store, once. What is in the store stays as it is. Where it has nothing,
 * the values are those of the Secrets that are in the cluster already, or else made at random. A plan's line:
 * `path name namespace[,namespace...] key=form:argument...`, with the forms of the minting Job.
 */
export const SEED_SCRIPT = `#!/bin/sh
set -eu
account=/var/run/secrets/kubernetes.io/serviceaccount
store_token=/var/run/secrets/store/token
api=https://kubernetes.default.svc/api/v1/namespaces
work=/tmp
tab=$(printf '\\t') cr=$(printf '\\r')
umask 077

die() {
  echo "seed: $*" >&2
  exit 1
}

# call ARGUMENT...: the answer goes to $work/answer, its status to standard output
call() {
  curl -sS --retry 8 --retry-connrefused --retry-delay 1 --max-time 20 -H 'Content-Type: application/json' -o $work/answer -w '%{http_code}' "$@"
}

# secret NAMESPACE NAME: reads a Secret. Without pretty=false the API server indents its answer for curl.
secret() {
  call --cacert $account/ca.crt -H @$work/api-header "$api/$1/secrets/$2?pretty=false"
}

# store METHOD PATH [BODY]
store() {
  call \${VAULT_CACERT:+--cacert "$VAULT_CACERT"} -H @$work/store-header -X "$1" \${3:+--data-binary "@$3"} "$VAULT_ADDR/v1/$2"
}

# What an answer says of an error; values are never in one.
errors() {
  sed -n 's/.*"errors":\\[\\([^]]*\\)\\].*/\\1/p' $work/answer | head -c 500
}

# generate FORM ARGUMENT: the value, as text
generate() {
  case $1 in
    value) printf '%s' "$2" | base64 -d ;;
    alphanumeric) LC_ALL=C tr -dc 'A-Za-z0-9' < /dev/urandom | head -c "$2" ;;
    hex) LC_ALL=C tr -dc '0-9a-f' < /dev/urandom | head -c "$2" ;;
    base64) head -c "$2" /dev/urandom | base64 | tr -d '\\n' ;;
    *) die "unknown form $1" ;;
  esac
}

# quoted WHAT: $work/value as a JSON string, escaped as the store's answers are, in $text
quoted() {
  if [ "$(LC_ALL=C tr -d '\\t\\n\\r -~' < $work/value | wc -c)" -ne 0 ]; then
    die "$1 holds other bytes than ASCII text, which can't be brought to the store; put it there by hand: $where"
  fi
  text=$({ cat $work/value; printf .; } | sed -e ':a' -e '$!{N' -e 'ba' -e '}' -e 's/\\\\/\\\\\\\\/g' -e 's/"/\\\\"/g' -e 's/\\n/\\\\n/g' \\
    -e "s/$tab/\\\\\\\\t/g" -e "s/$cr/\\\\\\\\r/g" -e 's/&/\\\\u0026/g' -e 's/</\\\\u003c/g' -e 's/>/\\\\u003e/g')
  text="\\"\${text%.}\\""
}

# field JSON KEY: the JSON string under the key; nothing where there is none
field() {
  printf '%s' "$1" | sed -nE 's/.*"'"$(printf '%s' "$2" | sed 's/\\./\\\\./g')"'":("([^"\\\\]|\\\\.)*").*/\\1/p'
}

# read_store PATH: the pairs that the store has in $stored; nothing where there has never been any
read_store() {
  stored=''
  status=$(store GET "$VAULT_MOUNT/data/$1")
  case $status in
    200) stored=$(sed -n 's/.*"data":{"data":{\\(.*\\)},"metadata":{.*/\\1/p' $work/answer) ;;
    404)
      if grep -q '"deletion_time":\\|"destroyed":' $work/answer; then
        die "$where was deleted, and what it held may be in use; bring it back (vault kv undelete, vault kv rollback), or remove its metadata to have it made anew (vault kv metadata delete)"
      fi
      return 0
      ;;
    403) die "reading $where: role $VAULT_ROLE may not; it needs create and read on $VAULT_MOUNT/data/$1" ;;
    *) die "reading $where: status $status: $(errors)" ;;
  esac
  [ -n "$stored" ] || die "$where holds nothing; remove its metadata to have it made anew (vault kv metadata delete)"
}

printf 'Authorization: Bearer %s' "$(cat $account/token)" > $work/api-header
: > $work/store-header
printf '{"role":"%s","jwt":"%s"}' "$VAULT_ROLE" "$(cat $store_token)" > $work/body
status=$(store POST "auth/$VAULT_AUTH/login" $work/body)
[ "$status" != 503 ] || die "$VAULT_ADDR is sealed, or not initialized; unseal it, and apply again"
[ "$status" = 200 ] || die "signing in to $VAULT_ADDR at auth/$VAULT_AUTH by role $VAULT_ROLE: status $status: $(errors)"
printf 'X-Vault-Token: %s' "$(sed -n 's/.*"client_token":"\\([^"]*\\)".*/\\1/p' $work/answer)" > $work/store-header
rm $work/body

while read -r path name namespaces values; do
  where="$VAULT_ADDR, $VAULT_MOUNT/$path"
  read_store "$path"
  found='' origin=''
  for namespace in $(echo "$namespaces" | tr , ' '); do
    status=$(secret "$namespace" "$name")
    case $status in
      200) ;;
      404) continue ;;
      *) die "reading Secret $namespace/$name: status $status" ;;
    esac
    # What the operator has taken over already may lag behind the store; without the store it is all there is.
    if [ -n "$stored" ] && grep -q '"reconcile.external-secrets.io/managed":"true"' $work/answer; then continue; fi
    data=$(sed -n 's/.*"data":{\\([^}]*\\)}.*/\\1/p' $work/answer)
    if [ -n "$origin" ] && [ "$data" != "$found" ]; then
      die "Secret $name differs between namespaces $origin and $namespace; delete the one that is wrong and apply again"
    fi
    found=$data origin=$namespace
  done

  if [ -n "$origin" ]; then
    for key in $(printf '%s' "$found" | tr , '\\n' | sed 's/^"\\([^"]*\\)".*/\\1/'); do
      case " $values" in
        *" $key="*) ;;
        *) die "Secret $origin/$name has the key $key, which nobody asked for and External Secrets would take away; move it to a Secret of its own" ;;
      esac
    done
  fi
  pairs='' text=''
  for value in $values; do
    key=\${value%%=*} spec=\${value#*=}
    kept=$(field "$stored" "$key")
    [ -z "$stored" ] || [ -n "$kept" ] || die "$where has no text under the key $key; add it (vault kv patch)"
    if [ -n "$origin" ]; then
      case ",$found" in
        *",\\"$key\\":"*) ;;
        *) die "Secret $origin/$name lacks the key $key; add it, or delete the Secret" ;;
      esac
      field "$found" "$key" | tr -d '"' | base64 -d > $work/value
      quoted "Secret $origin/$name, key $key,"
      if [ -n "$stored" ] && [ "$text" != "$kept" ]; then
        die "Secret $origin/$name and $where differ in $key. If the store is right, delete the Secret; if the Secret is, remove the store's (vault kv metadata delete); then apply again"
      fi
    elif [ -z "$stored" ]; then
      generate "\${spec%%:*}" "\${spec#*:}" > $work/value
      quoted "$key of $name"
    fi
    pairs="$pairs\${pairs:+,}\\"$key\\":$text"
  done
  rm -f $work/value
  if [ -n "$stored" ]; then
    echo "kept $path"
    continue
  fi

  # cas=0: only where there is nothing
  printf '{"options":{"cas":0},"data":{%s}}' "$pairs" > $work/body
  status=$(store POST "$VAULT_MOUNT/data/$path" $work/body)
  rm $work/body
  [ "$status" = 200 ] || die "putting $where: status $status: $(errors)"
  if [ -n "$origin" ]; then echo "put $path, as in $origin/$name"; else echo "put $path, made at random"; fi
done < /plan/plan
`;
