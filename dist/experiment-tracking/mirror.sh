#!/bin/sh
# Copies the images of the platform "experiment-tracking" into a registry, with crane or skopeo: directly, or by a folder that is carried there.
# Safe to stop and to run again at any point: what is there already stays. Made by cdk8s-onprem-ml.
set -eu
LC_ALL=C
export LC_ALL
program=mirror.sh

usage() {
  cat <<'TEXT'
usage: mirror.sh --to REGISTRY[/PATH] [OPTION]...                from the images' own registries
       mirror.sh --save FOLDER [OPTION]...                       from there into a folder, an OCI image layout
       mirror.sh --load FOLDER --to REGISTRY[/PATH] [OPTION]...  from the folder
       mirror.sh --check (--save FOLDER | [--load FOLDER] --to REGISTRY[/PATH])  say what is missing or broken

  --to REGISTRY       where to, with port and path
  --with TOOL         crane or skopeo; default: the first of them that is there. CRANE and SKOPEO name the programs
  --instead A=B       image A of mirror.txt is fetched from B, both registry/repository:tag; for builds of one's own, and copies elsewhere. Many times
  --platform OS/ARCH  of images without a digest only the one for this platform, such as linux/amd64; default: all
  --systems A,B       only what these systems run
  --retries N         attempts after the first; default 4
  --ca FILE           the authority, PEM, that REGISTRY's certificate is of; with crane on Linux only
  --insecure          REGISTRY's certificate isn't verified, and it may speak http. Digests are, always

Credentials are the tools' own: crane auth login, skopeo login, docker login.
Exit code: 0 all is there, 1 something is missing, which the last lines name, 2 wrong usage.
TEXT
}

wrong() { echo "mirror.sh: $1" >&2; exit 2; }

mirror=''
to='' save='' load='' check='' with='' platform='' systems='' retries=4 ca='' insecure='' instead=''
while [ $# -gt 0 ]; do
  case $1 in
    --to | --save | --load | --with | --platform | --systems | --retries | --ca | --instead)
      [ -n "${2-}" ] || wrong "$1 needs a value; see --help"
      case $1 in
        --to) to=${2%/} ;;
        --save) save=$2 ;;
        --load) load=$2 ;;
        --with) with=$2 ;;
        --platform) platform=$2 ;;
        --systems) systems=$2 ;;
        --retries) retries=$2 ;;
        --ca) ca=$2 ;;
        --instead)
          case $2 in ?*:?*=?*:?*) ;; *) wrong "--instead needs A=B, two times registry/repository:tag, got '$2'" ;; esac
          instead="$instead
${2%%=*} ${2#*=}"
          ;;
      esac
      shift
      ;;
    --check) check=1 ;;
    --insecure) insecure=1 ;;
    --help | -h) usage; exit 0 ;;
    *) wrong "unknown option '$1'; see --help" ;;
  esac
  shift
done
case $retries in '' | *[!0-9]*) wrong "--retries needs a number, got '$retries'" ;; esac
case $platform in all) platform='' ;; '' | ?*/?*) ;; *) wrong "--platform must be OS/ARCH, such as linux/amd64, got '$platform'" ;; esac
case $to in *://*) wrong "--to must be without a scheme, got '$to'" ;; esac
[ -z "$instead" ] || [ -z "$load$check" ] || wrong "--instead goes with neither --load nor --check, which fetch nothing"
[ -z "$save" ] || [ -z "$load$to" ] || wrong "--save goes with neither --load nor --to: first the one, then the others"
[ -n "$save" ] || to=${to:-$mirror}
[ -n "$save$to" ] || wrong "say where to: --to REGISTRY[/PATH], or --save FOLDER; see --help"
[ -z "$load" ] || [ -f "$load/saved.txt" ] || wrong "$load holds no saved.txt; make it with mirror.sh --save"
[ -z "$ca" ] || [ -f "$ca" ] || wrong "--ca: there is no file $ca"

