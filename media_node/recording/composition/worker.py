"""The process that decodes: `python -m media_node.recording.composition.worker PULSE`.

A plan per line comes in, a result per line goes out. It knows no network and may die of what it decodes.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from media_node.recording.composition.decoding import Pulse
from media_node.recording.composition.picturing import compose_pictures
from media_node.recording.composition.plan import SoundPlan, plan_from_line, to_line
from media_node.recording.composition.sounding import compose_sound


def main() -> int:
    # Ctrl-C in a terminal reaches both processes: the parent decides when the work ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pulse = Pulse(Path(sys.argv[1]))
    # Results alone go there: what libraries print goes to the log.
    results = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for line in sys.stdin:
        plan = plan_from_line(line)
        done = compose_sound(plan, pulse) if isinstance(plan, SoundPlan) else compose_pictures(plan, pulse)
        results.write(to_line(done) + "\n")
        results.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
