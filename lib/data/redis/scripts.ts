// What the containers run. Passwords are read from files and go to the programs by environment and by files in memory, never as
// arguments. The programs are called valkey-* in Valkey's image and redis-* in Redis' own: either will do.

const HEAD = '#!/bin/sh\nset -eu\n';

/**
 * What all scripts begin with. The environment says HOSTS, the servers' host names in the order of the pods; where there are several,
 * PRIMARY, the sentinels' name for the group, and QUORUM; and TLS, where it is spoken.
 */
const COMMON = `${HEAD}umask 077
server=$(command -v valkey-server || command -v redis-server)
client=$(command -v valkey-cli || command -v redis-cli)
set -- $HOSTS
shift "\${HOSTNAME##*-}"
me=$1
state=/data/sentinel/sentinel.conf

# cli USER HOST PORT COMMAND...: what a server or sentinel answers
cli() {
  user=$1 host=$2 port=$3
  shift 3
  password=$(cat "/passwords/$user")
  VALKEYCLI_AUTH=$password REDISCLI_AUTH=$password timeout 5 "$client" -h "$host" -p "$port" --user "$user" --no-auth-warning \\
    \${TLS:+--tls --cacert /authority/ca.crt} "$@" < /dev/null
}

# users FILE: an ACL file of the users that the file describes, a name and rules on each line
users() {
  echo 'user default off'
  while read -r name rules; do
    echo "user $name on >$(cat "/passwords/$name") $rules"
  done < "$1"
}

# spins PID SECONDS: whether a process uses more than half of a processor, for so long
ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
spins() {
  before=$(ticks "$1")
  sleep "$2"
  [ $(($(ticks "$1") - before)) -gt $(($2 * 50)) ]
}

# Views of who is the master, as lines "epoch host": a failover raises the epoch, so that the view with the highest is the last one.
# What the other sentinels say.
others() {
  for other in $HOSTS; do
    [ "$other" != "$me" ] || continue
    cli sentinel "$other" 26379 SENTINEL MASTER "$PRIMARY" 2> /dev/null |
      awk 'field == "ip" { host = $0 } field == "config-epoch" { epoch = $0 } { field = field == "" ? $0 : "" }
           END { if (host != "" && epoch != "") print epoch, host }' || true
  done
}

# The last of these, and of what was saved here before; for a new group the first server.
latest() {
  last=$({
    cat
    [ ! -f $state ] || awk '$2 == "monitor" { host = $4 } $2 == "config-epoch" { epoch = $4 }
                            END { if (host != "") print epoch + 0, host }' $state
  } | sort -rn | head -n 1)
  echo "\${last:+\${last#* }}" | grep . || echo "\${HOSTS%% *}"
}
`;

/** Has a renewed certificate read, which the server does when it is told to; then becomes the server. */
const RUN_SERVER = `if [ -n "\${TLS:-}" ]; then
  (
    used=$(cksum < /tls/tls.crt)
    while sleep 60; do
      now=$(cksum < /tls/tls.crt)
      [ "$now" != "$used" ] || continue
      cli administrator "$me" 6379 CONFIG SET tls-cert-file /tls/tls.crt tls-key-file /tls/tls.key && used=$now
    done
  ) &
fi
exec "$server" $run/redis.conf
`;

/** Starts the server of a group: as the master, or as a replica of the one that the sentinels agreed on. */
const SERVER = `${HEAD}. /scripts/common.sh
run=/run/redis

# Whether the others have no data either. Replicas take over the emptiness of a master that has lost its volume, so one waits until they
# have said so, or the sentinels have made another one the master; for one that never comes, not for longer than a minute.
all_empty() {
  answers=0
  for other in $HOSTS; do
    [ "$other" != "$me" ] || continue
    [ "$(cli probe "$other" 6379 PING 2> /dev/null)" = PONG ] || continue
    answers=$((answers + 1))
    case $(cli probe "$other" 6379 INFO keyspace) in
      *db*)
        echo "this volume is empty, and $other has data: waiting until the sentinels make another server the master" >&2
        return 1
        ;;
    esac
  done
  [ $((answers + 1)) -ge "$(echo "$HOSTS" | wc -w)" ] || { [ $tries -ge 30 ] && [ $((answers + 1)) -ge "$QUORUM" ]; }
}

# With the views of more than half of the sentinels, the last failover is among them: that many voted for it.
tries=0
while
  views=$(others)
  master=$(echo "$views" | latest)
  [ $(($(echo "$views" | grep -c .) + 1)) -lt "$QUORUM" ] ||
    { [ "$master" = "$me" ] && [ ! -d /data/appendonlydir ] && ! all_empty; }
do
  tries=$((tries + 1))
  sleep 2
done
users /config/users > $run/users.acl
cp /config/redis.conf $run/redis.conf
{
  echo "masteruser replication"
  echo "masterauth $(cat /passwords/replication)"
  echo "replica-announce-ip $me"
  echo "replica-announce-port 6379"
} >> $run/redis.conf
[ "$master" = "$me" ] || echo "replicaof $master 6379" >> $run/redis.conf
echo "master: $master"
${RUN_SERVER}`;

/** Starts a single server, but not on a volume that was a replica's when there were several: what it holds may be old. */
const SINGLE_SERVER = `${HEAD}. /scripts/common.sh
run=/run/redis
if [ -f $state ] && master=$(latest < /dev/null) && [ "$master" != "$me" ]; then
  echo "this volume is that of a replica, the master was $master: have as many replicas as before, make $me the master, then have one" >&2
  exit 1
fi
users /config/users > $run/users.acl
cp /config/redis.conf $run/redis.conf
${RUN_SERVER}`;