list=$(cd "$(dirname "$0")" && pwd)/mirror.txt
[ -f "$list" ] || wrong "there is no mirror.txt beside it; copy the whole folder"

case $with in
  '')
    if command -v "${CRANE:-crane}" > /dev/null 2>&1; then with=crane
    elif command -v "${SKOPEO:-skopeo}" > /dev/null 2>&1; then with=skopeo
    elif [ -n "$check" ] && [ -n "$save" ]; then with=none
    else wrong "there is neither crane nor skopeo; install one, or name it in CRANE or SKOPEO"; fi
    ;;
  crane | skopeo) ;;
  *) wrong "--with must be crane or skopeo, got '$with'" ;;
esac
case $with in crane) tool=${CRANE:-crane} ;; skopeo) tool=${SKOPEO:-skopeo} ;; none) tool='' ;; esac
[ -z "$tool" ] || command -v "$tool" > /dev/null 2>&1 || wrong "there is no $tool; install it"

scratch=$(mktemp -d)
stop() {
  code=$?
  trap - EXIT INT TERM
  rm -rf "$scratch"
  exit "$code"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
: > "$scratch/good"
: > "$scratch/failed"
: > "$scratch/said"

if command -v sha256sum > /dev/null 2>&1; then sum() { sha256sum "$1" | cut -d ' ' -f 1; }
elif command -v shasum > /dev/null 2>&1; then sum() { shasum -a 256 "$1" | cut -d ' ' -f 1; }
else echo "$program: there is neither sha256sum nor shasum; install one" >&2; exit 2; fi

size_of() { echo $(($(wc -c < "$1"))); }

# describe FILE: a line "DIGEST SIZE TYPE PLATFORM" for all that the manifest or index refers to, then "root KIND TYPE"; - stands for what isn't said.
# What a manifest is about (its subject) is no part of it.
describe() {
  awk '
    function value(text, key,   found) {
      if (match(text, "\"" key "\":\"[^\"]*\"")) {
        found = substr(text, RSTART, RLENGTH)
        sub(/^"[^"]*":"/, "", found)
        sub(/"$/, "", found)
        return found
      }
      if (match(text, "\"" key "\":[0-9]+")) {
        found = substr(text, RSTART, RLENGTH)
        sub(/^.*:/, "", found)
        return found
      }
      return "-"
    }
    function closed(text,   digest, variant) {
      if (value(text, "os") != "-" && value(text, "architecture") != "-") {
        variant = value(text, "variant")
        platform[depth - 1] = value(text, "os") "/" value(text, "architecture") (variant == "-" ? "" : "/" variant)
      }
      digest = value(text, "digest")
      if (depth == 1) print "root", (text ~ /"manifests":/ ? "index" : "image"), value(text, "mediaType")
      else if (digest ~ /^sha256:[0-9a-f]+$/ && !subject[depth]) print digest, value(text, "size"), value(text, "mediaType"), platform[depth]
    }
    { text = text $0 "\n" }
    END {
      length_of = length(text)
      for (i = 1; i <= length_of; i++) {
        c = substr(text, i, 1)
        if (quoted) {
          own[depth] = own[depth] c
          if (c == "\\") { i++; own[depth] = own[depth] substr(text, i, 1) }
          else if (c == "\"") quoted = 0
        } else if (c == "{") {
          of_subject = own[depth] ~ /"subject":$/
          depth++
          own[depth] = ""; platform[depth] = "-"; subject[depth] = of_subject
        } else if (c == "}") { closed(own[depth]); depth-- }
        else if (c !~ /[ \t\r\n]/) {
          own[depth] = own[depth] c
          if (c == "\"") quoted = 1
        }
      }
    }
  ' "$1"
}

# closure FOLDER DIGEST: the names of all files that an image is made of, each with its size, or - for manifests.
closure() {
  echo "${2#sha256:} -"
  [ -f "$1/blobs/sha256/${2#sha256:}" ] || return 0
  describe "$1/blobs/sha256/${2#sha256:}" | while read -r part size type _; do
    case $part in root) continue ;; esac
    case $type in
      # Layers that must not be given away, of Windows images, are never copied.
      *foreign* | *nondistributable*) ;;
      *manifest* | *image.index*) closure "$1" "$part" ;;
      *) echo "${part#sha256:} $size" ;;
    esac
  done
}

