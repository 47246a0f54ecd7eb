#!/bin/sh
# Brings onto the nodes of the platform "company-cluster" the images that harbor.dgx-lab.example needs before it runs: none can be pulled from it until then.
# Made by cdk8s-onprem-ml.
set -eu
LC_ALL=C
export LC_ALL
program=preload.sh

usage() {
  cat <<'TEXT'
usage: preload.sh --load FOLDER --pack FILE   make an archive of what mirror.sh --save has put into FOLDER
       preload.sh --import FILE               on each node, as root: put the archive into its container runtime
       preload.sh --list                      say which images these are

  CTR  the node's client of containerd [default: ctr --address /run/containerd/containerd.sock]

The images are pinned: kubelet doesn't remove them when the disk is full, so that the registry also starts after all nodes were off.
TEXT
}

# source, digest or -, name in the manifests
images() {
  cat <<'TEXT'
docker.io/goharbor/harbor-core:v2.15.1 - harbor.dgx-lab.example/mirror/docker.io/goharbor/harbor-core:v2.15.1
docker.io/goharbor/harbor-jobservice:v2.15.1 - harbor.dgx-lab.example/mirror/docker.io/goharbor/harbor-jobservice:v2.15.1
docker.io/goharbor/harbor-portal:v2.15.1 - harbor.dgx-lab.example/mirror/docker.io/goharbor/harbor-portal:v2.15.1
docker.io/goharbor/harbor-registryctl:v2.15.1 - harbor.dgx-lab.example/mirror/docker.io/goharbor/harbor-registryctl:v2.15.1
docker.io/goharbor/prepare:v2.15.1 - harbor.dgx-lab.example/mirror/docker.io/goharbor/prepare:v2.15.1
docker.io/goharbor/registry-photon:v2.15.1 - harbor.dgx-lab.example/mirror/docker.io/goharbor/registry-photon:v2.15.1
docker.io/goharbor/trivy-adapter-photon:v2.15.1 - harbor.dgx-lab.example/mirror/docker.io/goharbor/trivy-adapter-photon:v2.15.1
docker.io/hashicorp/vault:1.21.0 - harbor.dgx-lab.example/mirror/docker.io/hashicorp/vault:1.21.0
docker.io/library/haproxy:3.2.21 - harbor.dgx-lab.example/mirror/docker.io/library/haproxy:3.2.21
docker.io/library/postgres:17.11-trixie - harbor.dgx-lab.example/mirror/docker.io/library/postgres:17.11-trixie
docker.io/otel/opentelemetry-collector-contrib:0.159.0 - harbor.dgx-lab.example/mirror/docker.io/otel/opentelemetry-collector-contrib:0.159.0
docker.io/valkey/valkey:8.1.4 - harbor.dgx-lab.example/mirror/docker.io/valkey/valkey:8.1.4
ghcr.io/aquasecurity/trivy-db:2 - harbor.dgx-lab.example/mirror/ghcr.io/aquasecurity/trivy-db:2
ghcr.io/aquasecurity/trivy-java-db:1 - harbor.dgx-lab.example/mirror/ghcr.io/aquasecurity/trivy-java-db:1
ghcr.io/dexidp/dex:v2.45.1 - harbor.dgx-lab.example/mirror/ghcr.io/dexidp/dex:v2.45.1
ghcr.io/external-secrets/external-secrets:v2.9.0 - harbor.dgx-lab.example/mirror/ghcr.io/external-secrets/external-secrets:v2.9.0
quay.io/curl/curl:8.17.0 - harbor.dgx-lab.example/mirror/quay.io/curl/curl:8.17.0
quay.io/jetstack/cert-manager-cainjector:v1.21.1 - harbor.dgx-lab.example/mirror/quay.io/jetstack/cert-manager-cainjector:v1.21.1
quay.io/jetstack/cert-manager-controller:v1.21.1 - harbor.dgx-lab.example/mirror/quay.io/jetstack/cert-manager-controller:v1.21.1
quay.io/jetstack/cert-manager-webhook:v1.21.1 - harbor.dgx-lab.example/mirror/quay.io/jetstack/cert-manager-webhook:v1.21.1
quay.io/metallb/controller:v0.16.1 - harbor.dgx-lab.example/mirror/quay.io/metallb/controller:v0.16.1
quay.io/metallb/speaker:v0.16.1 - harbor.dgx-lab.example/mirror/quay.io/metallb/speaker:v0.16.1
quay.io/minio/mc:RELEASE.2025-08-13T08-35-41Z sha256:a7fe349ef4bd8521fb8497f55c6042871b2ae640607cf99d9bede5e9bdf11727 harbor.dgx-lab.example/mirror/quay.io/minio/mc:RELEASE.2025-08-13T08-35-41Z@sha256:a7fe349ef4bd8521fb8497f55c6042871b2ae640607cf99d9bede5e9bdf11727
quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z sha256:14cea493d9a34af32f524e538b8346cf79f3321eff8e708c1e2960462bd8936e harbor.dgx-lab.example/mirror/quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z@sha256:14cea493d9a34af32f524e538b8346cf79f3321eff8e708c1e2960462bd8936e
registry.istio.io/release/install-cni:1.30.3-distroless - harbor.dgx-lab.example/mirror/registry.istio.io/release/install-cni:1.30.3-distroless
registry.istio.io/release/pilot:1.30.3-distroless - harbor.dgx-lab.example/mirror/registry.istio.io/release/pilot:1.30.3-distroless
registry.istio.io/release/proxyv2:1.30.3-distroless - harbor.dgx-lab.example/mirror/registry.istio.io/release/proxyv2:1.30.3-distroless
registry.istio.io/release/ztunnel:1.30.3-distroless - harbor.dgx-lab.example/mirror/registry.istio.io/release/ztunnel:1.30.3-distroless
TEXT
}

