#!/usr/bin/env bash
# Builds the site of a snapshot that could be read.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

given=()
[ -z "$INPUT_CONFIG" ] || given+=("--config=$INPUT_CONFIG")
[ -z "$INPUT_SNAPSHOT" ] || given+=(-- "$INPUT_SNAPSHOT")
site="$(mktemp -d "$home/site.XXXXXX")"
told build "--site-dir=$site" "${given[@]}"
output site-dir "$site"
