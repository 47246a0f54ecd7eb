import { Size } from 'cdk8s';
import {
  type ConfigFiles,
  type ContainerProps,
  type IAuditWebhook,
  type ISecret,
  type Stage,
  systemOf,
  volume,
} from '../../core';
import { images } from './images';
import { PATHS } from './paths';

/** Where the servers' records go, as their pods need it. */
export interface AuditSender {
  readonly webhook: IAuditWebhook;
  readonly token: ISecret;
  readonly authority?: ISecret;
}

export function auditSender(stage: Stage, webhook: IAuditWebhook): AuditSender {
  return {
    webhook,
    token: webhook.credentials.in(systemOf(stage).namespace),
    authority: webhook.authority(stage),
  };
}

/** Name of the script, beside the servers' own. */
export const SEND_SCRIPT = 'send-audit.sh';

/**
 * In the servers' pods, beside Vault: sends what is in the audit log's files to the collector, and keeps on the volume how far it was taken. It reads
 * whole lines only, from the oldest file on. A file is told by its first line, since its name changes when it is full: first the oldest is renamed, then the next.
 * A new `audit.log` is there when Vault has closed the one before.
 *
 * No audit device of Vault's own does it: with a socket device each request waits, one after another, for as long as a collector that is gone doesn't answer,
 * and what was written to a connection that has just broken is lost without a word.
 *
 * @see https://github.com/hashicorp/vault/blob/v1.21.0/internal/observability/event/sink_socket.go
 * @see https://github.com/hashicorp/eventlogger/blob/v0.2.10/graph.go (process: waits for all sinks)
 */
export const SEND_AUDIT = `set -u
log=${PATHS.audit}/audit.log
state=${PATHS.audit}/sent
work=/tmp
umask 077
printf 'Authorization: %s %s' "$SCHEME" "$(cat ${PATHS.auditToken}/token)" > $work/header
said=''
say() {
  [ "$said" = "$1" ] || echo "audit: $1"
  said=$1
}
# file NUMBER: the log's file, of which 0 is the one that is written to
file() { if [ "$1" -eq 0 ]; then echo "$log"; else echo "$log.$1"; fi; }
# mark FILE: its first line, as a digest; nothing where there is no whole line yet
mark() {
  [ -s "$1" ] || return 0
  head -n 1 "$1" > $work/first 2> /dev/null
  [ "$(tail -c 1 $work/first | tr -d '\\n' | wc -c)" -eq 0 ] || return 0
  sha256sum < $work/first | cut -c 1-32
}
number=0
# look_for MARK: sets number to that of the file, or of the oldest, or to nothing, where it is gone
look_for() {
  [ "$(mark "$(file "\${number:-0}")")" != "$1" ] || [ -z "$1" ] || return 0
  number=''
  i=$AUDIT_FILES
  while [ "$i" -ge 0 ]; do
    now=$(mark "$(file "$i")")
    if [ -n "$now" ]; then
      if [ "$now" = "$1" ]; then number=$i; return 0; fi
      number=\${number:-$i}
    fi
    i=$((i - 1))
  done
  return 1
}
keep() { printf '%s %s\\n' "$1" "$2" > "$state.new" && mv -f "$state.new" "$state"; }
# lines FILE OFFSET BYTES: whole lines from there on; sets bytes to how many
lines() {
  tail -c "+$(($2 + 1))" "$1" 2> /dev/null | head -c "$3" > $work/part
  head -n "$(tr -cd '\\n' < $work/part | wc -c)" $work/part > $work/lines
  bytes=$(wc -c < $work/lines)
}
send() {
  code=$(curl -sS --max-time 60 -o /dev/null -w '%{http_code}' \${CA:+--cacert "$CA"} -H @$work/header -H 'Content-Type: application/x-ndjson' \\
    --data-binary @$work/lines "$URL" 2> $work/error) || code="no answer: $(cat $work/error)"
  case $code in 2??) return 0 ;; esac
  say "not taken by $URL ($code); the records are kept, and sent again"
  return 1
}
step() {
  seen='' offset=0
  [ ! -s "$state" ] || read -r seen offset < "$state"
  case $offset in '' | *[!0-9]*) seen='' offset=0 ;; esac
  if ! look_for "$seen"; then
    [ -n "$number" ] || return 1
    [ -z "$seen" ] || say 'the file that was being sent is gone, rotated away while nothing was taken: records in it were not sent'
    keep "$(mark "$(file "$number")")" 0
    return 0
  fi
  current=$(file "$number")
  newer=''
  [ "$number" -eq 0 ] || newer=$(mark "$(file $((number - 1)))")
  size=$(stat -c %s "$current") || return 1
  if [ "$offset" -lt "$size" ]; then
    lines "$current" "$offset" 1048576
    # A line that is longer, up to the most that is sent at a time.
    [ "$bytes" -gt 0 ] || lines "$current" "$offset" 33554432
    # Renamed meanwhile: looked for again.
    [ "$(mark "$current")" = "$seen" ] || return 0
    if [ "$bytes" -gt 0 ]; then
      send || return 1
      keep "$seen" $((offset + bytes))
      say "sent to $URL"
      return 0
    fi
  fi
  # All of it is sent. The next file is the right one if this one still has its name.
  [ -n "$newer" ] && [ "$(mark "$current")" = "$seen" ] || return 1
  keep "$newer" 0
}
while :; do
  step || sleep "$PAUSE"
done
`;

/** Beside each server: the container that sends. It has no probe: whether records are taken is no matter of Vault's being ready. */
export function senderContainer(
  { webhook, token, authority }: AuditSender,
  { scripts, files }: { readonly scripts: ConfigFiles; readonly files: number },
): ContainerProps {
  return {
    name: 'audit',
    image: images.sender,
    command: ['sh', `${PATHS.scripts}/${SEND_SCRIPT}`],
    env: {
      URL: webhook.url,
      SCHEME: webhook.scheme,
      CA: authority && `${PATHS.auditAuthority}/ca.crt`,
      AUDIT_FILES: String(files),
      PAUSE: '2',
      HOME: '/tmp',
    },
    resources: { cpu: 0.01, memory: Size.mebibytes(192), scratch: Size.mebibytes(256) },
    mounts: [
      { path: PATHS.audit, volume: volume.template('audit') },
      { path: PATHS.scripts, volume: volume.config('scripts', scripts) },
      { path: PATHS.auditToken, volume: volume.secret('audit-token', token, { token: 'token' }) },
      ...(authority
        ? [
            {
              path: PATHS.auditAuthority,
              volume: volume.secret('audit-authority', authority, { 'ca.crt': 'ca.crt' }),
            },
          ]
        : []),
      { path: '/tmp', volume: volume.scratch('audit-tmp', { memory: true, limit: Size.mebibytes(128) }) },
    ],
  };
}
