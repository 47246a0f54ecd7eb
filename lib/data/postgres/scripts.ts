/**
 * The shell and SQL that run inside PostgreSQL's image. Everything that varies reaches them by environment variables, so the texts are
 * constant. They rely on what the official image holds: bash, coreutils, diffutils, GNU tar, awk, zstd and PostgreSQL's own programs.
 */

/**
 * Shared by all scripts that reach a bucket. `mc` tells "no such object" from "no answer" by the exit code in no command, so what
 * exists is asked by listing: a listing that fails is an error, one that is empty is an answer.
 */
const STORE = `set -euo pipefail
export MC_CONFIG_DIR=/tmp/mc
mc() { timeout "\${MC_TIMEOUT:-60}" /tools/mc --quiet --disable-pager "$@"; }
fatal() { echo "$1" >&2; exit "\${2:-1}"; }
# names DIR: what is directly within DIR, one a line; fails when the store doesn't answer.
names() { mc ls --json "$1/" | sed -n 's/.*"key": *"\\([^"]*\\)".*/\\1/p'; }
# present OBJECT: 0 when it exists, 1 when it doesn't, 2 when the store doesn't answer.
present() {
  local found
  found=$(mc ls --json "$1" | sed -n 's/.*"key": *"\\([^"]*\\)".*/\\1/p') || return 2
  printf '%s\\n' "$found" | grep -Fqx -- "\${1##*/}"
}
# has OBJECT: 0 when it exists, 1 when it doesn't; a store that doesn't answer ends the script.
has() {
  local state=0
  present "$1" || state=$?
  [ "$state" -lt 2 ] || fatal "the backups bucket doesn't answer"
  return "$state"
}
# reach DIR: waits up to a minute for a store that doesn't answer yet: network policies reach a new pod's node a moment after the pod does.
reach() {
  local pause
  for pause in 1 2 4 8 16 32; do
    names "$1" > /dev/null && return
    sleep "$pause"
  done
  names "$1" > /dev/null || fatal "the backups bucket doesn't answer"
}
`;

/**
 * `archive_command`: success means that the bucket holds this very file. Never replaces a file of other content, which is how two
 * servers that write to one path are found out.
 *
 * @see https://www.postgresql.org/docs/17/continuous-archiving.html#BACKUP-ARCHIVING-WAL
 */
const ARCHIVE = `. /scripts/store.sh
# usage: archive.sh PATH NAME; archive_command counts an exit status above 125 as a crash of the archiver, so all failures are 1.
file=$1
object=$ARCHIVE/wal/$2.zst
packed=$(mktemp /tmp/archive.XXXXXX)
trap 'rm -f "$packed"' EXIT
same() { mc cat "$object" | zstd -dcq | cmp -s - "$file"; }

state=0
present "$object" || state=$?
case $state in
  0)
    same || fatal "$object exists with other content: another server archives to this path, or this one was made anew; it is left as it is"
    exit 0
    ;;
  1) ;;
  *) fatal "the archive doesn't answer; $2 stays here and is tried again" ;;
esac
zstd -qf -3 "$file" -o "$packed" || fatal "could not compress $2"
mc put --if-not-exists "$packed" "$object" > /dev/null || fatal "could not store $2"
same || fatal "$object does not hold what was stored"
`;

/**
 * `restore_command`: 1 says "there is no such file", which ends recovery; anything above 125 aborts it. A store that doesn't answer must
 * therefore never look like the end of the archive: committed transactions would be lost.
 */
const FETCH = `. /scripts/store.sh
# usage: fetch.sh NAME PATH
object=$RESTORE/wal/$1.zst
for attempt in 1 2 3 4 5 6; do
  state=0
  present "$object" || state=$?
  case $state in
    0)
      if mc cat "$object" | zstd -dcq > "$2"; then exit 0; fi
      ;;
    1) exit 1 ;;
  esac
  sleep $((attempt * 5))
done
rm -f "$2"
fatal "the archive doesn't answer, recovery can't go on" 200
`;

/** Waits for the server: network policies reach a new pod's node a moment after the pod does. */
const WAIT = `set -euo pipefail
for _ in {1..60}; do
  pg_isready -q && exit 0
  sleep 2
done
echo "$PGHOST:$PGPORT doesn't answer" >&2
exit 1
`;

