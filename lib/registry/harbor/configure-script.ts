/**
 * What the configuring Job runs: brings Harbor to what the plan says, by its API, and does no harm when done again. It deletes nothing, ever:
 * what the program no longer has stays until somebody removes it. The plan's lines are a step and its words; bodies of requests are
 * files beside it. Secret values are files, and go to Harbor by files in memory.
 *
 * @see https://github.com/goharbor/harbor/blob/v2.15.1/api/v2.0/swagger.yaml
 */
export const CONFIGURE_SCRIPT = `#!/bin/sh
set -eu
umask 077
work=/tmp
secrets=/secrets
failed=''
printf 'user = "admin:%s"\\n' "$(cat /secrets/admin)" > $work/login

die() {
  echo "configure: $*" >&2
  exit 1
}

# call METHOD PATH [BODY-FILE]: the status is in $code, the answer in $work/answer
call() {
  code=$(curl -sS -K $work/login --retry 5 --retry-connrefused --retry-delay 3 --max-time 120 -H 'Content-Type: application/json' \\
    -H 'X-Is-Resource-Name: true' -X "$1" \${3:+--data-binary "@$3"} -D $work/headers -o $work/answer -w '%{http_code}' "$HARBOR/api/v2.0/$2") || code=000
}

# want WHAT CODE...: stops where the answer is none of these
want() {
  what=$1
  shift
  case " $* " in
    *" $code "*) ;;
    *) die "$what: status $code: $(head -c 500 $work/answer 2> /dev/null)" ;;
  esac
}

# number KEY: the first number of this name in the answer
number() { grep -o "\\"$1\\":[0-9]*" $work/answer | head -n 1 | cut -d : -f 2; }

# quoted FILE: a secret value as it stands in JSON
quoted() { sed 's/[\\\\"]/\\\\&/g' "$1" | tr -d '\\n'; }

project_id() {
  call GET "projects/$1"
  want "project $1" 200
  number project_id
}

configuration() {
  if [ -f "$secrets/oidc/client-id" ]; then
    printf '{"oidc_client_id":"%s","oidc_client_secret":"%s"}' "$(quoted "$secrets/oidc/client-id")" "$(quoted "$secrets/oidc/client-secret")" > $work/body
    call PUT configurations $work/body
    want "the client of the identity provider" 200
  fi
  call PUT configurations "/plan/$1"
  want configuration 200
}

# audit HOST PORT: where core sends the audit log, which goes to the database as before
audit() {
  printf '{"audit_log_forward_endpoint":"%s:%s","skip_audit_log_database":false}' "$1" "$2" > $work/body
  call PUT configurations $work/body
  want "the collector of audit records" 200
}

# registry NAME URL TYPE: a registry elsewhere; Harbor takes it only while it answers
registry() {
  user='' password=''
  if [ -d "$secrets/registries/$1" ]; then
    user=$(quoted "$secrets/registries/$1/username") password=$(quoted "$secrets/registries/$1/password")
  fi
  call GET "registries?q=name%3D$1"
  want "registry $1" 200
  registry=$(number id)
  if [ -n "$registry" ]; then
    printf '{"name":"%s","url":"%s","insecure":false' "$1" "$2" > $work/body
    [ -z "$user" ] || printf ',"credential_type":"basic","access_key":"%s","access_secret":"%s"' "$user" "$password" >> $work/body
    echo '}' >> $work/body
    call PUT "registries/$registry" $work/body
    want "registry $1, $2" 200
  else
    printf '{"name":"%s","url":"%s","type":"%s","insecure":false' "$1" "$2" "$3" > $work/body
    [ -z "$user" ] || printf ',"credential":{"type":"basic","access_key":"%s","access_secret":"%s"}' "$user" "$password" >> $work/body
    echo '}' >> $work/body
    call POST registries $work/body
    want "registry $1, $2" 201
    call GET "registries?q=name%3D$1"
    registry=$(number id)
  fi
}

# project NAME CREATE UPDATE BYTES [REGISTRY]: a project, with the quota; of a proxy the registry behind
project() {
  cp "/plan/$2" $work/body
  if [ -n "\${5:-}" ]; then
    call GET "registries?q=name%3D$5"
    registry=$(number id)
    [ -n "$registry" ] || die "project $1: registry $5 isn't there"
    printf '{"registry_id":%s,%s\\n' "$registry" "$(tail -c +2 "/plan/$2")" > $work/body
  fi
  call POST projects $work/body
  want "project $1" 201 409
  [ "$code" != 201 ] || echo "made project $1"
  call PUT "projects/$1" "/plan/$3"
  want "project $1" 200
  id=$(project_id "$1")
  call GET "quotas?reference=project&reference_id=$id"
  want "quota of $1" 200
  quota=$(number id)
  printf '{"hard":{"storage":%s}}' "$4" > $work/body
  call PUT "quotas/$quota" $work/body
  want "quota of $1" 200
}

# retention PROJECT BODY: the body lacks the project's number
retention() {
  id=$(project_id "$1")
  policy=$(grep -o '"retention_id":"[0-9]*"' $work/answer | grep -o '[0-9]*' || true)
  sed "s/\\"ref\\":0/\\"ref\\":$id/" "/plan/$2" > $work/body
  if [ -n "$policy" ]; then
    call PUT "retentions/$policy" $work/body
    want "retention of $1" 200
  else
    call POST retentions $work/body
    want "retention of $1" 201
  fi
}

# robot PROJECT NAME CREATE UPDATE: an account with the secret that was made for it
robot() {
  id=$(project_id "$1")
  # The query is decoded twice.
  call GET "robots?q=Level%3Dproject%2CProjectID%3D$id%2Cname%3D$1%252B$2"
  want "robot $1+$2" 200
  robot=$(number id)
  if [ -n "$robot" ]; then
    call PUT "robots/$robot" "/plan/$4"
    want "robot $1+$2" 200
  else
    call POST robots "/plan/$3"
    want "robot $1+$2" 201
    robot=$(number id)
  fi
  printf '{"secret":"%s"}' "$(cat "$secrets/robots/$1/$2")" > $work/body
  call PATCH "robots/$robot" $work/body
  want "secret of robot $1+$2" 200
}

# account NAMESPACE NAME PROJECT ROBOT: the robot's account in a Secret, as programs and kubelets read it
account() {
  user="robot\\$$3+$4" password=$(cat "$secrets/robots/$3/$4")
  basic=$(printf '%s:%s' "$user" "$password" | base64 | tr -d '\\n')
  docker=$(printf '{"auths":{"%s":{"username":"%s","password":"%s","auth":"%s"}}}' "$HOST" "$user" "$password" "$basic" | base64 | tr -d '\\n')
  printf '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"%s"},"type":"kubernetes.io/dockerconfigjson","data":{".dockerconfigjson":"%s","username":"%s","password":"%s"}}' \\
    "$2" "$docker" "$(printf '%s' "$user" | base64 | tr -d '\\n')" "$(printf '%s' "$password" | base64 | tr -d '\\n')" > $work/secret
  own=/var/run/secrets/kubernetes.io/serviceaccount
  printf 'Authorization: Bearer %s' "$(cat $own/token)" > $work/authorization
  for attempt in "POST secrets" "PUT secrets/$2"; do
    code=$(curl -sS --retry 8 --retry-connrefused --max-time 20 --cacert $own/ca.crt -H @$work/authorization -H 'Content-Type: application/json' \\
      -X "\${attempt% *}" --data-binary @$work/secret -o $work/answer -w '%{http_code}' "https://kubernetes.default.svc/api/v1/namespaces/$1/\${attempt#* }")
    [ "$code" = 409 ] || break
  done
  case $code in
    200 | 201) ;;
    *) die "writing Secret $1/$2: status $code: $(sed 's/"data":{[^}]*}//' $work/answer | head -c 500)" ;;
  esac
}

# group PROJECT BODY ROLE NAME: the name as it stands in a URL
group() {
  call POST "projects/$1/members" "/plan/$2"
  want "group $4 of $1" 201 409
  [ "$code" = 409 ] || return 0
  call GET "projects/$1/members?page_size=100&entityname=$4"
  want "members of $1" 200
  entity=$(grep -o '"group_name":"[^"]*"' "/plan/$2" | sed 's/group_name/entity_name/')
  tr '{' '\\n' < $work/answer | grep -F "$entity" | grep -F '"entity_type":"g"' > $work/member || die "group $4 of $1 is there, and isn't listed"
  cp $work/member $work/answer
  member=$(number id)
  printf '{"role_id":%s}' "$3" > $work/body
  call PUT "projects/$1/members/$member" $work/body
  want "role of group $4 in $1" 200
}

# collection BODY: when what nothing refers to is deleted
collection() {
  call PUT system/gc/schedule "/plan/$1"
  want "schedule of garbage collection" 200
}

# replication NAME BODY: the body lacks the number of the registry, of the same name
replication() {
  call GET "registries?q=name%3D$1"
  id=$(number id)
  [ -n "$id" ] || die "replication $1: its registry isn't there"
  sed "s/\\"dest_registry\\":{\\"id\\":0}/\\"dest_registry\\":{\\"id\\":$id}/" "/plan/$2" > $work/body
  call GET "replication/policies?q=name%3D$1"
  want "replication $1" 200
  policy=$(sed 's/"\\(dest\\|src\\)_registry":{[^}]*}//g' $work/answer > $work/policies && mv $work/policies $work/answer && number id)
  if [ -n "$policy" ]; then
    call PUT "replication/policies/$policy" $work/body
    want "replication $1" 200
  else
    call POST replication/policies $work/body
    want "replication $1" 201
  fi
}

# What depends on others comes last, and one that doesn't answer holds nothing else up.
while read -r step words; do
  case $step in
    remote)
      # shellcheck disable=SC2086
      if (set -e; $words); then echo "remote: $words"; else failed="$failed $words;"; fi
      ;;
    *)
      # shellcheck disable=SC2086
      "$step" $words
      echo "$step $words"
      ;;
  esac
done < /plan/steps
[ -z "$failed" ] || die "not done:$failed is what it names reachable?"
echo "Harbor is configured"
`;
