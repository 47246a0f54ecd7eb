import { type Construct } from 'constructs';
import { type IRegistry } from '../contracts/registry';
import { taggedName } from '../image-lock';
import { type Platform } from '../platform';
import { type Stage } from '../stage';
import { OCI_SHELL } from './oci-shell';

/**
 * The script that brings onto the nodes what the platform's own registry needs before it runs, where that is the mirror: nothing can be pulled from it until then. Undefined
 * where the mirror is elsewhere, or where nodes have no `ctr`.
 *
 * An image is imported by the name that the manifests use. Where that has a digest, kubelet asks for the name without the tag, so it is imported by both.
 *
 * @see https://github.com/containerd/containerd/blob/v2.1.4/internal/cri/server/images/service.go (LocalResolve)
 */
export function preloadScript(platform: Platform): string | undefined {
  const { mirrorRegistry, distribution } = platform;
  const { ctr, socket } = distribution.runtime;
  if (!mirrorRegistry || ctr === undefined) return undefined;
  const lines = bootstrapImages(platform, mirrorRegistry);
  return SCRIPT.replaceAll('@PLATFORM@', platform.name)
    .replaceAll('@HOST@', mirrorRegistry.host)
    .replaceAll('@CTR@', `${ctr} --address ${socket}`)
    .replace('@IMAGES@\n', () => lines.map((line) => `${line}\n`).join(''))
    .replace('@OCI@\n', () => OCI_SHELL);
}

/** Source, digest or `-`, and reference of each image that runs before the registry does. */
export function bootstrapImages(platform: Platform, registry: IRegistry): string[] {
  const paths = [...neededBy(registry)].map((system) => system.node.path);
  return [...platform.images.values()]
    .filter(({ owners }) =>
      [...owners].some((owner) =>
        paths.some((path) => `${path}/`.startsWith(`${owner}/`) || owner.startsWith(`${path}/`)),
      ),
    )
    .map(({ image, reference }) => `${taggedName(image)} ${image.digest ?? '-'} ${reference}`)
    .sort();
}

/** What made the stages that must be ready before the registry is, and those by which it is reached. */
function neededBy(registry: IRegistry): Set<Construct> {
  const stages = new Set<Stage>();
  const visit = (stage: Stage): void => {
    if (stages.has(stage)) return;
    stages.add(stage);
    stage.needs.forEach(visit);
  };
  [...registry.readyAfter, ...registry.endpoint.readyAfter].forEach(visit);
  return new Set([...stages].flatMap((stage) => (stage.node.scope ? [stage.node.scope as Construct] : [])));
}

const SCRIPT = String.raw`#!/bin/sh
# Brings onto the nodes of the platform "@PLATFORM@" the images that @HOST@ needs before it runs: none can be pulled from it until then.
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

  CTR  the node's client of containerd [default: @CTR@]

The images are pinned: kubelet doesn't remove them when the disk is full, so that the registry also starts after all nodes were off.
TEXT
}

# source, digest or -, name in the manifests
images() {
  cat <<'TEXT'
@IMAGES@
TEXT
}

wrong() { echo "preload.sh: $1" >&2; exit 2; }

load='' pack='' import='' list=''
while [ $# -gt 0 ]; do
  case $1 in
    --load | --pack | --import)
      [ -n "\${2-}" ] || wrong "$1 needs a value; see --help"
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
    *@*) name=\${1%@*}; echo "\${name%:*}@\${1#*@}" ;;
    *) echo "$1" ;;
  esac
}

if [ -n "$import" ]; then
  [ -f "$import" ] || wrong "there is no file $import"
  ctr() { \${CTR:-@CTR@} --namespace k8s.io "$@"; }
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

@OCI@
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
  for name in $(printf '%s\n' "\${reference%@*}" "$(name_of "$reference")" | sort -u); do
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
`.replaceAll('\\${', '${');
