# What a machine knows of itself: read by the other scripts. Source: the EC2 instance metadata service, version 2.

METADATA=http://169.254.169.254/latest

# The value of a path of the metadata; fails where there is none.
fact() {
  local token
  token=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$METADATA/api/token") || return 1
  curl -sf -H "X-aws-ec2-metadata-token: $token" "$METADATA/meta-data/$1"
}

# Tell a group that its hook may go on; nobody waits for one that is over.
complete() {
  aws autoscaling complete-lifecycle-action --auto-scaling-group-name "$1" --lifecycle-hook-name "$2" \
    --lifecycle-action-result CONTINUE --instance-id "$(fact instance-id)" || true
}

# UPSERT or DELETE of the address that the machine's name leads to; prints the id of the change.
change_name() {
  aws route53 change-resource-record-sets --hosted-zone-id "$PARLEY_ZONE_ID" --query ChangeInfo.Id --output text \
    --change-batch "{\"Changes\": [{\"Action\": \"$1\", \"ResourceRecordSet\": {\"Name\": \"$2.\", \"Type\": \"A\",
      \"TTL\": 60, \"ResourceRecords\": [{\"Value\": \"$3\"}]}}]}"
}