# broken FOLDER DIGEST: those of its files that are missing or not what they are called. Each is read once.
broken() {
  closure "$1" "$2" | sort -u | while read -r hex _; do
    blob=$1/blobs/sha256/$hex
    if [ ! -f "$blob" ]; then echo "$hex"
    elif grep -qx "$hex" "$scratch/good"; then :
    elif [ "$(sum "$blob")" = "$hex" ]; then echo "$hex" >> "$scratch/good"
    else echo "$hex"
    fi
  done
}

# descriptor FOLDER DIGEST KEY VALUE: an image's entry in index.json, with an annotation.
descriptor() {
  blob=$1/blobs/sha256/${2#sha256:}
  kind=$(describe "$blob" | sed -n 's/^root //p')
  case $kind in
    'index -') type=application/vnd.oci.image.index.v1+json ;;
    'image -') type=application/vnd.oci.image.manifest.v1+json ;;
    *) type=${kind#* } ;;
  esac
  printf '{"mediaType":"%s","digest":"%s","size":%s,"annotations":{"%s":"%s"}}' "$type" "$2" "$(size_of "$blob")" "$3" "$4"
}

layout_version() { printf '{"imageLayoutVersion":"1.0.0"}\n' > "$1/oci-layout"; }
# What a call to the mirror needs besides; to the images' own registries nothing does.
crane_to='' skopeo_to='' skopeo_inspect=''
if [ -n "$insecure" ]; then
  crane_to=--insecure
  skopeo_to=--dest-tls-verify=false
  skopeo_inspect=--tls-verify=false
fi
if [ -n "$ca" ]; then
  mkdir "$scratch/ca"
  cp "$ca" "$scratch/ca/ca.crt"
  skopeo_to="$skopeo_to --dest-cert-dir=$scratch/ca"
  skopeo_inspect="$skopeo_inspect --cert-dir=$scratch/ca"
  if [ $with = crane ]; then
    SSL_CERT_DIR=$scratch/ca:${SSL_CERT_DIR:-/etc/ssl/certs:/etc/pki/tls/certs}
    export SSL_CERT_DIR
  fi
fi

# manifest (from|to) REFERENCE FILE
# shellcheck disable=SC2086 # options are words
manifest() {
  case $with-$1 in
    crane-from) "$tool" manifest "$2" ;;
    crane-to) "$tool" manifest $crane_to "$2" ;;
    skopeo-from) "$tool" inspect --raw "docker://$2" ;;
    skopeo-to) "$tool" inspect --raw $skopeo_inspect "docker://$2" ;;
  esac > "$3" 2> "$scratch/said" < /dev/null && [ -s "$3" ]
}

# retried COMMAND...: again, after ever longer pauses
retried() {
  attempt=0 pause=2
  until "$@"; do
    [ $attempt -lt "$retries" ] || return 1
    attempt=$((attempt + 1))
    printf '%s: %s; again in %s s\n' "$label" "$(why)" $pause >&2
    sleep $pause
    pause=$((pause * 2))
  done
}

# The last line of what the tool said, of a long one the end, where the cause is.
why() {
  said=$(grep -v '^[[:space:]]*$' "$scratch/said" | tail -n 1 | sed 's/^time="[^"]*" level=[a-z]* msg="\(.*\)"$/\1/; s/\\"/"/g' |
    awk '{ print (length($0) > 240 ? "..." substr($0, length($0) - 236) : $0) }')
  echo "${said:-the tool gave no reason}"
}

