#!/bin/bash
# Stands in for kubectl: runs the one that RECORD_KUBECTL names and appends a line of JSON to RECORD_TO: when it began and ended (seconds since
# 1970), its exit code, arguments and, for `-f -`, what it was given to read.
set -u
escape() {
  local text=${1//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  printf '%s' "${text//$'\t'/\\t}"
}
argv='' input=''
for argument in "$@"; do argv+="${argv:+,}\"$(escape "$argument")\""; done
began=$EPOCHREALTIME
case " $* " in
  *' -f - '*)
    input=$(cat)
    "$RECORD_KUBECTL" "$@" <<< "$input"
    ;;
  *) "$RECORD_KUBECTL" "$@" ;;
esac
code=$?
printf '{"began":%s,"ended":%s,"code":%d,"argv":[%s],"input":"%s"}\n' \
  "$began" "$EPOCHREALTIME" "$code" "$argv" "$(escape "$input")" >> "$RECORD_TO"
exit $code
