"""Write the tables of docs/security.md from the policy itself, so that they cannot say anything else.

Owns what stands between the two marks in the page, and nothing around it. `--check` writes nothing and fails
where the page differs.

Usage: .venv/bin/python scripts/policy_table.py [--check]
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from chalicelib.domain.participant import Role  # noqa: E402
from chalicelib.domain.permissions import Operation, Standing, is_allowed  # noqa: E402
from chalicelib.domain.scopes import SCOPE_BY_OPERATION  # noqa: E402

PAGE = ROOT / "docs/security.md"
BEGIN, END = "<!-- policy: written by scripts/policy_table.py -->", "<!-- end of policy -->"
YES, NOT_HOSTS, OWN, NO = "yes", "not hosts", "own", ""
ROLES: Sequence[Role] = get_args(Role)


def cell(standing: Standing, operation: Operation) -> str:
    """What the policy answers to somebody of the standing, in a word; nothing where it refuses."""
    others = is_allowed(standing, operation)
    if others and not is_allowed(standing, operation, target="host"):
        return NOT_HOSTS
    if others:
        return YES
    return OWN if is_allowed(standing, operation, on_self=True) else NO


def columns() -> list[list[Standing]]:
    """Standings that may do exactly the same share a column, in the order in which the policy names them."""
    found: dict[tuple[str, ...], list[Standing]] = {}
    for standing in get_args(Standing):
        found.setdefault(tuple(cell(standing, operation) for operation in get_args(Operation)), []).append(
            standing
        )
    return list(found.values())


def table() -> str:
    heads = [", ".join(standings) for standings in columns()]
    lines = [["operation", "scope of a key", *heads], ["---"] * (len(heads) + 2)]
    for operation in get_args(Operation):
        cells = [cell(standings[0], operation) for standings in columns()]
        lines.append([f"`{operation}`", SCOPE_BY_OPERATION[operation], *cells])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def written(page: str) -> str:
    """The page with the tables as they are now.

    Raises:
        ValueError: The page lacks a mark.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE.relative_to(ROOT)} needs the marks {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def main() -> int:
    page = PAGE.read_text()
    if "--check" not in sys.argv:
        PAGE.write_text(written(page))
        return 0
    if page == written(page):
        return 0
    print(
        f"{PAGE.relative_to(ROOT)} is not what the policy says: run scripts/policy_table.py", file=sys.stderr
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
