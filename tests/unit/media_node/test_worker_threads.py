"""Which threads are a plane's workers, and how long they waited: from files such as the kernel's."""

from __future__ import annotations

from pathlib import Path

import pytest

import packet_plane
from media_node.worker_threads import TASKS, WorkerThreads, parse_waited_seconds


def start(tasks: Path, thread: int, name: str, schedstat: str | None) -> None:
    folder = tasks / str(thread)
    folder.mkdir()
    (folder / "comm").write_text(f"{name}\n")
    if schedstat is not None:
        (folder / "schedstat").write_text(schedstat)


def test_a_workers_wait_is_read_from_its_own_thread(tmp_path: Path):
    start(tmp_path, 10, "python", "5 6 7\n")
    start(tmp_path, 11, "plane-0", "1 9000000000 1\n")
    threads = WorkerThreads(tmp_path)
    start(tmp_path, 20, "plane-1", "4000000000 2500000000 3\n")
    start(tmp_path, 21, "plane-0", "4000000000 500000000 3\n")
    threads.handle_started(2)
    start(tmp_path, 30, "plane-0", "1 8000000000 1\n")
    assert threads.waited_seconds() == [0.5, 2.5]
    (tmp_path / "20" / "schedstat").write_text("4000000000 3500000000 3\n")
    assert threads.waited_seconds() == [0.5, 3.5]


def test_a_thread_that_has_not_begun_has_its_name_later(tmp_path: Path):
    threads = WorkerThreads(tmp_path)
    start(tmp_path, 20, "python", "4 500000000 3")
    threads.handle_started(1)
    assert threads.waited_seconds() == [0.0]
    (tmp_path / "20" / "comm").write_text("plane-0")
    assert threads.waited_seconds() == [0.5]


def test_where_the_kernel_does_not_tell_nothing_was_waited_for(tmp_path: Path):
    threads = WorkerThreads(tmp_path)
    start(tmp_path, 20, "plane-0", None)
    threads.handle_started(2)
    assert threads.waited_seconds() == [0.0, 0.0]
    elsewhere = WorkerThreads(tmp_path / "none")
    elsewhere.handle_started(1)
    assert elsewhere.waited_seconds() == [0.0]


@pytest.mark.parametrize("text", ["", "1", "1 x 3", "1 -2 3"])
def test_what_is_no_number_counts_for_nothing(text: str):
    assert parse_waited_seconds(text) == 0.0


def test_the_workers_of_a_real_plane_are_found():
    threads = WorkerThreads()
    plane = packet_plane.PacketPlane(host="127.0.0.1", workers=2)
    threads.handle_started(2)
    # Who has answered has begun.
    plane.snapshot()
    threads.waited_seconds()
    names = [(file.parent / "comm").read_text().strip() for _, file in sorted(threads._files.items())]
    plane.close()
    assert names == ["plane-0", "plane-1"] or not TASKS.exists()