wrong() { echo "preload.sh: $1" >&2; exit 2; }

load='' pack='' import='' list=''
while [ $# -gt 0 ]; do
  case $1 in
    --load | --pack | --import)
      [ -n "${2-}" ] || wrong "$1 needs a value; see --help"
      case $1 in --load) load=$2 ;; --pack) pack=$2 ;; --import) import=$2 ;; esac
      shift
      ;;
    --list) list=1 ;;
    --help | -h) usage; exit 0 ;;
    *) wrong "unknown option '$1'; see --help" ;;
  esac
  shift
done

if [ -n "$list" ]; then images | cut -d ' ' -f 3; exit 0; fi

# name_of REFERENCE: without the tag, where it has a digest, as kubelet asks for it
name_of() {
  case $1 in
    *@*) name=${1%@*}; echo "${name%:*}@${1#*@}" ;;
    *) echo "$1" ;;
  esac
}

if [ -n "$import" ]; then
  [ -f "$import" ] || wrong "there is no file $import"
  ctr() { ${CTR:-ctr --address /run/containerd/containerd.sock} --namespace k8s.io "$@"; }
  ctr images import "$import"
  ctr images ls -q > "$import.names"
  missing=''
  for reference in $(images | cut -d ' ' -f 3); do
    name=$(name_of "$reference")
    if grep -qxF "$name" "$import.names"; then ctr images label "$name" io.cri-containerd.pinned=pinned > /dev/null
    else missing="$missing $name"; fi
  done
  rm -f "$import.names"
  if [ -n "$missing" ]; then echo "preload.sh: not in the archive:$missing" >&2; exit 1; fi
  echo "$(images | grep -c .) images are on this node"
  exit 0
fi

[ -n "$load" ] && [ -n "$pack" ] || wrong "say what to do: --load FOLDER --pack FILE, or --import FILE; see --help"
[ -f "$load/saved.txt" ] || wrong "$load holds no saved.txt; make it with mirror.sh --save"
load=$(cd "$load" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
: > "$scratch/good"

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
images > "$scratch/images"
layout_version "$scratch"
: > "$scratch/files"
: > "$scratch/index"
bad=0
while read -r source listed reference; do
  digest=$(awk -v source="$source" '$1 == source { print $2; exit }' "$load/saved.txt")
  if [ -z "$digest" ]; then echo "preload.sh: $source isn't in the folder; run mirror.sh --save again" >&2; bad=1; continue; fi
  if [ "$listed" != - ] && [ "$listed" != "$digest" ]; then echo "preload.sh: $source is in the folder as $digest, wanted as $listed; run mirror.sh --save again" >&2; bad=1; continue; fi
  broken=$(broken "$load" "$digest")
  if [ -n "$broken" ]; then echo "preload.sh: $source is broken in the folder; run mirror.sh --save again" >&2; bad=1; continue; fi
  for name in $(printf '%s\n' "${reference%@*}" "$(name_of "$reference")" | sort -u); do
    descriptor "$load" "$digest" io.containerd.image.name "$name" >> "$scratch/index"
    echo >> "$scratch/index"
  done
  closure "$load" "$digest" | sed 's,^\([0-9a-f]*\) .*,blobs/sha256/\1,' >> "$scratch/files"
done < "$scratch/images"
[ $bad -eq 0 ] || exit 1
{ printf '{"schemaVersion":2,"manifests":['; paste -s -d , "$scratch/index"; printf ']}\n'; } > "$scratch/index.json"
# shellcheck disable=SC2046 # names of files are words
tar -cf "$pack.new" -C "$scratch" oci-layout index.json -C "$load" $(sort -u "$scratch/files")
mv -f "$pack.new" "$pack"
echo "$(grep -c . "$scratch/images") images are in $pack"
