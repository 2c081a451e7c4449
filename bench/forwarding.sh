#!/usr/bin/env bash
# How many packets one core forwards, beside the ideal loop in the same run.
set -euo pipefail
cd "$(dirname "$0")/../packet_plane"
exec cargo run --quiet --release --locked --package forwarding-bench
