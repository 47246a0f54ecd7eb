#!/bin/sh
# Options alone are for the server.
case "${1:-}" in minio | '') ;; *) set -- minio "$@" ;; esac
exec "$@"
