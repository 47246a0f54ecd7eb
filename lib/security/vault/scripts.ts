import { type Hcl, renderHcl } from './hcl';
import { AUDIENCE, AUTH_MOUNT, KV_MOUNT, OWN, PATHS } from './paths';

/*
 * What runs in Vault's image: busybox's shell and tools, and Vault's own command line. Tokens come by files and variables, never as
 * arguments. Whatever is done may be done again.
 */

/** Name of the configuring Job's policy and role. */
export const CONFIGURE_ROLE = `${OWN}configure`;

/**
 * The configuring Job's rights. It writes policies, and so could give itself any other: whoever may use its ServiceAccount is an
 * administrator of Vault. `sudo` is what upstream asks for with audit devices and auth methods.
 *
 * @see https://github.com/hashicorp/vault/blob/v1.21.0/vault/logical_system.go (PathsSpecial.Root)
 */
const CONFIGURE_POLICY: Hcl = [
  rule('sys/policies/acl', 'list'),
  rule(`sys/policies/acl/${OWN}*`, 'create', 'read', 'update', 'delete'),
  rule('sys/mounts', 'read'),
  rule('sys/mounts/*', 'create', 'read', 'update'),
  rule('sys/auth', 'read'),
  rule('sys/auth/*', 'create', 'read', 'update', 'sudo'),
  rule('sys/audit', 'read', 'sudo'),
  rule('sys/audit/*', 'create', 'update', 'sudo'),
  rule(`auth/${AUTH_MOUNT}/config`, 'create', 'update'),
  rule(`auth/${AUTH_MOUNT}/role/*`, 'create', 'update', 'delete'),
  rule('auth/oidc/config', 'create', 'update'),
  rule('auth/oidc/role/*', 'create', 'update'),
  rule(`identity/group/name/${OWN}*`, 'create', 'read', 'update', 'delete'),
  rule('identity/group-alias', 'create', 'update'),
];

/** One path of a policy. */
export function rule(path: string, ...capabilities: string[]): Hcl[number] {
  return { block: 'path', label: path, body: [{ capabilities }] };
}

/** Lets the configuring Job in, once: run by a person in a server's container, with the root token, which it revokes. */
const BOOTSTRAP = `set -eu
vault status > /dev/null || { echo 'this server is sealed, or not initialized; do that first' >&2; exit 1; }
printf 'root token: ' >&2
stty -echo 2> /dev/null || true
read -r VAULT_TOKEN || [ -n "$VAULT_TOKEN" ]
stty echo 2> /dev/null || true
echo >&2
export VAULT_TOKEN
token=$(vault token lookup) || { echo 'Vault refuses that token' >&2; exit 1; }
vault policy write ${CONFIGURE_ROLE} ${PATHS.scripts}/configure.hcl
vault read sys/auth/${AUTH_MOUNT} > /dev/null 2>&1 || vault auth enable -path=${AUTH_MOUNT} kubernetes
vault write auth/${AUTH_MOUNT}/config kubernetes_host=https://kubernetes.default.svc
vault write auth/${AUTH_MOUNT}/role/${CONFIGURE_ROLE} - < ${PATHS.scripts}/configure.json
case $token in
  *'[root]'*) vault token revoke -self; echo 'The root token is revoked; vault operator generate-root makes another from the shares.' ;;
esac
`;

/**
 * Asks for shares of the key until the server is unsealed. A server that joins others takes some seconds once the last share is in, and
 * shows no progress meanwhile.
 */
const UNSEAL = `set -u
sealed() { vault status > /dev/null; [ $? -eq 2 ]; }
until vault status -format=json | grep -q '"initialized": *true'; do
  echo 'not initialized, or not joined to the others yet; trying again' >&2
  sleep 3
done
while sealed; do
  vault operator unseal || exit 1
  left=30
  while sealed && [ $left -gt 0 ] && vault status -format=json | grep -q '"progress": *0'; do
    sleep 1
    left=$((left - 1))
  done
done
vault status
`;

/**
 * In the servers' pods, beside Vault: has a renewed certificate read, and keeps the audit log within its volume. Vault does both at SIGHUP.
 * No line is lost: until then it writes to the file that it has open.
 */