/** A base backup: streamed to the bucket, read back and compared with the server's manifest, and only then marked complete; then retention. */
const BACKUP = `. /scripts/store.sh
export MC_TIMEOUT=\${BACKUP_TIMEOUT}
export WORK=/tmp/backup
rm -rf "$WORK"
mkdir -p "$WORK/x"
bash /scripts/wait.sh
reach "$ARCHIVE"
# utc [INTERVAL]: the server's time, which recovery goes by.
utc() { psql -AtXq -c "SELECT to_char(now() AT TIME ZONE 'UTC' + interval '\${1:-0}', 'YYYYMMDD\\"T\\"HH24MISS\\"Z\\"')"; }

system=$(psql -AtXq -c 'SELECT system_identifier FROM pg_control_system()')
for name in $(names "$ARCHIVE/base" | tr -d / | LC_ALL=C sort -r); do
  has "$ARCHIVE/base/$name/complete" || continue
  [ "$(mc cat "$ARCHIVE/base/$name/complete" | sed -n 's/^system=//p')" = "$system" ] || fatal "$ARCHIVE holds the backups of another server; give this one a backupPath of its own"
  # The Job that makes a new archive usable has nothing to do where there is a backup already.
  [ -z "\${UNLESS_PRESENT:-}" ] || { echo "there is the backup $name already"; exit 0; }
  break
done

start=$(utc)
backup=$ARCHIVE/base/$start
echo "backup $start: writing"
# -X none waits until all that the backup needs is in the WAL archive. The manifest is the tar's last member.
pg_basebackup --pgdata=- --format=tar --wal-method=none --checkpoint=fast --manifest-checksums=SHA256 --label="$start" |
  zstd -q -3 |
  mc pipe --part-size 64MiB "$backup/base.tar.zst" > /dev/null
end=$(utc '1 second')

echo "backup $start: reading back"
# A line "SIZE PATH SHA256  -" for each file, without unpacking it anywhere. There are thousands, and tar starts a shell for each, which becomes sha256sum.
member='set -e
[ "$TAR_FILENAME" != backup_manifest ] || exec cat > "$WORK/backup_manifest"
printf "%s %s " "$TAR_SIZE" "$TAR_FILENAME" >> "$WORK/stored"
exec sha256sum >> "$WORK/stored"'
mc cat "$backup/base.tar.zst" | zstd -dcq | tar -x -f - -C "$WORK/x" --to-command="$member"
[ -s "$WORK/backup_manifest" ] || fatal "backup $start has no manifest"
sed -n 's/.*"Manifest-Checksum": "\\([0-9a-f]*\\)".*/\\1/p' "$WORK/backup_manifest" > "$WORK/manifest.want"
sed '$d' "$WORK/backup_manifest" | sha256sum | cut -d' ' -f1 > "$WORK/manifest.got"
cmp "$WORK/manifest.want" "$WORK/manifest.got" || fatal "backup $start: its manifest is damaged"
sed -n 's/^{ "Path": "\\([^"]*\\)", "Size": \\([0-9]*\\),.*"Checksum": "\\([0-9a-f]*\\)" }.*/\\2 \\1 \\3  -/p' "$WORK/backup_manifest" | LC_ALL=C sort > "$WORK/want"
LC_ALL=C sort "$WORK/stored" > "$WORK/got"
[ -s "$WORK/want" ] || fatal "backup $start: its manifest lists no file"
cmp "$WORK/want" "$WORK/got" || fatal "backup $start differs from its manifest"

# The WAL from its start to its end, segment by segment: log number and segment within it, 16 MiB each.
range=$(sed -n 's/.*"Timeline": \\([0-9]*\\), "Start-LSN": "\\([0-9A-F]*\\)\\/\\([0-9A-F]*\\)", "End-LSN": "\\([0-9A-F]*\\)\\/\\([0-9A-F]*\\)".*/\\1 \\2 \\3 \\4 \\5/p' "$WORK/backup_manifest")
read -r timeline high low endhigh endlow <<< "$range"
first=$((16#$high * 256 + 16#$low / 16777216))
last=$((16#$endhigh * 256 + (16#$endlow - 1) / 16777216))
segment() { printf '%08X%08X%08X' "$timeline" $(($1 / 256)) $(($1 % 256)); }
for ((n = first; n <= last; n++)); do
  has "$ARCHIVE/wal/$(segment "$n").zst" || fatal "backup $start needs $(segment "$n"), which is not in the archive"
done
printf '%s\\n' "start=$start" "end=$end" "wal=$(segment "$first")" "system=$system" "version=$(psql -AtXq -c 'SHOW server_version_num')" > "$WORK/complete"
mc put "$WORK/complete" "$backup/complete" > /dev/null
has "$backup/complete" || fatal "backup $start could not be marked complete"
echo "backup $start: complete, $(wc -l < "$WORK/want") files as in its manifest"

# Retention. Unmarked first, so that one that is half removed is never taken for whole.
names "$ARCHIVE/base" | tr -d / | LC_ALL=C sort -r > "$WORK/backups"
kept=0
oldest=
while read -r name; do
  if has "$ARCHIVE/base/$name/complete" && [ "$kept" -lt "$KEEP" ]; then
    kept=$((kept + 1))
    oldest=$name
  else
    echo "backup $name: removing"
    mc rm --force "$ARCHIVE/base/$name/complete" > /dev/null 2>&1 || true
    mc rm --recursive --force "$ARCHIVE/base/$name/" > /dev/null
  fi
done < "$WORK/backups"
needed=$(mc cat "$ARCHIVE/base/$oldest/complete" | sed -n 's/^wal=//p')
[ "\${#needed}" -eq 24 ] || fatal "backup $oldest doesn't say which WAL it needs"
# Timeline histories stay; of the rest the name without its timeline says what is older.
names "$ARCHIVE/wal" | awk -v needed="\${needed:8}" '/^[0-9A-F]{24}(\\.partial|\\.[0-9A-F]{8}\\.backup)?\\.zst$/ && substr($0, 9, 16) < needed' > "$WORK/old"
sed "s|^|$ARCHIVE/wal/|" "$WORK/old" | xargs -r -n 500 /tools/mc --quiet rm --force > /dev/null
echo "kept $kept backups, the oldest of $oldest; removed $(wc -l < "$WORK/old") WAL files before $needed"
`;

