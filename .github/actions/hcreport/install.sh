#!/usr/bin/env bash
# Installs hcreport into an environment of its own: the one beside this action, with exactly the
# libraries that it was tested with, or a version from PyPI.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

[ "${RUNNER_OS:-Linux}" = Linux ] || refuse "This action runs on Linux."
[[ "$INPUT_VERSION" =~ ^([0-9][0-9A-Za-z.+!]*)?$ ]] ||
  refuse "The input version is not a version, such as 1.4.0."

checkout="$(cd "$(dirname "$0")/../../.." && pwd)"
wanted="${INPUT_VERSION:-$checkout}"

# A job may use this action more than once.
if [ -f "$home/installed" ] && [ "$(cat "$home/installed")" = "$wanted" ]; then
  exit 0
fi

mkdir -p "$home"
"$PYTHON" -m venv --clear --without-pip "$home/environment"
pip=("$PYTHON" -m pip --python "$home/environment/bin/python" --quiet --no-input)
pip+=(--disable-pip-version-check install)
if [ -n "$INPUT_VERSION" ]; then
  "${pip[@]}" "hcreport==$INPUT_VERSION"
else
  "${pip[@]}" --require-hashes -r "$checkout/requirements/site.txt"
  "${pip[@]}" --no-index --no-deps --no-build-isolation "$checkout"
fi
"$program" --version
printf '%s' "$wanted" >"$home/installed"