# resolve: sets digest to what is copied, by the list or by the image's registry
resolve() {
  digest=$listed
  [ "$digest" = - ] || return 0
  manifest from "$from" "$scratch/manifest" || return 1
  digest=sha256:$(sum "$scratch/manifest")
  [ -n "$platform" ] || return 0
  describe "$scratch/manifest" > "$scratch/parts"
  grep -q '^root index' "$scratch/parts" || return 0
  digest=$(awk -v wanted="$platform" '$4 == wanted || index($4, wanted "/") == 1 { print $1; exit }' "$scratch/parts")
  [ -n "$digest" ] && return 0
  echo "it has no $platform, but $(awk '/^sha256:/ && $4 != "-" && $4 !~ /unknown/ { printf "%s%s", comma, $4; comma = ", " }' "$scratch/parts")" > "$scratch/said"
  return 1
}

# at_target: sets there to the digest that the target has, or to nothing. Fails where the registry can't be asked.
at_target() {
  there=''
  if manifest to "$target" "$scratch/there"; then
    there=sha256:$(sum "$scratch/there")
    return 0
  fi
  grep -qiE 'not.?found|unknown|404' "$scratch/said" && ! grep -qiE 'certificate|no such host|unknown authority' "$scratch/said"
}

# arrived: the target has the digest
arrived() {
  at_target || return 1
  [ "$there" = "$digest" ] && return 0
  echo "it arrived as ${there:-nothing}, not as $digest" > "$scratch/said"
  return 1
}

# shellcheck disable=SC2086
copy() {
  case $with in
    crane) "$tool" copy $crane_to "$repository@$digest" "$target" ;;
    skopeo) "$tool" copy --all --preserve-digests $skopeo_to "docker://$repository@$digest" "docker://$target" ;;
  esac > "$scratch/said" 2>&1 < /dev/null && arrived
}

# pull: into the folder; a file that is broken is taken away, so that the next attempt fetches it
pull() {
  for hex in $(broken "$save" "$digest"); do rm -f "$save/blobs/sha256/$hex"; done
  case $with in
    crane)
      # crane adds to an index.json that it can read; the real one is written at the end.
      layout_version "$save"
      echo '{"schemaVersion":2,"manifests":[]}' > "$save/index.json"
      "$tool" pull --format oci "$repository@$digest" "$save" > "$scratch/said" 2>&1 < /dev/null || return 1
      ;;
    skopeo)
      rm -rf "$save/.part"
      "$tool" copy --all --preserve-digests "docker://$repository@$digest" "dir:$save/.part" > "$scratch/said" 2>&1 < /dev/null || return 1
      for part in "$save/.part"/*; do
        hex=${part##*/}
        case $hex in
          version | signature-*) continue ;;
          manifest.json) hex=${digest#sha256:} ;;
          *.manifest.json) hex=${hex%.manifest.json} ;;
        esac
        mv -f "$part" "$save/blobs/sha256/$hex"
      done
      rm -rf "$save/.part"
      ;;
  esac
  bad=$(broken "$save" "$digest")
  [ -z "$bad" ] && return 0
  for hex in $bad; do rm -f "$save/blobs/sha256/$hex"; done
  echo "these arrived broken: $(echo $bad)" > "$scratch/said"
  return 1
}

