#!/bin/bash
# Fetch the region's certificate as it is now; the node reads the files again when they change.
set -euo pipefail
. "${PARLEY_MACHINE_ENV:-/etc/parley/machine.env}"
TLS=${PARLEY_TLS:-/var/lib/parley/tls}

umask 077
mkdir -p "$TLS"
work=$(mktemp -d "$TLS/new.XXXXXX")
trap 'rm -rf "$work"' EXIT
head -c 48 /dev/urandom | base64 -w 0 > "$work/passphrase"
aws acm export-certificate --certificate-arn "$PARLEY_CERTIFICATE_ARN" --passphrase "fileb://$work/passphrase" \
  --output json > "$work/exported"
python3 - "$work" <<'END'
import json, pathlib, sys
work = pathlib.Path(sys.argv[1])
exported = json.loads((work / "exported").read_text())
(work / "certificate.pem").write_text(exported["Certificate"] + "\n" + exported["CertificateChain"])
(work / "encrypted.pem").write_text(exported["PrivateKey"])
END
openssl pkcs8 -in "$work/encrypted.pem" -passin "file:$work/passphrase" -out "$work/key.pem"
chown "${PARLEY_USER:-parley}" "$TLS" "$work/certificate.pem" "$work/key.pem"
# The key first: the node waits until both belong together.
mv "$work/key.pem" "$TLS/key.pem"
mv "$work/certificate.pem" "$TLS/certificate.pem"
