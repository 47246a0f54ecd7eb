/**
 * What the pods run where Dex has a certificate. Dex looks for new files of the certificate's names, and kubelet, which mounts a Secret's new
 * content by a link above them, never makes any: a renewed certificate would be served from the next start on. On SIGHUP it reads them again.
 *
 * @see https://github.com/dexidp/dex/blob/v2.45.1/cmd/dex/serve.go newTLSReloader
 */
export const ENTRYPOINT = `#!/bin/sh
# run.sh COMMAND...: starts the command, and tells it when its certificate has changed
set -u
"$@" &
server=$!
trap 'kill -TERM "$server"' TERM INT

watch() {
  seen=$(cksum < "$CERTIFICATE")
  while sleep 30; do
    now=$(cksum < "$CERTIFICATE") || continue
    [ "$now" != "$seen" ] || continue
    echo 'entrypoint: the certificate was renewed'
    kill -HUP "$server" && seen=$now
  done
}
watch &
watcher=$!

# A signal ends the wait, not yet the command.
status=0
while kill -0 "$server" 2> /dev/null; do
  wait "$server"
  status=$?
done
kill "$watcher" 2> /dev/null
exit "$status"
`;
