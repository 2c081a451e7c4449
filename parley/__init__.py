"""Parley's Python SDK and command line. Talks HTTP to the API and nothing else."""

from parley.client import Client
from parley.errors import ApiError, NotConfiguredError, ParleyError, UnreachableError
from parley.settings import Connection, find_connection

__all__ = [
    "ApiError",
    "Client",
    "Connection",
    "NotConfiguredError",
    "ParleyError",
    "UnreachableError",
    "find_connection",
]