const RELOAD = `set -u
log=${PATHS.audit}/audit.log
seen=$(cat ${PATHS.tls}/* | sha256sum)
reload() {
  echo "reload: $1"
  pkill -HUP -f '^vault server'
}
rotate() {
  i=$AUDIT_FILES
  while [ "$i" -gt 1 ]; do
    [ ! -e "$log.$((i - 1))" ] || mv -f "$log.$((i - 1))" "$log.$i"
    i=$((i - 1))
  done
  mv -f "$log" "$log.1"
}
while :; do
  sleep 10
  if [ "$(stat -c %s "$log" 2> /dev/null || echo 0)" -gt "$AUDIT_FILE_SIZE" ]; then
    rotate
    reload 'audit log rotated'
  fi
  now=$(cat ${PATHS.tls}/* | sha256sum)
  if [ "$now" != "$seen" ]; then
    reload 'certificate renewed' && seen=$now
  fi
done
`;

/** The scripts in the servers' pods. */
export const SERVER_SCRIPTS = {
  'bootstrap.sh': BOOTSTRAP,
  'unseal.sh': UNSEAL,
  'reload.sh': RELOAD,
  'configure.hcl': renderHcl(CONFIGURE_POLICY),
} as const;

/** `configure.json`: who may sign in as the configuring Job. */
export function configureRole(serviceAccount: string, namespace: string): string {
  return `${JSON.stringify(kubernetesRole({ name: serviceAccount, namespace }, AUDIENCE, CONFIGURE_ROLE), null, 2)}\n`;
}

/** A role of the Kubernetes auth method. @see https://developer.hashicorp.com/vault/api-docs/auth/kubernetes#create-update-role */
export function kubernetesRole(
  { name, namespace }: { readonly name: string; readonly namespace: string },
  audience: string,
  policy: string,
): Readonly<Record<string, unknown>> {
  return {
    bound_service_account_names: [name],
    bound_service_account_namespaces: [namespace],
    audience,
    token_policies: [policy],
    token_ttl: '20m',
    token_max_ttl: '1h',
  };
}

/** Signs in by the pod's own identity; sets VAULT_TOKEN, which is revoked when the script ends. */
export const SIGN_IN = `last=''
# sign_in ROLE: waits until it is let in, and says why it isn't
sign_in() {
  until VAULT_TOKEN=$(vault write -field=token auth/${AUTH_MOUNT}/login role="$1" jwt=@${PATHS.identity}/token 2> /tmp/refused); do
    state=0
    vault status > /dev/null 2>&1 || state=$?
    case $state in
      0) now="Vault doesn't let $1 in; once it is initialized, run bootstrap.sh, see summary.md" ;;
      2) now='Vault is sealed, or not initialized' ;;
      *) now="there is no active server at $VAULT_ADDR yet" ;;
    esac
    if [ "$now" != "$last" ]; then
      echo "waiting: $now"
      sed 's/^/    /' /tmp/refused
    fi
    last=$now
    sleep 5
  done
  export VAULT_TOKEN; trap 'vault token revoke -self > /dev/null' EXIT
}
`;

