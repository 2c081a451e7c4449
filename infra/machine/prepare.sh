#!/bin/bash
# Before each start of the node: where it is, its name, its certificate. A machine that comes out of the warm pool has
# another address than before, so that nothing of this is kept from start to start.
set -euo pipefail
HERE=$(dirname "$0")
. "${PARLEY_MACHINE_ENV:-/etc/parley/machine.env}"
. "$HERE/facts.sh"
RUN=${PARLEY_RUN:-/run/parley}

mkdir -p "$RUN"
address=$(fact public-ipv4)
instance=$(fact instance-id)
# What the role's policy calls this machine: objects of recordings may be added below this name alone.
owner=$(aws sts get-caller-identity --query UserId --output text)
url="http://$address:443"
if [ -n "$PARLEY_NODE_DOMAIN" ]; then
  name="$instance.$PARLEY_NODE_DOMAIN"
  url="https://$name"
  "$HERE/certificate.sh"
  change=$(change_name UPSERT "$name" "$address")
  # Clients are told the name with the first report: by then it leads here.
  aws route53 wait resource-record-sets-changed --id "$change"
  echo "$name $address" > "$RUN/name"
fi
cat > "$RUN/node.env" <<END
PARLEY_NODE_PUBLIC_URL=$url
PARLEY_MEDIA_ADDRESSES=$address
PARLEY_METRICS_HOST=$(fact local-ipv4)
PARLEY_ZONE=$(fact placement/availability-zone)
PARLEY_INSTANCE=$instance
PARLEY_RECORDING_OWNER=$owner
END
