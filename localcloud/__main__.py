"""`python -m localcloud`: run Parley on this machine until Ctrl-C or SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from localcloud.errors import LocalCloudError
from localcloud.run_file import DataFolder
from localcloud.server import LocalCloud
from localcloud.settings import ROOT, Settings, read_settings


def main() -> int:
    try:
        settings = read_settings(os.environ)
        folder = DataFolder(settings.data, shown_at=[ROOT / ".parley"])
        folder.acquire()
        try:
            with output_to_logs(folder.logs):
                return asyncio.run(run(settings, folder))
        finally:
            folder.release()
    except LocalCloudError as error:
        print(f"parley: {error}", file=sys.stderr)
        return 1


async def run(settings: Settings, folder: DataFolder) -> int:
    """Start, wait to be told to stop, stop. A signal during the start stops it too."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stopping.set)
    began = time.monotonic()
    say("Starting Parley")
    cloud = LocalCloud(settings, folder, say)
    starting = asyncio.create_task(cloud.start())
    waiting = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait([starting, waiting], return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            say(welcome(starting.result(), folder, time.monotonic() - began))
            await waiting
        say("\nStopping Parley")
    finally:
        waiting.cancel()
        starting.cancel()
        with contextlib.suppress(asyncio.CancelledError, LocalCloudError):
            await starting
        await cloud.stop()
    return 0


def welcome(run: dict[str, Any], folder: DataFolder, seconds: float) -> str:
    return (
        f"Ready in {seconds:.1f} s\n\n"
        f"  Open     {run['demoMeeting']['link']}\n"
        f"  API      {run['apiUrl']}  (key in {folder.path / 'run.json'})\n"
        f"  Logs     {folder.logs}\n\n"
        "Ctrl-C stops it."
    )


def say(line: str) -> None:
    # sys.stdout is the control plane's, as in Lambda; the person's terminal is the original one.
    print(line, file=sys.__stdout__, flush=True)


@contextlib.contextmanager
def output_to_logs(logs: Path) -> Iterator[None]:
    """Send what the control plane prints to its log file, and localcloud's own warnings to both."""
    with (logs / "control-plane.log").open("a", buffering=1) as output, contextlib.redirect_stdout(output):
        file_handler = logging.FileHandler(logs / "localcloud.log")
        file_handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        terminal = logging.StreamHandler(sys.__stderr__)
        terminal.setLevel(logging.WARNING)
        terminal.setFormatter(BriefFormatter("parley: %(message)s"))
        logger = logging.getLogger("localcloud")
        logger.setLevel(logging.INFO)
        logger.handlers = [file_handler, terminal]
        logger.propagate = False
        yield


class BriefFormatter(logging.Formatter):
    """One line per event: the traceback is in the file."""

    def format(self, record: logging.LogRecord) -> str:
        return self.formatMessage(self._with_message(record))

    @staticmethod
    def _with_message(record: logging.LogRecord) -> logging.LogRecord:
        record.message = record.getMessage()
        return record


if __name__ == "__main__":
    sys.exit(main())