/**
 * Makes the data directory if there is none (by initdb or from a backup, under another name first: a pod killed on the way leaves nothing
 * that looks whole), recovers it to the end, and gives the superuser the Secret's password.
 */
const BOOTSTRAP = `set -euo pipefail
fatal() { echo "$1" >&2; exit 1; }
next=$PGDATA.new
rm -rf "$next"

empty_archive() {
  [ -z "\${ARCHIVE:-}" ] && return
  local found
  found=$(. /scripts/store.sh; reach "$ARCHIVE"; names "$ARCHIVE") || fatal 'the backups bucket does not answer'
  [ -z "$found" ] || fatal "$ARCHIVE holds the backups of an earlier instance, and this one has no data. Restore from them (restore), or give this instance another backupPath"
}

# The backup named, or the latest that was complete at the target time.
choose() {
  local name end
  if [ -n "\${RESTORE_BACKUP:-}" ]; then
    has "$RESTORE/base/$RESTORE_BACKUP/complete" || fatal "$RESTORE has no complete backup $RESTORE_BACKUP; there is: $(names "$RESTORE/base" | tr '\\n' ' ')"
    echo "$RESTORE_BACKUP"
    return
  fi
  for name in $(names "$RESTORE/base" | tr -d / | LC_ALL=C sort -r); do
    has "$RESTORE/base/$name/complete" || continue
    end=$(mc cat "$RESTORE/base/$name/complete" | sed -n 's/^end=//p')
    if [ -z "\${RESTORE_TIME:-}" ] || [[ ! "$end" > "$(tr -d ':-' <<< "$RESTORE_TIME")" ]]; then
      echo "$name"
      return
    fi
  done
  fatal "$RESTORE has no complete backup\${RESTORE_TIME:+ that ended by $RESTORE_TIME}"
}

if [ -s "$PGDATA/PG_VERSION" ]; then
  found=$(cat "$PGDATA/PG_VERSION")
  major=$(postgres --version | sed 's/^[^0-9]*\\([0-9]*\\).*/\\1/')
  [ "$found" = "$major" ] || fatal "the volume holds data of PostgreSQL $found, this is $major; move the data by dump and restore"
  chmod 0700 "$PGDATA"
else
  empty_archive
  if [ -n "\${RESTORE:-}" ]; then
    (
      . /scripts/store.sh
      reach "$RESTORE"
      export MC_TIMEOUT=\${RESTORE_TIMEOUT}
      name=$(choose)
      echo "restoring backup $name of $RESTORE"
      install -d -m 0700 "$next"
      mc cat "$RESTORE/base/$name/base.tar.zst" | zstd -dcq | tar -x -f - -C "$next"
      pg_verifybackup --no-parse-wal --exit-on-error "$next"
      touch "$next/recovery.signal"
    )
  else
    # The builtin provider sorts alike whatever C library the image has: an image upgrade can't corrupt indexes.
    initdb --pgdata="$next" --username=postgres --pwfile=<(printf '%s' "$SUPERUSER_PASSWORD") --encoding=UTF8 --locale-provider=builtin \\
      --builtin-locale=C.UTF-8 --locale=C.UTF-8 --data-checksums --auth=scram-sha-256 --set huge_pages=off --set shared_buffers=16MB
  fi
  sync -f "$next"
  mv -T "$next" "$PGDATA"
  sync -f "$PGDATA"
fi

# Only this container can reach the socket, and there is no other way in.
socket=$(mktemp -d /tmp/bootstrap.XXXXXX)
echo 'local all postgres trust' > "$socket/hba"
recovery=()
if [ -e "$PGDATA/recovery.signal" ]; then
  [ -n "\${RESTORE:-}" ] || fatal 'the recovery of this instance was not finished; give it back the restore it was made with'
  recovery=(-c 'restore_command=bash /scripts/fetch.sh "%f" "%p"' -c recovery_target_action=promote)
  [ -z "\${RESTORE_TIME:-}" ] || recovery+=(-c "recovery_target_time=\${RESTORE_TIME%Z}+00:00")
fi
# With archive_mode on and no command, finished segments wait for the server proper.
postgres -D "$PGDATA" -c config_file=/config/postgresql.conf -c hba_file="$socket/hba" -c listen_addresses= -c ssl=off \\
  -c unix_socket_directories="$socket" -c archive_command= "\${recovery[@]}" &
server=$!
trap 'kill -INT $server; wait $server; exit 1' INT TERM
pause=0.1
until pg_isready -q -h "$socket" -U postgres; do
  kill -0 $server 2> /dev/null || { wait $server || true; fatal 'PostgreSQL did not start'; }
  sleep $pause
  [ "$SECONDS" -lt 10 ] || pause=5
done
psql -qX -h "$socket" -U postgres -d postgres -v ON_ERROR_STOP=1 -f /scripts/superuser.sql
kill -INT $server
wait $server
`;