/** What the configuring Job runs. */
export const CONFIGURE = `set -eu
. ${PATHS.plan}/sign-in.sh
fatal() { echo "$1" >&2; exit 1; }
sign_in ${CONFIGURE_ROLE}
# A later version of this Job may need more than the one that was let in: a policy's change holds at once, for this token too.
vault policy write ${CONFIGURE_ROLE} ${PATHS.plan}/configure.hcl

# audit NAME PATH: no device, no answer: Vault refuses requests that it can't log, so two of them outlive one that is full.
audit() {
  case $devices in *"\\"$1/\\":"*) return ;; esac
  vault audit enable -path="$1" file file_path="$2"
}
devices=$(vault audit list -format=json) || [ $? -eq 2 ]
audit file ${PATHS.audit}/audit.log
audit stdout stdout

case $(vault secrets list -format=json) in
  *'"${KV_MOUNT}/":'*) ;;
  *) vault secrets enable -path=${KV_MOUNT} -version=2 kv ;;
esac
vault read -format=json sys/mounts/${KV_MOUNT} | grep -q '"version": *"2"' || fatal '${KV_MOUNT}/ is there, but no KV store of version 2'

# The plan's parts, each headed by "### KIND NAME", become files.
plan=/tmp/plan
mkdir -p $plan/policy $plan/role $plan/group $plan/alias $plan/oidc
awk -v plan=$plan '/^### /{ file = plan "/" $2 "/" $3; next } { print > file }' ${PATHS.plan}/plan

for file in $plan/policy/*; do
  [ ! -e "$file" ] || vault policy write "\${file##*/}" "$file"
done
for file in $plan/role/*; do
  [ ! -e "$file" ] || vault write auth/${AUTH_MOUNT}/role/"\${file##*/}" - < "$file"
done

if [ -e $plan/oidc/config ]; then
  vault read sys/auth/oidc > /dev/null 2>&1 || vault auth enable -path=oidc oidc
  set -- oidc_client_secret=@${PATHS.client}/client-secret
  [ ! -e ${PATHS.providerAuthority}/ca.crt ] || set -- "$@" oidc_discovery_ca_pem=@${PATHS.providerAuthority}/ca.crt
  vault write auth/oidc/config - "$@" < $plan/oidc/config
  vault write auth/oidc/role/people - < $plan/oidc/role
  vault auth tune -listing-visibility=unauth oidc/
  accessor=$(vault read -field=accessor sys/auth/oidc)
  for file in $plan/group/*; do
    [ -e "$file" ] || continue
    name=\${file##*/}
    vault write identity/group/name/"$name" - < "$file"
    # A group has one alias, and Vault refuses to be told of it again.
    vault read -format=json identity/group/name/"$name" | grep -q "\\"mount_accessor\\": *\\"$accessor\\"" && continue
    id=$(vault read -field=id identity/group/name/"$name")
    vault write identity/group-alias - mount_accessor="$accessor" canonical_id="$id" < "$plan/alias/$name"
  done
fi

# Access that the plan no longer gives ends; secrets are left alone.
for policy in $(vault policy list); do
  case $policy in
    ${OWN}role-*) [ -e "$plan/policy/$policy" ] || vault delete auth/${AUTH_MOUNT}/role/"\${policy#${OWN}role-}" ;;
    ${OWN}group-*) [ -e "$plan/policy/$policy" ] || vault delete identity/group/name/"$policy" ;;
    *) continue ;;
  esac
  [ -e "$plan/policy/$policy" ] || vault policy delete "$policy"
done
echo 'Vault is configured'
`;

/** What the snapshots' Job runs. `mc` tells "no such object" by no exit code, so what there is is asked by listing. */
export const SNAPSHOT = `set -eu
. ${PATHS.scripts}/sign-in.sh
export MC_CONFIG_DIR=/tmp/mc
mc() { timeout 3600 /tools/mc --quiet --disable-pager "$@"; }
fatal() { echo "$1" >&2; exit 1; }
sign_in ${OWN}snapshot
name=vault-$(date -u +%Y%m%dT%H%M%SZ).snap
# The command line finds out itself when a snapshot is cut short.
vault operator raft snapshot save "/scratch/$name"
mc put "/scratch/$name" "$ARCHIVE/$name" > /dev/null || fatal "could not store $name"
mc cat "$ARCHIVE/$name" | cmp -s - "/scratch/$name" || fatal "$ARCHIVE/$name does not hold what was stored"
echo "$name: $(stat -c %s "/scratch/$name") bytes, read back"
mc ls --json "$ARCHIVE/" > /tmp/listing || fatal "the snapshots' bucket doesn't answer; nothing is removed"
sed -n 's/.*"key": *"\\(vault-[0-9TZ]*\\.snap\\)".*/\\1/p' /tmp/listing | sort -r | tail -n "+$((KEEP + 1))" | while read -r old; do
  mc rm "$ARCHIVE/$old" > /dev/null
  echo "removed $old"
done
`;
