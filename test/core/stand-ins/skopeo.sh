#!/bin/sh
# Does as skopeo does, with the same folder as the stand-in for crane.
set -eu
echo "skopeo $*" >> "$LOG"
R=$REGISTRIES
refuse() { echo "time=\"2026-11-26T14:10:39Z\" level=fatal msg=\"$1\"" >&2; exit 1; }
hex_of() {
  reference=${1#docker://}
  case ${reference%@*} in
    "$reference") ;;
    */*:*) refuse "Docker references with both a tag and digest are currently not supported" ;;
  esac
  case $reference in
    *@sha256:*) echo "${reference##*@sha256:}" ;;
    *) cat "$R/tags/${reference%:*}/${reference##*:}" 2> /dev/null || refuse "reading manifest: manifest unknown" ;;
  esac
}
fail_sometimes() {
  [ -s "$R/fail" ] || return 0
  left=$(cat "$R/fail")
  [ "$left" -gt 0 ] || return 0
  echo $((left - 1)) > "$R/fail"
  refuse "the way to the registry broke"
}
tag() { mkdir -p "$R/tags/${1%:*}"; echo "$2" > "$R/tags/${1%:*}/${1##*:}"; }
command=$1 all='' preserve=''
shift
while [ $# -gt 0 ]; do
  case $1 in
    --all) all=1 ;;
    --preserve-digests) preserve=1 ;;
    --raw | --tls-verify=false | --dest-tls-verify=false | --cert-dir=* | --dest-cert-dir=*) ;;
    -*) refuse "unknown flag: $1" ;;
    *) break ;;
  esac
  shift
done
case $command in
  inspect)
    hex=$(hex_of "$1")
    cat "$R/blobs/$hex"
    ;;
  copy)
    fail_sometimes
    [ -n "$all" ] && [ -n "$preserve" ] || refuse "the digest would change"
    case $1 in
      dir:*)
        from=${1#dir:}
        grep -q '^Directory Transport Version' "$from/version" || refuse "no version"
        hex=$(sha256sum < "$from/manifest.json" | cut -d ' ' -f 1)
        for part in $(cat "$R/parts/$hex"); do
          file=$from/$part
          [ "$part" != "$hex" ] || file=$from/manifest.json
          [ -f "$file" ] || file=$from/$part.manifest.json
          [ "$(sha256sum < "$file" | cut -d ' ' -f 1)" = "$part" ] || refuse "Digest did not match, expected sha256:$part"
        done
        tag "${2#docker://}" "$hex"
        ;;
      *)
        hex=$(hex_of "$1")
        case $2 in
          dir:*)
            to=${2#dir:}
            mkdir "$to"
            echo 'Directory Transport Version: 1.1' > "$to/version"
            for part in $(cat "$R/parts/$hex"); do
              case $part in "$hex") name=manifest.json ;; *) name=$part ;; esac
              if [ "$part" != "$hex" ] && grep -q '"layers"' "$R/blobs/$part"; then name=$part.manifest.json; fi
              cp "$R/blobs/$part" "$to/$name"
            done
            ;;
          docker://*) tag "${2#docker://}" "${ARRIVES_AS:-$hex}" ;;
        esac
        ;;
    esac
    ;;
  *) refuse "unknown command $command" ;;
esac
