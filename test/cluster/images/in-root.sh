#!/bin/sh
# in-root.sh LOWER UPPER WORK LISTS: runs the script on standard input as root of UPPER on top of LOWER (topmost first, colons between).
# Called in mount and process namespaces of its own, so that everything mounted here goes away with its last process.
# LISTS is apt's package lists. /mnt holds what the machine lends: certificates.crt, pip.conf, requirements.txt.
set -eu
lower=$1 upper=$2 work=$3 lists=$4
root=$work/merged

mkdir -p "$work/overlay" "$root" "$lists"
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$upper,workdir=$work/overlay" "$root"
mount -t proc proc "$root/proc"
for directory in dev tmp root mnt var/cache/apt var/log; do
  mount -t tmpfs -o mode=0755 tmpfs "$root/$directory"
done
mount --bind "$lists" "$root/var/lib/apt/lists"
mount --bind /etc/resolv.conf "$root/etc/resolv.conf"

while read -r name major minor; do
  mknod -m 0666 "$root/dev/$name" c "$major" "$minor"
done <<END
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
END
ln -s /proc/self/fd "$root/dev/fd"
mkdir -m 1777 "$root/dev/shm"
mkdir "$root/dev/pts"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
chmod 1777 "$root/tmp"
mkdir -p "$root/var/cache/apt/archives/partial" "$root/var/log/apt"

lend() { if [ -n "$1" ] && [ -e "$1" ]; then cp -L "$1" "$root/mnt/$2"; fi; }
lend "$CERTIFICATES" certificates.crt
lend "$PIP_SETTINGS" pip.conf
lend "$REQUIREMENTS" requirements.txt

if [ -e "$root/mnt/certificates.crt" ]; then
  export PIP_CERT=/mnt/certificates.crt SSL_CERT_FILE=/mnt/certificates.crt
  echo 'Acquire::https::CaInfo "/mnt/certificates.crt";' >"$root/mnt/apt.conf"
  export APT_CONFIG=/mnt/apt.conf
fi
if [ -e "$root/mnt/pip.conf" ]; then export PIP_CONFIG_FILE=/mnt/pip.conf; fi
unset TMPDIR PYTHONPATH PYTHONHOME LD_PRELOAD LD_LIBRARY_PATH
export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
chroot "$root" sh -e
