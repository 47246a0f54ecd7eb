# place.sh CACHE PLACE RESOLV_CONF: makes the mount namespace that it is started in a machine of its own. What the
# programs in it write goes to PLACE and to memory; of the machine's own file system, they can only read.
set -eu
cache=$1 place=$2 resolv_conf=$3
mount --bind "$cache" /mnt
mount --bind "/mnt/${place#"$cache"/}/lib" /var/lib
mount --bind "/mnt/${place#"$cache"/}/log" /var/log
mount -t tmpfs -o mode=0755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /tmp
mkdir -p "$cache" /run/lock /run/netns /run/containerd
mount --move /mnt "$cache"
mount -o remount,bind,ro /
# Pods make directories for their configuration on nodes.
mkdir -p "$place/etc/upper" "$place/etc/work"
mount -t overlay -o "lowerdir=/etc,upperdir=$place/etc/upper,workdir=$place/etc/work" overlay /etc

# The resolver of the machine must not be asked: it can't be reached, and programs would wait for it.
if [ -e /etc/resolv.conf ] || [ -L /etc/resolv.conf ]; then
  target=$(readlink -m /etc/resolv.conf)
  [ -e "$target" ] || { mkdir -p "$(dirname "$target")"; : > "$target"; }
  mount --bind "$resolv_conf" "$target"
fi

# The kubelet sets these for the whole kernel. Here it finds them set.
for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
  kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  [ -e "/proc/sys/${setting%=*}" ] || continue
  file=/run/kernel/${setting%=*}
  mkdir -p "${file%/*}"
  echo "${setting#*=}" > "$file"
  mount --bind "$file" "/proc/sys/${setting%=*}"
done
mount --make-rshared /
