import { PATHS } from './paths';

/*
 * What the Jobs of the engines run, in Vault's image: busybox's shell and Vault's own command line, which tells by no exit code why a request
 * failed. So nothing is made because a question was refused: what there is, is asked by requests that answer either way, or made by requests
 * that fail where it is there. What differs comes by the plan's files and by variables. Whatever is done may be done again.
 */

/** Description of the engines that are made here, by which they are told from those that people made. */
export const ENGINE_MARK = 'configured by cdk8s-onprem-ml';

/** Shared by the engines' scripts. */
export const ENGINE = `fatal() { echo "$1" >&2; exit 1; }

# engine PATH TYPE: enables an engine unless it is there. One that somebody else has made is left alone.
engine() {
  if ! vault read "sys/mounts/$1" > /dev/null 2>&1; then
    # Another Job may be as far as this one.
    vault secrets enable -path="$1" -description='${ENGINE_MARK}' "$2" || vault read "sys/mounts/$1" > /dev/null
  fi
  [ "$(vault read -field=type "sys/mounts/$1")" = "$2" ] || fatal "$1/ is there, but no engine of type $2; choose another name"
  [ "$(vault read -field=description "sys/mounts/$1")" = '${ENGINE_MARK}' ] || fatal "$1/ is there, and was not made by the platform; choose another name"
}

# unpack KIND...: the plan's parts, each headed by "### KIND NAME", become files.
plan=/tmp/plan
unpack() {
  for kind in "$@"; do mkdir -p "$plan/$kind"; done
  awk -v plan=$plan '/^### /{ file = plan "/" $2 "/" $3; next } { print > file }' ${PATHS.plan}/vault-plan
}

# put PATH FILE: with what else is said on the command line.
put() {
  path=$1 file=$2
  shift 2
  vault write "$path" - "$@" < "$file" > /dev/null
}
`;

/** Makes an authority: a root, or a key whose request is signed elsewhere; then what it signs, and for whom. */
export const AUTHORITY = `set -eu
. ${PATHS.plan}/sign-in.sh
. ${PATHS.plan}/engine.sh
sign_in "$ROLE"
engine "$MOUNT" pki
vault secrets tune -max-lease-ttl="$MAX_LEASE" "$MOUNT/"
unpack ca config role

if [ -e $plan/ca/root ]; then
  # Answers with no value where there is no issuer.
  issuer=$(vault read -field=default "$MOUNT/config/issuers")
  if [ -n "$issuer" ]; then
    echo "$MOUNT has an issuer already, which stays: $issuer"
  else
    vault write -field=certificate "$MOUNT/root/generate/internal" - < $plan/ca/root
    echo
  fi
else
  key=$(vault read -field=key_id "$MOUNT/key/platform" 2> /dev/null) || key=$(vault write -field=key_id "$MOUNT/keys/generate/internal" - < $plan/ca/key)
  if [ -n "\${CHAIN:-}" ]; then
    # Says of each certificate whose key is here, also of those that were here before.
    mapping=$(vault write -format=json "$MOUNT/intermediate/set-signed" certificate=@"$CHAIN" | tr -d ' \\n')
    issuer=$(echo "$mapping" | sed -n 's/.*"\\([0-9a-f-]*\\)":"'"$key"'".*/\\1/p')
    [ -n "$issuer" ] || fatal "no certificate of the chain is for the key of $MOUNT; have the request below signed, and give that chain:
$(vault write -field=csr "$MOUNT/intermediate/generate/existing" - < $plan/ca/request)"
    vault write "$MOUNT/config/issuers" default="$issuer" > /dev/null
  fi
  echo "To have $MOUNT signed, for the first time or once more, give this request to whoever signs it:"
  vault write -field=csr "$MOUNT/intermediate/generate/existing" - < $plan/ca/request
  echo
fi

for file in $plan/config/*; do put "$MOUNT/config/\${file##*/}" "$file"; done
for file in $plan/role/*; do
  [ ! -e "$file" ] || put "$MOUNT/roles/\${file##*/}" "$file"
done
echo "$MOUNT is configured"
`;

/** Hands a database over: the connection by which users are made, and what they may be. */
export const DATABASE = `set -eu
. ${PATHS.plan}/sign-in.sh
. ${PATHS.plan}/engine.sh
sign_in "$ROLE"
engine "$MOUNT" database
unpack connection role
set -- username=@${PATHS.administrator}/username password=@${PATHS.administrator}/password
[ ! -e ${PATHS.databaseAuthority}/ca.crt ] || set -- "$@" tls_ca=@${PATHS.databaseAuthority}/ca.crt
# Vault tries the connection first, and keeps the former one where it fails.
put "$MOUNT/config/$DATABASE" $plan/connection/postgresql "$@"
for file in $plan/role/*; do put "$MOUNT/roles/\${file##*/}" "$file"; done
echo "$MOUNT makes users of $DATABASE"
`;
