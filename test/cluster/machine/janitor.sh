# janitor.sh BERTH RUN GROUP: keeps the namespaces of a cluster, and removes what is left of it when they end.
#
# Holds BERTH/lock (exit code 75: another has it), clears what a machine that lost its power left, and says "ready".
# The logs of the last cluster and its pods stay, in BERTH/last-log.
# Standard input says "hold PROGRAM": PROGRAM becomes the first process of new namespaces, and its id is printed. The
# namespaces end with it, with this script, and with the end of standard input, unless that said "stay".
set -u
berth=$1 run=$2 group=$3
exec 9> "$berth/lock"
flock -n 9 || exit 75
exec 3<&0 </dev/null

# The programs of this bench carry its mark. Those outside of the namespaces, such as a build, don't end with them.
clear_once() {
  for file in $(grep -lzsx "ONPREM_BENCH=$group" /proc/[0-9]*/environ); do
    pid=${file#/proc/}
    kill -KILL "${pid%/environ}" 2>/dev/null
  done
  cgroups | while read -r path; do find "$path" -depth -type d -exec rmdir {} + 2>/dev/null; done
  rm -rf --one-file-system "$run" 2>/dev/null
  [ ! -e "$run" ] && [ -z "$(cgroups)" ]
}

cgroups() {
  find /sys/fs/cgroup -maxdepth 2 -type d -name "$group" 2>/dev/null
}

keep_logs() {
  rm -rf "$berth/last-log"
  mv "$run/log" "$berth/last-log"
  for place in "$run"/places/*; do mv "$place/log" "$berth/last-log/${place##*/}"; done
}

clear() {
  [ ! -d "$run/log" ] || keep_logs
  tries=0
  until clear_once; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || { echo "can't clear $run and the cgroups $group" >&2; exit 1; }
    sleep 0.1
  done
}

clear
echo ready
read -r word holder <&3 && [ "$word" = hold ] || { clear; exit 0; }

mkdir -p "$run"
ONPREM_BENCH=$group setpriv --pdeathsig KILL -- \
  unshare --fork --pid --mount-proc --net --mount --kill-child=KILL --propagation private -- "$holder" 3<&- 9>&- >&2 &
outer=$!
inner= tries=0
until [ -n "$inner" ] && [ "$(readlink "/proc/$inner/exe")" = "$(readlink -f "$holder")" ]; do
  tries=$((tries + 1))
  [ "$tries" -lt 500 ] && kill -0 "$outer" || { kill -KILL "$outer"; wait "$outer"; clear; exit 1; }
  sleep 0.02
  read -r inner rest < "/proc/$outer/task/$outer/children" # fails, since the line has no end
done 2>/dev/null
trap 'kill -KILL "$inner"' TERM
echo "$inner" > "$run/holder"
echo "$inner"
exec >&2

(
  read -r word && [ "$word" = stay ] || kill -KILL "$inner"
) <&3 9>&- &
reader=$!
exec 3<&-

while kill -0 "$outer" 2>/dev/null; do wait "$outer"; done
kill "$reader" 2>/dev/null
clear
