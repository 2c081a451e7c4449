#!/usr/bin/env bash
# Compiles the hashed locks from the *.in files. Versions already locked are kept unless --upgrade is given.
set -euo pipefail
cd "$(dirname "$0")/.."
UV=${UV:-.venv/bin/uv}
compile() { # compile INPUT OUTPUT [options]
    local input=$1 output=$2
    shift 2
    "$UV" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
        --no-emit-index-url --no-emit-find-links --no-annotate "$input" -o "$output" "$@"
}
compile requirements/uv.in requirements/uv.txt "$@"
compile requirements/dev.in requirements/dev.txt "$@"
# The smaller locks are constrained by the one that was tested, so that no part ships another version. A pin may be
# for some machines only: its marker goes along.
pins=$(mktemp)
trap 'rm -f "$pins"' EXIT
grep -E '^[a-zA-Z0-9_.-]+==' requirements/dev.txt | sed -E 's/ *\\$//' > "$pins"
compile requirements.in requirements.txt --constraint "$pins" "$@"
compile media_node/requirements.in media_node/requirements.txt --constraint "$pins" "$@"
compile infra/requirements.in infra/requirements.txt --constraint "$pins" "$@"
