#!/bin/sh
# Starts esr-sandbox with what was given as secrets: the content of each file esr_sandbox_* becomes the variable of that name,
# so that no secret stands in a compose file or on a command line.
set -eu
for file in "${SECRETS_FOLDER:-/run/secrets}"/esr_sandbox_*; do
    [ -f "$file" ] || continue
    name=$(basename "$file" | tr '[:lower:]' '[:upper:]')
    export "$name=$(cat "$file")"
done
exec esr-sandbox "$@"