# push: out of the folder, one image at a time
# shellcheck disable=SC2086
push() {
  rm -rf "$scratch/one"
  mkdir "$scratch/one"
  case $with in
    crane)
      layout_version "$scratch/one"
      ln -s "$load/blobs" "$scratch/one/blobs"
      { printf '{"schemaVersion":2,"manifests":['; descriptor "$load" "$digest" org.opencontainers.image.ref.name "$source"; printf ']}\n'; } > "$scratch/one/index.json"
      "$tool" push $crane_to "$scratch/one" "$target"
      ;;
    skopeo)
      printf 'Directory Transport Version: 1.1\n' > "$scratch/one/version"
      closure "$load" "$digest" | sort -u | while read -r hex size; do
        if [ "sha256:$hex" = "$digest" ]; then name=manifest.json; elif [ "$size" = - ]; then name=$hex.manifest.json; else name=$hex; fi
        ln -s "$load/blobs/sha256/$hex" "$scratch/one/$name"
      done
      "$tool" copy --all --preserve-digests $skopeo_to "dir:$scratch/one" "docker://$target"
      ;;
  esac > "$scratch/said" 2>&1 < /dev/null && arrived
}

# What is made in the mirror and nowhere else: what takes an image's place, and has a name in the mirror already.
own() { [ -n "$mirror" ] && [ "$source" = "$mirror/$place" ]; }
unless_own() { if own && [ "$from" = "$source" ]; then echo "; it has its name in the mirror alone: say by --instead where it comes from"; fi; }

saved_digest() { awk -v source="$source" '$1 == source { print $2; exit }' "$1/saved.txt"; }

record() {
  { awk -v source="$source" '$1 != source' "$save/saved.txt"; echo "$source $digest"; } | sort > "$save/saved.new"
  mv -f "$save/saved.new" "$save/saved.txt"
}

# The folder as an image layout: each image by its name.
write_index() {
  comma=''
  layout_version "$save"
  {
    printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":['
    while read -r source digest; do
      [ -f "$save/blobs/sha256/${digest#sha256:}" ] || continue
      printf '%s\n' "$comma"
      descriptor "$save" "$digest" org.opencontainers.image.ref.name "$source"
      comma=,
    done < "$save/saved.txt"
    printf ']}\n'
  } > "$save/index.new"
  mv -f "$save/index.new" "$save/index.json"
}

say() { echo "$label: $*"; }
failed() {
  say "$1" >&2
  echo "$source: $1" >> "$scratch/failed"
}
timed() { echo "$1 in $(($(date +%s) - began)) s"; }

check_folder() {
  digest=$(saved_digest "$save")
  if [ -z "$digest" ]; then failed "isn't in the folder"
  elif [ "$listed" != - ] && [ "$listed" != "$digest" ]; then failed "is in the folder as $digest, wanted as $listed"
  else
    bad=$(broken "$save" "$digest")
    if [ -z "$bad" ]; then say "is there"; else failed "is broken in the folder: $(echo $bad)"; fi
  fi
}

check_target() {
  digest=$listed
  if [ -n "$load" ]; then digest=$(saved_digest "$load"); fi
  digest=${digest:-$listed}
  if ! at_target; then failed "can't be asked for: $(why)"
  elif [ -z "$there" ]; then failed "is missing: $target"
  elif [ "$digest" != - ] && [ "$there" != "$digest" ]; then failed "is another image: $target is $there, wanted as $digest"
  else say "is there"
  fi
}

save_image() {
  if ! retried resolve; then failed "can't be looked up: $(why)$(unless_own)"
  elif [ "$(saved_digest "$save")" = "$digest" ] && [ -z "$(broken "$save" "$digest")" ]; then say "is there"
  elif retried pull; then record; say "$(timed saved)"
  else failed "isn't saved: $(why)$(unless_own)"
  fi
}

load_image() {
  digest=$(saved_digest "$load")
  if [ -z "$digest" ] && own && at_target && [ -n "$there" ] && { [ "$listed" = - ] || [ "$there" = "$listed" ]; }; then say "is there"
  elif [ -z "$digest" ]; then failed "isn't in the folder; run mirror.sh --save again"
  elif [ "$listed" != - ] && [ "$listed" != "$digest" ]; then failed "is in the folder as $digest, wanted as $listed; run mirror.sh --save again"
  elif at_target && [ "$there" = "$digest" ]; then say "is there"
  elif retried push; then say "$(timed copied)"
  else
    reason=$(why)
    bad=$(broken "$load" "$digest")
    if [ -z "$bad" ]; then failed "isn't copied: $reason"; else failed "is broken in the folder, save it again: $(echo $bad)"; fi
  fi
}

