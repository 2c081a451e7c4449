"""The processes that make films of recordings on this machine."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from localcloud.process import ChildProcess, ProcessRegister

MODULE = "media_node.recording.composer"
START_SECONDS = 20.0
# It puts down what it has finished and lets go of its job.
STOP_SECONDS = 3.0


def composer_environment(
    base: Mapping[str, str], job_queue_url: str, report_queue_url: str
) -> dict[str, str]:
    return {
        **base,
        "PARLEY_COMPOSITION_QUEUE_URL": job_queue_url,
        "PARLEY_REPORT_QUEUE_URL": report_queue_url,
    }


def composer_process(
    number: int, environment: Mapping[str, str], logs: Path, register: ProcessRegister
) -> ChildProcess:
    async def is_healthy() -> bool:
        """It has no port; one that ends is noticed and started again."""
        return True

    return ChildProcess(
        f"composer-{number}",
        [sys.executable, "-m", MODULE],
        environment,
        log_folder=logs,
        register=register,
        is_healthy=is_healthy,
        stop_seconds=STOP_SECONDS,
    )
