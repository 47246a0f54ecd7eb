/**
 * Functions of POSIX sh by which mirror.sh has crane or skopeo look, copy, pull into a folder and push out of it; with those of oci-shell.ts.
 *
 * What it knows of the tools, by google/go-containerregistry cmd/crane and containers/skopeo:
 * - skopeo refuses a reference with tag and digest, and crane ignores the tag then; so all is read by digest and written by tag;
 * - `crane copy --platform` and skopeo without `--all` take one image out of an index, whose digest is another; so the digest is looked up first and copied as it is;
 * - `crane push` takes a layout with one image only, and overwrites no manifest that is cut short; skopeo's layouts can't hold Docker's manifests without
 *   changing their digests, its `dir:` can; so the folder's index.json is written here, and the tools see one image at a time;
 * - crane has no option for an authority: SSL_CERT_DIR adds to what the system trusts, on Linux.
 */
export const TOOLS_SHELL =
  String.raw`# What a call to the mirror needs besides; to the images' own registries nothing does.
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
    SSL_CERT_DIR=$scratch/ca:\${SSL_CERT_DIR:-/etc/ssl/certs:/etc/pki/tls/certs}
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
  echo "\${said:-the tool gave no reason}"
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
  echo "it arrived as \${there:-nothing}, not as $digest" > "$scratch/said"
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
        hex=\${part##*/}
        case $hex in
          version | signature-*) continue ;;
          manifest.json) hex=\${digest#sha256:} ;;
          *.manifest.json) hex=\${hex%.manifest.json} ;;
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
`.replaceAll('\\${', '${');
