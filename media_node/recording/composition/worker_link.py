"""The decoding process as its parent sees it: started when needed, asked, replaced when it dies or stands
still.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from media_node.errors import WorkerError
from media_node.recording.composition.decoding import NO_CLIP, PULSE, Pulse
from media_node.recording.composition.plan import (
    PicturePlan,
    PictureResult,
    SoundPlan,
    SoundResult,
    result_from_line,
    to_line,
)

# Nothing that is decoded or encoded takes so long between two beats, on the slowest machine.
STILL_SECONDS = 60.0
LOOK_SECONDS = 1.0
# A fresh process now and then: whatever libraries leave behind in memory goes with it.
MOST_PLANS = 60
# What is as large as a minute's sound goes back to the system when it is done with: left to itself glibc
# keeps such memory from the second time on, and each minute makes new holes in it.
ENVIRONMENT = {"MALLOC_MMAP_THRESHOLD_": str(4 * 1024 * 1024)}
# The path of its pulse follows.
COMMAND = (sys.executable, "-m", "media_node.recording.composition.worker")


class Worker:
    """One process; `ask` blocks. Not for several threads at once."""

    def __init__(
        self, folder: Path, still_seconds: float = STILL_SECONDS, command: Sequence[str] = COMMAND
    ) -> None:
        self._folder = folder
        self._command = command
        self._still_seconds = still_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._pulse: Pulse | None = None
        self._plans = 0
        self._answer = b""

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def ask_sound(self, plan: SoundPlan) -> SoundResult:
        """Mix a minute.

        Raises:
            WorkerError: The process died of a clip, or stood still over it.
        """
        result = result_from_line(self._ask(to_line(plan)))
        assert isinstance(result, SoundResult)
        return result

    def ask_pictures(self, plan: PicturePlan) -> PictureResult:
        """Draw a minute.

        Raises:
            WorkerError: The process died of a clip, or stood still over it.
        """
        result = result_from_line(self._ask(to_line(plan)))
        assert isinstance(result, PictureResult)
        return result

    def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def _ask(self, line: str) -> str:
        if self._plans >= MOST_PLANS:
            self.close()
        process = self._process or self._start()
        assert process.stdin is not None
        self._plans += 1
        try:
            process.stdin.write(line.encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise self._failed("died") from None
        return self._wait(process)

    def _start(self) -> subprocess.Popen[bytes]:
        path = self._folder / "pulse"
        path.write_bytes(PULSE.pack(NO_CLIP, 0))
        self._pulse = Pulse(path)
        self._process = subprocess.Popen(
            [*self._command, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **ENVIRONMENT},
        )
        self._plans = 0
        self._answer = b""
        return self._process

    def _wait(self, process: subprocess.Popen[bytes]) -> str:
        """The next line that the process writes, as long as its pulse beats."""
        assert process.stdout is not None
        assert self._pulse is not None
        beat, beat_at = self._pulse.read(), time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._answer:
                if selector.select(LOOK_SECONDS):
                    part = os.read(process.stdout.fileno(), 1 << 16)
                    if not part:
                        raise self._failed("died")
                    self._answer += part
                elif (now := self._pulse.read()) != beat:
                    beat, beat_at = now, time.monotonic()
                elif time.monotonic() - beat_at > (self._still_seconds if beat[1] else STILL_SECONDS):
                    raise self._failed("stood still")
        line, _, self._answer = self._answer.partition(b"\n")
        return line.decode()

    def _failed(self, how: str) -> WorkerError:
        assert self._pulse is not None
        clip, _ = self._pulse.read()
        self.close()
        return WorkerError(f"the process that decodes {how}", clip if clip != NO_CLIP else None)
