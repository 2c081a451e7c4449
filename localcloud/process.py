"""Child processes: started in a group of their own, watched, started again, and never left behind.

A child dies with us even when we are killed (PR_SET_PDEATHSIG on Linux). What survives all the same,
on another system or by a detour, is found at the next start by its pid and start time.
Owns the pid register of a data folder. Knows nothing of what the children do.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import logging
import os
import platform
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from localcloud.errors import StartError

ON_LINUX = platform.system() == "Linux"
PR_SET_PDEATHSIG = 1  # prctl(2)
# A node drains within 5 s; the second more is for a busy machine.
STOP_SECONDS = 6.0
BACKOFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
# A child that ran this long was well: the next crash starts the back-off anew.
WELL_SECONDS = 30.0
PROBE_SECONDS = 5.0
# Three silent probes in a row: one may fall into a pause of a busy machine.
MOST_FAILED_PROBES = 3
LOG_LIMIT_BYTES = 16 * 1024 * 1024

log = logging.getLogger(__name__)
_libc = ctypes.CDLL(None, use_errno=True) if ON_LINUX else None


def _die_with_parent() -> None:
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class ProcessRegister:
    """The children of this run, on disk, so that the next run can tell them from strangers."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._started_by_pid: dict[int, str] = {}

    def add(self, pid: int) -> None:
        self._started_by_pid[pid] = start_time(pid) or ""
        self._write()

    def remove(self, pid: int) -> None:
        self._started_by_pid.pop(pid, None)
        self._write()

    def end_orphans(self) -> list[int]:
        """Kill what an earlier run left: same pid and same start time, so never another program."""
        try:
            recorded = json.loads(self._path.read_text())
        except (FileNotFoundError, ValueError):
            return []
        orphans = [
            int(pid) for pid, started in recorded.items() if started and start_time(int(pid)) == started
        ]
        for pid in orphans:
            _signal_group(pid, signal.SIGKILL)
        return orphans

    def _write(self) -> None:
        temporary = self._path.with_suffix(".new")
        temporary.write_text(json.dumps(self._started_by_pid))
        temporary.replace(self._path)


def start_time(pid: int) -> str | None:
    """When a process began, in the system's own words; None if there is no such process."""
    if ON_LINUX:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return None
        # proc(5): the name may hold spaces and brackets; after the last bracket, state is field 3.
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] == "Z" else fields[19]
    answer = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() or None


class ChildProcess:
    """One program that has to run as long as we do."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        log_folder: Path,
        register: ProcessRegister,
        is_healthy: Callable[[], Awaitable[bool]],
        after_restart: Callable[[], Awaitable[None]] | None = None,
        stop_seconds: float = STOP_SECONDS,
    ) -> None:
        self.name = name
        self._command = command
        self._environment = dict(environment)
        self._log_path = log_folder / f"{name}.log"
        self._register = register
        self._is_healthy = is_healthy
        self._after_restart = after_restart
        self._stop_seconds = stop_seconds
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        return self._process.pid if self._process is not None else 0

    async def start(self, *, within_seconds: float) -> None:
        """Start it and wait until it is healthy.

        Raises:
            StartError: It ended, or was not healthy in time.
        """
        await self._spawn()
        await self._wait_healthy(within_seconds)
        self._watcher = asyncio.create_task(self._watch(), name=f"watch {self.name}")

    async def stop(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
        await self._end()

    async def _spawn(self) -> None:
        if self._log_path.exists() and self._log_path.stat().st_size > LOG_LIMIT_BYTES:
            self._log_path.replace(self._log_path.with_suffix(".log.1"))
        with self._log_path.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        self._register.add(self._process.pid)

    async def _wait_healthy(self, within_seconds: float) -> None:
        deadline = time.monotonic() + within_seconds
        while not await self._is_healthy():
            if self._process is None or self._process.returncode is not None:
                raise StartError(f"The {self.name} process ended at once; see {self._log_path}.")
            if time.monotonic() > deadline:
                late = f"was not ready within {within_seconds:g} s"
                raise StartError(f"The {self.name} process {late}; see {self._log_path}.")
            await asyncio.sleep(0.02)

    async def _watch(self) -> None:
        crashes = 0
        while True:
            started = time.monotonic()
            await self._until_lost()
            await self._end()
            crashes = 0 if time.monotonic() - started > WELL_SECONDS else crashes + 1
            pause = BACKOFF_SECONDS[min(crashes, len(BACKOFF_SECONDS) - 1)]
            log.warning("%s is gone, starting it again in %s s", self.name, pause)
            await asyncio.sleep(pause)
            try:
                await self._spawn()
                await self._wait_healthy(30)
                if self._after_restart is not None:
                    await self._after_restart()
            except Exception:
                log.exception("%s did not start", self.name)

    async def _until_lost(self) -> None:
        """Return when the process has ended or no longer answers."""
        assert self._process is not None, "watched only after it was started"
        ended = asyncio.create_task(self._process.wait())
        failed_probes = 0
        try:
            while failed_probes < MOST_FAILED_PROBES:
                await asyncio.wait([ended], timeout=PROBE_SECONDS)
                if ended.done():
                    return
                failed_probes = 0 if await self._is_healthy() else failed_probes + 1
        finally:
            ended.cancel()

    async def _end(self) -> None:
        """SIGTERM to the whole group, SIGKILL to what is left of it."""
        if self._process is None:
            return
        pid = self._process.pid
        _signal_group(pid, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._stop_seconds):
                await self._process.wait()
        _signal_group(pid, signal.SIGKILL)
        await self._process.wait()
        self._register.remove(pid)
        self._process = None


def _signal_group(pid: int, number: signal.Signals) -> None:
    # Each child leads a session, so that its pid names its group; the group may be gone already.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
