#!/usr/bin/env bash
# Checks a snapshot once for each form that is wanted, and keeps the exit code for the last step.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

given=("--fail-on=$INPUT_FAIL_ON")
[ -z "$INPUT_CONFIG" ] || given+=("--config=$INPUT_CONFIG")
[ -z "$INPUT_BASELINE" ] || given+=("--baseline=$INPUT_BASELINE")
if [ "$INPUT_STALE" = true ]; then
  given+=(--stale)
  options_of --file "$INPUT_COMPOSE_FILES"
  options_of --profile "$INPUT_PROFILES"
fi
snapshot=()
[ -z "$INPUT_SNAPSHOT" ] || snapshot=(-- "$INPUT_SNAPSHOT")

results="$(mktemp -d "$home/results.XXXXXX")"
code=0
told check "${given[@]}" "${snapshot[@]}" || code=$?

# Writes one form. Where that fails in another way than the check did, the worse code counts.
write() {
  local form_code=0
  "$program" check "${given[@]}" "${@:3}" --format="$1" --output="$results/$2" "${snapshot[@]}" \
    >"$results/said" 2>&1 || form_code=$?
  if [ "$form_code" -ne "$code" ]; then
    printf '::warning title=hcreport::The form %s ended with exit code %s.\n' "$1" "$form_code"
    [ "$form_code" -lt "$code" ] || code="$form_code"
  fi
}

write markdown summary.md
if [ ! -s "$results/summary.md" ]; then
  printf 'hcreport could not check this project: exit code %s. The log says why.\n' "$code" \
    >"$results/summary.md"
fi
output summary-file "$results/summary.md"
[ "$INPUT_SUMMARY" != true ] || cat "$results/summary.md" >>"$GITHUB_STEP_SUMMARY"

if [ "$INPUT_SARIF" = true ]; then
  write sarif findings.sarif "--path-prefix=$INPUT_PATH_PREFIX"
  [ ! -s "$results/findings.sarif" ] || output sarif-file "$results/findings.sarif"
fi

# 0 and 1 are answers; with any other code the snapshot may not be readable.
[ "$code" -gt 1 ] || output was-read true
output exit-code "$code"
