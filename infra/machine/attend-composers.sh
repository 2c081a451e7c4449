#!/bin/bash
# Beside the composers for as long as the machine runs: starts them, ends them when the machine is wanted back, and gives
# it back itself when none of them has had a job for a while.
set -euo pipefail
HERE=$(dirname "$0")
. "${PARLEY_MACHINE_ENV:-/etc/parley/machine.env}"
. "$HERE/facts.sh"
RUN=${PARLEY_RUN:-/run/parley-composer}
EVERY=${PARLEY_ATTEND_SECONDS:-5}
IDLE=${PARLEY_IDLE_SECONDS:-600}

composers() { seq -f 'parley-composer@%g' "$PARLEY_COMPOSERS"; }

# Since a composer was last at a job, or since they were started.
idle_seconds() {
  local last
  last=$({ echo "$started"; stat -c %Y "$RUN"/* 2> /dev/null || true; } | sort -n | tail -n 1)
  echo $(($(date +%s) - last))
}

# Each finishes the minute that it is at and hands its job on.
end_composers() {
  # shellcheck disable=SC2046
  systemctl stop $(composers) || true
}

give_back() {
  aws autoscaling terminate-instance-in-auto-scaling-group --instance-id "$(fact instance-id)" \
    --should-decrement-desired-capacity
}

started=$(date +%s)
# shellcheck disable=SC2046
until systemctl start $(composers); do sleep "$EVERY"; done
complete "$PARLEY_COMPOSER_GROUP" prepare
is_given_back=
while true; do
  case "$(fact autoscaling/target-lifecycle-state || true)" in
    *Terminated)
      end_composers
      complete "$PARLEY_COMPOSER_GROUP" drain
      exit 0
      ;;
  esac
  # Two minutes before the spot market takes it; the group starts another one where work is left.
  if fact spot/instance-action > /dev/null; then
    end_composers
    exit 0
  fi
  if [ -z "$is_given_back" ] && [ "$(idle_seconds)" -ge "$IDLE" ]; then
    # From then on the group says that it is to end.
    give_back && is_given_back=yes
  fi
  sleep "$EVERY"
done