copy_image() {
  if ! retried resolve; then failed "can't be looked up: $(why)$(unless_own)"
  elif at_target && [ "$there" = "$digest" ]; then say "is there"
  elif retried copy; then say "$(timed copied)"
  else failed "isn't copied: $(why)$(unless_own)"
  fi
}

if [ -n "$load" ]; then load=$(cd "$load" && pwd); fi
if [ -n "$save" ]; then
  [ -n "$check" ] || mkdir -p "$save/blobs/sha256"
  [ -d "$save" ] || wrong "there is no folder $save"
  save=$(cd "$save" && pwd)
  if [ -z "$check" ]; then
    # What was cut off, and would only take room.
    rm -rf "$save/.part"
    for blob in "$save/blobs/sha256"/*; do
      hex=${blob##*/}
      [ ${#hex} -eq 64 ] || rm -f "$blob"
    done
    [ -f "$save/saved.txt" ] || : > "$save/saved.txt"
  fi
  [ -f "$save/saved.txt" ] || wrong "$save holds no saved.txt; make it with mirror.sh --save"
fi

# Of the list: what is to be done, by the systems that were named.
grep -v '^#' "$list" | awk -v wanted="$systems" '
  BEGIN { n = split(wanted, names, ",") }
  wanted == "" { print; next }
  { for (i = 1; i <= n; i++) if (index("," $4 ",", "," names[i] ",")) { print; next } }
' > "$scratch/list"
total=$(grep -c . "$scratch/list") || wrong "no system is called $systems; there is $(grep -v '^#' "$list" | cut -d ' ' -f 4 | tr ',' '\n' | sort -u | tr '\n' ' ')"
echo "$instead" | cut -d ' ' -f 1 | while read -r name; do
  [ -z "$name" ] || awk -v name="$name" '{ sub(/@.*/, "", $1) } $1 == name { found = 1 } END { exit !found }' "$scratch/list" ||
    wrong "--instead: mirror.txt has no $name"
done || exit 2
if [ -n "$to" ] && [ -z "$mirror" ]; then
  twice=$(cut -d ' ' -f 3 "$scratch/list" | sort | uniq -d | tr '\n' ' ')
  [ -z "$twice" ] || wrong "two images would become one: $twice; give the platform a registryMirror with the layout by-registry"
fi

number=0 kept=0
while read -r source listed place _ <&4; do
  number=$((number + 1))
  source=${source%@*}
  from=$(echo "$instead" | awk -v source="$source" '$1 == source { print $2; exit }')
  from=${from:-$source}
  repository=${from%:*}
  target=$to/$place
  label="[$number/$total] $source"
  began=$(date +%s)
  if [ "$place" = = ] && [ -n "$to" ]; then
    kept=$((kept + 1))
    say "stays where it is"
  elif [ -n "$check" ] && [ -n "$save" ]; then check_folder
  elif [ -n "$check" ]; then check_target
  elif [ -n "$save" ]; then save_image
  elif [ -n "$load" ]; then load_image
  else copy_image
  fi
done 4< "$scratch/list"
if [ -n "$save" ] && [ -z "$check" ]; then write_index; fi

bad=$(grep -c . "$scratch/failed") || bad=0
if [ "$bad" -gt 0 ]; then
  {
    echo
    echo "mirror.sh: $bad of $total images are not as they should be:"
    sed 's/^/  /' "$scratch/failed"
    [ -n "$check" ] || echo "Run it again; what is done is only looked at."
  } >&2
  exit 1
fi
if [ $kept -gt 0 ]; then echo "$total images, $kept of which stay where they are"; else echo "$total images are there"; fi
