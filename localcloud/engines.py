"""The stand-ins for AWS: dynoxide for DynamoDB, ministack for SQS, S3 and Secrets Manager.

Owns their command lines and how to tell that they are well. dynoxide keeps a SQLite file that survives
`kill -9`. ministack keeps the objects of S3 on disk; its queues and secrets are made anew at each start,
for a report is stale after two seconds and the signing keys have their own file.
"""

from __future__ import annotations

import platform
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import aiohttp

from localcloud.settings import ROOT

HOST = "127.0.0.1"
DYNOXIDE = ROOT / "localcloud/node_modules/@dynoxide/linux-x64/dynoxide"
REGION = "us-east-1"  # Any name that AWS libraries know; Parley's own region is PARLEY_REGION.
# Letters and figures alone, as DynamoDB Local wants them.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "parleylocal", "AWS_SECRET_ACCESS_KEY": "parleylocal"}


def has_dynoxide() -> bool:
    return DYNOXIDE.exists()


def no_dynoxide_notice() -> str:
    """What a person has to know where the durable stand-in does not run."""
    return (
        f"No DynamoDB stand-in that survives a crash exists for {platform.system()} on {platform.machine()}: "
        "meetings are kept across a clean stop only."
    )


def dynoxide_command(port: int, data: Path) -> list[str]:
    return [
        str(DYNOXIDE),
        "serve",
        "--host",
        HOST,
        "--port",
        str(port),
        "--db-path",
        str(data / "control.sqlite"),
    ]


def ministack_command() -> list[str]:
    return [sys.executable, "-m", "ministack"]


def ministack_environment(base: Mapping[str, str], port: int, data: Path) -> dict[str, str]:
    services = ["s3", "sqs", "secretsmanager"]
    state: dict[str, str] = {"PERSIST_STATE": "0"}
    if not has_dynoxide():
        services.append("dynamodb")
        state = {"PERSIST_STATE": "1", "STATE_DIR": str(data / "stand-ins")}
    return {
        **base,
        **state,
        "GATEWAY_PORT": str(port),
        "BIND_HOST": HOST,
        "MINISTACK_HOST": HOST,
        "SERVICES": ",".join(services),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(data / "objects"),
        # Listeners of services that are not asked for.
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
    }


def cloud_environment(dynamodb_port: int, ministack_port: int) -> dict[str, str]:
    """Endpoint addresses and credentials: all that tells the code where it runs.

    The person's own AWS profile and proxies are shut out, so that nothing can reach a real account.
    """
    ministack = f"http://{HOST}:{ministack_port}"
    return {
        **CREDENTIALS,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL_DYNAMODB": f"http://{HOST}:{dynamodb_port}",
        "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": f"http://{HOST}:{dynamodb_port}",
        "AWS_ENDPOINT_URL_SQS": ministack,
        "AWS_ENDPOINT_URL_S3": ministack,
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": ministack,
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


async def answers_http(url: str) -> bool:
    """Whether something speaks HTTP there and does not say that it is broken."""
    timeout = aiohttp.ClientTimeout(total=2)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as client, client.get(url) as response:
            return response.status < 500
    except (aiohttp.ClientError, TimeoutError):
        return False


def accepts_connections(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex((HOST, port)) == 0
