import { CONFIGURATION_BACKEND, CONFIGURATION_SERVER, POD_BACKEND, POD_SERVER } from './config';

/** Where things are in the container. */
export const PATHS = {
  /** Folders of this one hold the configuration, the certificate and further authorities. */
  root: '/etc/haproxy',
  config: '/etc/haproxy/config',
  certificate: '/etc/haproxy/tls',
  authority: '/etc/haproxy/authority',
  run: '/run/haproxy',
  scripts: '/opt/haproxy',
} as const;

/** How the pod stops. */
export interface StopTimes {
  /** Seconds that new connections are still taken, while the pod says that it isn't ready and load balancers learn of it. */
  readonly linger: number;
  /** Seconds that connections may take to end after that. */
  readonly drain: number;
}

/**
 * The container's first process: starts HAProxy, puts each new configuration and certificate into effect without closing a
 * connection, and ends gently. What HAProxy refuses is logged and shown in the metrics, while the earlier configuration serves on.
 *
 * A reload goes through the master process' socket, which answers with its outcome.
 * @see https://docs.haproxy.org/3.2/management.html#9.4.1
 */
export function entrypoint({ linger, drain }: StopTimes): string {
  return `#!/bin/sh
set -u

config=${PATHS.config}/haproxy.cfg
master=${PATHS.run}/master.sock
admin=${PATHS.run}/admin.sock

log() {
  printf 'gateway: %s\\n' "$*" >&2
}

# Everything that is mounted: configuration, certificate, authorities. As it is: to hash it would start two programs more, each time.
mounted() {
  cat ${PATHS.root}/*/* 2>/dev/null
}

reload() {
  if ! problems=$(haproxy -c -f "$config" 2>&1); then
    refuse "$problems"
    return
  fi
  answer=$(printf 'reload\\n' | socat -t 60 - "UNIX-CONNECT:$master" 2>&1)
  case $answer in
    *Success=1*) log 'new configuration in effect' ;;
    *) refuse "$answer" ;;
  esac
}

refuse() {
  log "new configuration REFUSED, the earlier one stays in effect: $1"
  mark ${CONFIGURATION_BACKEND}/${CONFIGURATION_SERVER}
}

# mark SERVER: puts a server into maintenance, which others see
mark() {
  printf 'set server %s state maint\\n' "$1" | socat - "UNIX-CONNECT:$admin" >/dev/null
}

stop=
trap 'stop=yes' TERM INT USR1

seen=$(mounted)
haproxy -W -db -S "$master" -f "$config" &
haproxy=$!

while [ -z "$stop" ]; do
  sleep 5 &
  wait $!
  if ! kill -0 "$haproxy" 2>/dev/null; then
    wait "$haproxy"
    log "haproxy ended with status $?"
    exit 1
  fi
  now=$(mounted)
  if [ -z "$stop" ] && [ "$now" != "$seen" ]; then
    seen=$now
    reload
  fi
done

log 'stopping: taking connections for ${linger} more seconds, then waiting up to ${drain} for them to end'
mark ${POD_BACKEND}/${POD_SERVER}
sleep ${linger}
kill -USR1 "$haproxy"
( sleep ${drain} && kill -TERM "$haproxy" ) >/dev/null 2>&1 &
wait "$haproxy"
log 'stopped'
`;
}