/**
 * Starts the sentinel. What it learned stays on the volume: its id, its view and its votes; all else is written anew, so that another
 * password or quorum takes effect. An old view is corrected by the other sentinels: their epoch is higher.
 *
 * One that is connected to an address that is gone may ask that connection for ever, with a processor of its own. Started again it has the connections that there are,
 * and has forgotten nothing.
 *
 * @see https://github.com/valkey-io/valkey/issues/4766
 * @see https://github.com/redis/redis/pull/15107
 */
const SENTINEL = `${HEAD}. /scripts/common.sh
run=/run/sentinel
users /config/sentinel-users > $run/users.acl
mkdir -p /data/sentinel
old=$(cat $state 2> /dev/null || true)
{
  if [ -n "\${TLS:-}" ]; then
    printf '%s\\n' 'port 0' 'tls-port 26379' 'tls-replication yes' 'tls-auth-clients no' 'tls-cert-file /tls/tls.crt' \\
      'tls-key-file /tls/tls.key' 'tls-ca-cert-file /authority/ca.crt'
  else
    echo 'port 26379'
  fi
  echo "dir /tmp"
  echo "protected-mode no"
  echo "aclfile $run/users.acl"
  echo "sentinel resolve-hostnames yes"
  echo "sentinel announce-hostnames yes"
  echo "sentinel announce-ip $me"
  echo "sentinel announce-port 26379"
  echo "sentinel sentinel-user sentinel"
  echo "sentinel sentinel-pass $(cat /passwords/sentinel)"
  saved=$(echo "$old" | awk '$1 == "sentinel" && $2 == "monitor" { print $4 }')
  echo "sentinel monitor $PRIMARY \${saved:-$(others | latest)} 6379 $QUORUM"
  echo "sentinel auth-user $PRIMARY sentinel"
  echo "sentinel auth-pass $PRIMARY $(cat /passwords/sentinel)"
  echo "sentinel down-after-milliseconds $PRIMARY 5000"
  echo "sentinel failover-timeout $PRIMARY 30000"
  echo "sentinel parallel-syncs $PRIMARY 1"
  echo "$old" | awk '$1 == "sentinel" && $2 ~ /^(myid|config-epoch|leader-epoch|current-epoch|known-replica|known-sentinel)$/'
} > $state.new
mv $state.new $state
if [ -n "\${TLS:-}" ]; then
  # A sentinel reads its certificate when it starts: one after the other starts again.
  (
    used=$(cksum < /tls/tls.crt)
    while sleep 60; do
      [ "$(cksum < /tls/tls.crt)" != "$used" ] || continue
      sleep $((\${HOSTNAME##*-} * 60))
      kill 1
    done
  ) &
fi
(
  while :; do
    spins 1 30 || continue
    echo 'this sentinel keeps a processor busy, and has little to do: it starts again' >&2
    sleep $((\${HOSTNAME##*-} * 10))
    kill 1
  done
) &
exec "$server" $state --sentinel
`;

/** Whether the server may have clients: it has read its data and, as a replica, holds what the master holds. */
const READY = `${HEAD}. /scripts/common.sh
[ "$(cli probe "$me" 6379 PING)" = PONG ]
case $(cli probe "$me" 6379 INFO replication) in
  *role:master* | *master_link_status:up*) ;;
  *) exit 1 ;;
esac
`;

/** Whether the server answers at all, be it that it is still reading its data. */
const ALIVE = `${HEAD}asked=$1
. /scripts/common.sh
case $(cli probe "$me" "$asked" PING 2>&1) in
  PONG | LOADING* | MASTERDOWN* | BUSY*) ;;
  *) exit 1 ;;
esac
`;

/**
 * Before the server stops: a master hands over. Writes wait until a replica holds all that it has, then the sentinels make a replica the master, and
 * the connections that end with this server find the new one. Whatever fails here is left to the sentinels.
 */
const STOP = `${HEAD}. /scripts/common.sh
replication() { cli administrator "$me" 6379 INFO replication | tr -d '\\r'; }
case $(replication) in
  *role:master*) ;;
  *) exit 0 ;;
esac
cli administrator "$me" 6379 CLIENT PAUSE 30000 WRITE
for try in 1 2 3 4 5 6 7 8 9 10; do
  replication | awk -F '[=,:]' '/^master_repl_offset/ { all = $2 } /^slave[0-9]+:/ { for (i = 1; i < NF; i++) if ($i == "offset" && $(i + 1) > best) best = $(i + 1) }
                               END { exit !(best >= all) }' && break
  sleep 0.3
done
for other in $HOSTS; do
  [ "$other" != "$me" ] || continue
  [ "$(cli administrator "$other" 26379 SENTINEL FAILOVER "$PRIMARY" 2>&1)" = OK ] || continue
  for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    new=$(cli administrator "$other" 26379 SENTINEL GET-MASTER-ADDR-BY-NAME "$PRIMARY" | head -n 1)
    if [ -n "$new" ] && [ "$new" != "$me" ]; then
      cli administrator "$me" 6379 REPLICAOF "$new" 6379
      # Until the proxies have seen it.
      sleep 3
      exit 0
    fi
    sleep 1
  done
done
cli administrator "$me" 6379 CLIENT UNPAUSE
`;

/** The scripts by file name. */
export function scripts(replicated: boolean): Record<string, string> {
  return {
    'common.sh': COMMON,
    'ready.sh': READY,
    'alive.sh': ALIVE,
    ...(replicated
      ? { 'server.sh': SERVER, 'sentinel.sh': SENTINEL, 'stop.sh': STOP }
      : { 'server.sh': SINGLE_SERVER }),
  };
}
