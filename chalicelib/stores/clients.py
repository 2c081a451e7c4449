"""Clients of AWS services other than DynamoDB, made when they are first needed.

Without boto3: what it adds to botocore (resources, managed S3 transfers) is not used here, and its import
takes a twentieth of a cold start. Source: botocore's session, `create_client`.
"""

from __future__ import annotations

from typing import Any

from botocore.config import Config
from botocore.session import get_session


def open_client(service: str, config: Config, region: str | None = None) -> Any:
    """A client of the service; its region is the environment's where none is named, as the rest always is."""
    return get_session().create_client(service, region_name=region, config=config)
