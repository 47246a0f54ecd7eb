#!/bin/sh
# Options and addresses alone are for curl.
if [ "${1#-}" != "$1" ] || ! command -v "${1:-curl}" >/dev/null; then set -- curl "$@"; fi
exec "$@"
