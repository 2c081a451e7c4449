"""What does one event cost a node's Python in a meeting of many?

A meeting of N seats with sockets that only count, slots as the SDK offers them, and a plane that only counts
commands: what is left is the state machine, the messages and the commands. Each line is the mean CPU time of
one event, and what was told and commanded because of it.

Usage: .venv/bin/python bench/large_meeting.py [--sizes 10,100,1000]
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import structlog

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support.crowd import Crowd  # noqa: E402 - found only after the line above

ROUNDS = 40


def measure(crowd: Crowd, act: Callable[[int], Any], rounds: int = ROUNDS) -> tuple[float, float, float]:
    """Milliseconds, messages and commands of one event."""
    crowd.reset()
    started = time.process_time()
    for number in range(rounds):
        act(number)
    spent = time.process_time() - started
    return 1000 * spent / rounds, crowd.messages / rounds, crowd.commands / rounds


def events(crowd: Crowd) -> Sequence[tuple[str, Callable[[int], Any]]]:
    return [
        ("assign a slot to another track", crowd.assign),
        ("camera off and on again", crowd.toggle_camera),
        ("speakers, positions as before", crowd.speak_within),
        ("speakers, one position changes", crowd.speak_anew),
        ("raise a hand", crowd.raise_hand),
        ("somebody joins, publishes, leaves", crowd.come_and_go),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", default="10,100,1000")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    for size in [int(one) for one in options.sizes.split(",")]:
        started = time.process_time()
        crowd = Crowd(size)
        filled = time.process_time() - started
        print(f"{size} participants, all with camera and microphone; {filled:.2f} s CPU to fill")
        for name, act in events(crowd):
            spent, messages, commands = measure(crowd, act)
            print(f"  {name:<36}{spent:9.3f} ms {messages:8.0f} messages {commands:7.0f} commands")


if __name__ == "__main__":
    main()
