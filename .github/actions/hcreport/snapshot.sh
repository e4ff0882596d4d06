#!/usr/bin/env bash
# Says which snapshot is checked, and takes one where that was asked for.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

for name in STALE SUMMARY COMMENT SARIF SITE; do
  value="INPUT_$name"
  case "${!value}" in
    true | false) ;;
    *) refuse "The input ${name,,} is neither true nor false." ;;
  esac
done

given=()
[ -z "$INPUT_CONFIG" ] || given+=("--config=$INPUT_CONFIG")

# Without a snapshot of the project, hcreport would look at its own example.
must_be_named() {
  local config="${INPUT_CONFIG:-hcreport.yml}"
  grep -Eqs "^[\"']?(snapshot|snapshots_dir)[\"']?[[:space:]]*:" -- "$config" ||
    refuse "No snapshot: set the input snapshot or collect, or snapshots_dir in hcreport.yml."
}

case "$INPUT_COLLECT" in
  false)
    [ -n "$INPUT_SNAPSHOT" ] || must_be_named
    output snapshot "$INPUT_SNAPSHOT"
    exit 0
    ;;
  true) ;;
  files) given+=(--no-engine) ;;
  *) refuse "The input collect is neither true, false nor files." ;;
esac
[ -z "$INPUT_SNAPSHOT" ] || refuse "Set the input snapshot or collect, not both."

options_of --file "$INPUT_COMPOSE_FILES"
options_of --profile "$INPUT_PROFILES"
folder="$(mktemp -d "$home/collected.XXXXXX")"
code=0
told collect "${given[@]}" --output="$folder/snapshot.json" || code=$?
if [ "$code" -ne 0 ]; then
  output exit-code "$code"
  exit "$code"
fi
output snapshot "$folder/snapshot.json"
