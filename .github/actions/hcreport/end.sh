#!/usr/bin/env bash
# Ends the action with the exit code of the check, after everything else was done.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

code="${EXIT_CODE:-0}" # empty where an earlier step has failed already
[ "$code" = 0 ] ||
  printf '::error title=hcreport::hcreport check ended with exit code %s.\n' "$code"
exit "$code"
