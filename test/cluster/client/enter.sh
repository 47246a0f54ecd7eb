# enter.sh LOWER FOLDER COMMAND...: runs the command in a file system of its own, made of the overlay layers LOWER, with FOLDER/files in it under
# its own path and FOLDER/resolv.conf as its resolver. To be started in a mount namespace of its own.
set -eu
lower=$1 folder=$2
shift 2
mount -t tmpfs -o mode=0755 client "$folder/root"
mkdir "$folder/root/upper" "$folder/root/work" "$folder/root/merged"
root=$folder/root/merged
mount -t overlay -o "lowerdir=$lower,upperdir=$folder/root/upper,workdir=$folder/root/work" client "$root"
mkdir -p "$root/dev" "$root/proc" "$root/tmp" "$root/etc" "$root$folder/files"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount --bind "$folder/files" "$root$folder/files"
rm -f "$root/etc/resolv.conf"
cp "$folder/resolv.conf" "$root/etc/resolv.conf"
exec chroot "$root" "$@"
