/**
 * Functions of POSIX sh for OCI image layouts, without jq: what a manifest refers to, which of it is there, what is broken. `sum` and `scratch` are theirs too.
 *
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
 */
export const OCI_SHELL =
  String.raw`if command -v sha256sum > /dev/null 2>&1; then sum() { sha256sum "$1" | cut -d ' ' -f 1; }
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
  echo "\${2#sha256:} -"
  [ -f "$1/blobs/sha256/\${2#sha256:}" ] || return 0
  describe "$1/blobs/sha256/\${2#sha256:}" | while read -r part size type _; do
    case $part in root) continue ;; esac
    case $type in
      # Layers that must not be given away, of Windows images, are never copied.
      *foreign* | *nondistributable*) ;;
      *manifest* | *image.index*) closure "$1" "$part" ;;
      *) echo "\${part#sha256:} $size" ;;
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
  blob=$1/blobs/sha256/\${2#sha256:}
  kind=$(describe "$blob" | sed -n 's/^root //p')
  case $kind in
    'index -') type=application/vnd.oci.image.index.v1+json ;;
    'image -') type=application/vnd.oci.image.manifest.v1+json ;;
    *) type=\${kind#* } ;;
  esac
  printf '{"mediaType":"%s","digest":"%s","size":%s,"annotations":{"%s":"%s"}}' "$type" "$2" "$(size_of "$blob")" "$3" "$4"
}

layout_version() { printf '{"imageLayoutVersion":"1.0.0"}\n' > "$1/oci-layout"; }
`.replaceAll('\\${', '${');
