"""`python -m media_node`: settings from the environment, then the loop."""

import sys

import uvloop
from pydantic import ValidationError

from media_node.config import Settings
from media_node.process import configure_logging, run


def main() -> int:
    try:
        settings = Settings()
    except ValidationError as exc:
        first = exc.errors()[0]
        # What is wrong with several together has no place.
        name = "_".join(("PARLEY", *(str(part) for part in first["loc"]))).upper()
        print(f"media node: {name}: {first['msg']}", file=sys.stderr)
        return 2
    configure_logging(settings.log_level)
    try:
        uvloop.run(run(settings))
    except OSError as exc:
        print(f"media node: {exc}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
