"""The process of a node: its log, its collector, and its life between the signals that start and end it."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys

import structlog

from media_node.config import Settings
from media_node.node import Node


def configure_logging(level: str) -> None:
    """JSON lines on standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def _spare_the_collector() -> None:
    """Reference counts free nearly all; cycles are few and can wait for more than 700 new objects.

    What start made stays for ever and is not looked at again. A join makes thousands of objects that are gone
    at once, and the collector, asked so often, took a tenth of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


async def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    node = Node(settings)
    await node.start()
    _spare_the_collector()
    await stopping.wait()
    await node.stop()
