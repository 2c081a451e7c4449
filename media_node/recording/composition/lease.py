"""Who works at a job, and how far it is: the object `state.json`, changed only by whoever holds it.

Every write says which state it replaces (ETag), so that of two composers one wins. A holder that died lets
its lease run out; the next one goes on with the minute after the last finished one.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from botocore.exceptions import ClientError

from media_node.errors import LeaseLostError
from media_node.recording.composition.job import Job

# Renewed every third of it; a composer that was killed is followed after so long at most.
LEASE_SECONDS = 60.0
CONFLICTS = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
ABSENT = frozenset({"NoSuchKey", "404"})


@dataclass(frozen=True)
class State:
    """How far a job is."""

    job: str
    holder: str
    # Seconds since the Unix epoch.
    lease_until: float
    state: Literal["running", "done", "failed"] = "running"
    # Finished minutes, from the first.
    minutes: int = 0
    # The end of the film by the wall clock, once for all composers that work at it.
    ended_us: int | None = None
    # Of a job that failed for good: the error's code and message.
    reason: str | None = None
    detail: str | None = None
    files: dict[str, Any] | None = None


class Lease:
    """The right to work at a job, taken with `take`. May be renewed from another thread."""

    def __init__(self, s3: Any, job: Job, holder: str, clock: Callable[[], float] = time.time) -> None:
        self._s3 = s3
        self._job = job
        self._holder = holder
        self._clock = clock
        # Protects state and tag: the heartbeat writes them too. S3 is called under it, nothing else.
        self._lock = threading.Lock()
        self._tag: str | None = None
        self.state = State(job.id, holder, 0.0)

    def take(self) -> State:
        """Become the holder; of a job that is done or failed for good, only its state is returned.

        Raises:
            LeaseLostError: Another composer holds it; its lease is still good.
        """
        with self._lock:
            known = self._read()
            if known is None:
                self._write(self.state)
                return self.state
            if known.state != "running":
                self.state = known
                return known
            if known.holder != self._holder and known.lease_until > self._clock():
                raise LeaseLostError(f"{known.holder} works at {self._job.id}")
            self._write(replace(known, holder=self._holder))
            return self.state

    @property
    def seconds_left_of_other(self) -> float:
        """How long another one's lease still lasts, as last read."""
        known = self._read()
        return max(0.0, known.lease_until - self._clock()) if known is not None else 0.0

    def renew(self) -> None:
        """Hold it for another LEASE_SECONDS.

        Raises:
            LeaseLostError: Another composer took it.
        """
        self.change()

    def change(self, **fields: Any) -> None:
        """Write how far the job is; the lease is renewed with it.

        Raises:
            LeaseLostError: Another composer took it.
        """
        with self._lock:
            self._write(replace(self.state, **fields))

    def release(self) -> None:
        """Let somebody else go on at once."""
        with self._lock:
            self._write(self.state, lasts=0.0)

    def _read(self) -> State | None:
        try:
            answer = self._s3.get_object(Bucket=self._job.bucket, Key=self._job.state_key)
        except ClientError as exc:
            if exc.response["Error"]["Code"] in ABSENT:
                return None
            raise
        self._tag = answer["ETag"]
        return State(**json.loads(answer["Body"].read()))

    def _write(self, state: State, lasts: float = LEASE_SECONDS) -> None:
        state = replace(state, lease_until=self._clock() + lasts)
        condition = {"IfNoneMatch": "*"} if self._tag is None else {"IfMatch": self._tag}
        try:
            answer = self._s3.put_object(
                Bucket=self._job.bucket,
                Key=self._job.state_key,
                Body=json.dumps(asdict(state)).encode(),
                ContentType="application/json",
                **condition,
            )
        except ClientError as exc:
            if exc.response["Error"]["Code"] not in CONFLICTS | ABSENT:
                raise
            # An answer that was lost on its way makes the library write again what is written already.
            if self._read() != state:
                raise LeaseLostError(f"another composer took {self._job.id}") from exc
            self.state = state
            return
        self._tag = answer["ETag"]
        self.state = state
