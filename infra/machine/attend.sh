#!/bin/bash
# Beside the node for as long as the machine runs: starts it when the group puts the machine to service, ends it when
# the group takes it away, and fetches the certificate anew each day.
set -euo pipefail
HERE=$(dirname "$0")
. "${PARLEY_MACHINE_ENV:-/etc/parley/machine.env}"
. "$HERE/facts.sh"
RUN=${PARLEY_RUN:-/run/parley}
EVERY=${PARLEY_ATTEND_SECONDS:-5}
DAY=86400
# Somewhat longer than a recorder gives itself to store what waits (docs/recording.md).
RECORDERS_SECONDS=960

# What is recorded and not stored yet would go with the machine.
await_recorders() {
  local tries=$((RECORDERS_SECONDS / EVERY))
  while [ "$tries" -gt 0 ] && pgrep -f media_node.recording.recorder > /dev/null; do
    tries=$((tries - 1))
    sleep "$EVERY"
  done
}

leave() {
  systemctl stop parley-node || true
  await_recorders
  if [ -f "$RUN/name" ]; then
    read -r name address < "$RUN/name"
    change_name DELETE "$name" "$address" || true
  fi
  complete "$PARLEY_NODE_GROUP" drain
}

seen=none
fetched=$(date +%s)
while true; do
  # A machine that belongs to no group is in service.
  wanted=$(fact autoscaling/target-lifecycle-state || echo InService)
  if [ "$wanted" != "$seen" ]; then
    case $wanted in
      # What does not start is tried again; a machine whose node never starts is replaced when its hook runs out.
      InService) if systemctl start parley-node; then complete "$PARLEY_NODE_GROUP" prepare; else wanted=none; fi ;;
      *Terminated)
        leave
        exit 0
        ;;
      # Installed, and to wait in the pool.
      Warmed:*) complete "$PARLEY_NODE_GROUP" prepare ;;
    esac
    seen=$wanted
  fi
  if [ -n "$PARLEY_NODE_DOMAIN" ] && [ $(($(date +%s) - fetched)) -ge $DAY ]; then
    "$HERE/certificate.sh" || echo "the certificate could not be fetched; the next try is tomorrow" >&2
    fetched=$(date +%s)
  fi
  sleep "$EVERY"
done
