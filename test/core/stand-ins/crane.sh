#!/bin/sh
# Does as crane does, with a folder for the internet and all registries: $REGISTRIES/tags/<host>/<repository>/<tag> holds a digest,
# $REGISTRIES/blobs/<hex> what it names, $REGISTRIES/parts/<hex> the names of all that an image is made of.
set -eu
echo "crane $*" >> "$LOG"
R=$REGISTRIES
refuse() { echo "Error: $1" >&2; exit 1; }
hex_of() {
  case $1 in
    *@sha256:*) echo "${1##*@sha256:}" ;;
    *) cat "$R/tags/${1%:*}/${1##*:}" 2> /dev/null || { echo "Error: fetching manifest $1: MANIFEST_UNKNOWN: manifest unknown" >&2; return 1; } ;;
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
command=$1
shift
while [ $# -gt 0 ]; do
  case $1 in
    --insecure) shift ;;
    --format) shift 2 ;;
    -*) refuse "unknown flag: $1" ;;
    *) break ;;
  esac
done
case $command in
  manifest)
    hex=$(hex_of "$1")
    cat "$R/blobs/$hex"
    ;;
  copy)
    fail_sometimes
    hex=$(hex_of "$1")
    for part in $(cat "$R/parts/$hex"); do [ -f "$R/blobs/$part" ] || refuse "no blob $part"; done
    tag "$2" "${ARRIVES_AS:-$hex}"
    ;;
  pull)
    fail_sometimes
    grep -q '"manifests"' "$2/index.json" && [ -f "$2/oci-layout" ] || refuse "no layout in $2"
    hex=$(hex_of "$1")
    # Like the real one: what is there by its name stays as it is.
    for part in $(cat "$R/parts/$hex"); do [ -f "$2/blobs/sha256/$part" ] || cp "$R/blobs/$part" "$2/blobs/sha256/$part"; done
    ;;
  push)
    fail_sometimes
    [ "$(grep -o '"digest"' "$1/index.json" | wc -l)" -eq 1 ] || refuse "layout contains several entries, consider --index"
    hex=$(sed -n 's/.*"digest":"sha256:\([0-9a-f]*\)".*/\1/p' "$1/index.json")
    for part in $(cat "$R/parts/$hex"); do
      [ "$(sha256sum < "$1/blobs/sha256/$part" | cut -d ' ' -f 1)" = "$part" ] || refuse "DIGEST_INVALID: provided digest did not match uploaded content"
    done
    tag "$2" "$hex"
    ;;
  *) refuse "unknown command $command" ;;
esac
