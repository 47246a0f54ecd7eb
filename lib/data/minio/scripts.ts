// What the Jobs run. Their image has a shell and coreutils and no more: no grep, no sed. Secrets come by environment and by pipe,
// never as arguments, which every process of the node can read. Whatever is done may be done again.

/**
 * Runs the script that is its argument, which may be done again, until all of it was done at once. Where a NetworkPolicy is enforced by the servers' nodes, a new
 * pod is let through to one server a moment before the next: what answered is followed by what is refused.
 */
export const PATIENTLY = `for pause in 1 2 4 8; do
  /bin/sh -ec "$1" && exit
  echo "once more in $pause s" >&2
  sleep $pause
done
exec /bin/sh -ec "$1"
`;

/** Waits until the servers take writes. */
export const CONNECT = `host() { echo "\${ENDPOINT%%://*}://$1:$2@\${ENDPOINT#*://}"; }
export MC_HOST_minio="$(host "$ROOT_USER" "$ROOT_PASSWORD")"
mc --quiet ready minio
`;

/** Makes the bucket what the program says, whatever it was before; nothing is deleted. */
export const MAKE_BUCKET = `mc --quiet mb --ignore-existing "minio/$BUCKET"
case "$VERSIONING $(mc --json version info "minio/$BUCKET")" in
  on*) mc --quiet version enable "minio/$BUCKET" ;;
  off*Enabled*) mc --quiet version suspend "minio/$BUCKET" ;;
esac
if [ -n "$LIFECYCLE" ]; then
  printf '%s' "$LIFECYCLE" | mc --quiet ilm rule import "minio/$BUCKET"
elif mc --quiet ilm rule export "minio/$BUCKET" > /dev/null 2>&1; then
  mc --quiet ilm rule rm --all --force "minio/$BUCKET"
fi
if [ -n "$QUOTA" ]; then
  mc --quiet quota set "minio/$BUCKET" --size "$QUOTA"
else
  mc --quiet quota clear "minio/$BUCKET"
fi
`;

/** Makes the policy, or brings it up to date. */
export const MAKE_POLICY = `printf '%s' "$POLICY" > /tmp/policy.json
mc --quiet admin policy create minio "$POLICY_NAME" /tmp/policy.json
`;

/** Makes the user, or brings it up to date, and gives it the policy. */
export const MAKE_USER = `printf '%s\\n%s\\n' "$ACCESS_KEY" "$SECRET_KEY" | mc --quiet admin user add minio
mc --quiet admin policy attach minio "$POLICY_NAME" --user "$ACCESS_KEY"
`;

/** Signs the token that metrics are read by, with the user's key. */
export const SIGN_TOKEN = `export MC_HOST_metrics="$(host "$ACCESS_KEY" "$SECRET_KEY")"
token=$(mc --json admin prometheus generate metrics)
token=\${token#*'"bearerToken"'}
token=\${token#*'"'}
token=\${token%%'"'*}
[ "\${#token}" -gt 100 ] || { echo 'mc gave no token' >&2; exit 1; }
umask 077
printf '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"%s"},"stringData":{"token":"%s"}}' "$WRITE_TO" "$token" > /tmp/secret.json
`;

/** Puts it into a Secret. */
export const STORE_TOKEN = `account=/var/run/secrets/kubernetes.io/serviceaccount
secrets="https://kubernetes.default.svc/api/v1/namespaces/$(cat $account/namespace)/secrets"
umask 077
printf 'Authorization: Bearer %s' "$(cat $account/token)" > /tmp/authorization
# send METHOD URL: the status
send() {
  curl -sS --retry 8 --retry-connrefused --max-time 20 --cacert $account/ca.crt -H @/tmp/authorization \\
    -H 'Content-Type: application/json' -X "$1" --data-binary @/tmp/secret.json -o /tmp/answer -w '%{http_code}' "$2"
}
status=$(send POST "$secrets")
[ "$status" != 409 ] || status=$(send PUT "$secrets/$WRITE_TO")
case $status in
  200 | 201) echo "wrote Secret $WRITE_TO" ;;
  *) echo "writing Secret $WRITE_TO: status $status" >&2; exit 1 ;;
esac
`;
