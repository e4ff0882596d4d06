# What the steps of this action share. Inputs come as variables, and none becomes part of a command.
# shellcheck shell=bash
set -euo pipefail

home="$RUNNER_TEMP/hcreport"
program="$home/environment/bin/hcreport"

# Ends this step with a sentence that GitHub shows on the page of the run.
refuse() {
  printf '::error title=hcreport::%s\n' "$1"
  exit 2
}

# Gives a value to the steps that follow. A value of two lines could be read as two values.
output() {
  case "$2" in
    *$'\n'* | *$'\r'*) refuse "The input for $1 has more than one line." ;;
  esac
  printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}

# Fills the list `given` with an option for each line that is not empty.
options_of() {
  local option="$1" line
  while IFS= read -r line || [ -n "$line" ]; do
    line="${line#"${line%%[![:space:]]*}"}"
    line="${line%"${line##*[![:space:]]}"}"
    [ -z "$line" ] || given+=("$option=$line")
  done <<<"$2"
}

# Runs hcreport. Names of services and files stand in what it prints, and a line of the log that
# begins with two colons is a command to the runner; between these marks it is only text.
told() {
  local mark code=0
  mark="$("$home/environment/bin/python" -c 'import secrets; print(secrets.token_hex(16))')"
  printf '::stop-commands::%s\n' "$mark"
  "$program" "$@" 2>&1 || code=$?
  printf '\n::%s::\n' "$mark"
  return "$code"
}