/**
 * Before a statement with a password: it must not reach the server's log or statistics, whatever is set there, and even if the statement
 * fails. The extension's setting is legal where the extension isn't loaded too.
 */
export const UNSEEN = `SET log_statement = none;
SET log_min_duration_statement = -1;
SET log_min_duration_sample = -1;
SET log_transaction_sample_rate = 0;
SET log_min_error_statement = panic;
SET debug_print_parse = off;
SET debug_print_rewritten = off;
SET pg_stat_statements.track_utility = off;
`;

/**
 * The superuser's password, and that of the metrics exporter where there is one, follow their Secrets at each start. Consumers have no
 * business in the server's own databases.
 */
const SUPERUSER = `${UNSEEN}\\getenv password SUPERUSER_PASSWORD
ALTER ROLE postgres PASSWORD :'password';
REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC;
\\getenv metrics METRICS_PASSWORD
\\if :{?metrics}
SELECT 'CREATE ROLE metrics' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'metrics') \\gexec
ALTER ROLE metrics LOGIN PASSWORD :'metrics';
GRANT pg_monitor TO metrics;
GRANT CONNECT ON DATABASE postgres TO metrics;
\\endif
`;

/**
 * One consumer's role and database. Creates what is missing, gives the role the Secret's password, and takes away what PUBLIC has; drops nothing.
 */
const DATABASE = `${UNSEEN}\\getenv name DATABASE
\\getenv role ROLE
\\getenv password ROLE_PASSWORD
SELECT format('CREATE ROLE %I', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \\gexec
ALTER ROLE :"role" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'role') WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \\gexec
ALTER DATABASE :"name" OWNER TO :"role";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
\\connect :"name"
REVOKE ALL ON SCHEMA public FROM PUBLIC;
`;

const DATABASE_JOB = `set -euo pipefail
bash /scripts/wait.sh
exec psql -X -v ON_ERROR_STOP=1 -f /scripts/database.sql
`;

/** Has the server read its certificate again when it was renewed: PostgreSQL doesn't by itself. */
const RELOAD = `set -euo pipefail
trap 'exit 0' INT TERM
seen=$(sha256sum < /tls/tls.crt)
while true; do
  sleep 60 &
  wait $!
  now=$(sha256sum < /tls/tls.crt)
  [ "$now" != "$seen" ] || continue
  if psql -AtXq -c 'SELECT pg_reload_conf()' > /dev/null; then
    seen=$now
    echo 'the certificate was renewed, and read again'
  fi
done
`;

/** Names and texts of the files in the ConfigMap. */
export const SCRIPTS = {
  'store.sh': STORE,
  'archive.sh': ARCHIVE,
  'fetch.sh': FETCH,
  'wait.sh': WAIT,
  'backup.sh': BACKUP,
  'bootstrap.sh': BOOTSTRAP,
  'superuser.sql': SUPERUSER,
  'database.sh': DATABASE_JOB,
  'database.sql': DATABASE,
  'reload.sh': RELOAD,
} as const;
