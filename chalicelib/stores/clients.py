"""Clients of AWS services other than DynamoDB, made when they are first needed.

Without boto3: what it adds to botocore (resources, managed S3 transfers) is not used here, and its import
takes a twentieth of a cold start. Source: botocore's session, `create_client`.
"""

from __future__ import annotations

from typing import Any

from botocore.config import Config
from botocore.session import get_session


def open_client(service: str, config: Config) -> Any:
    """A client of the service, its region, credentials and endpoint as the environment has them."""
    return get_session().create_client(service, config=config)
