"""What meetings cost on AWS by prices of units: `python -m infra.costs` prints what docs/operations.md has.

Pure sums, without free tiers, reservations and agreements; on the safe side where a figure varies.
"""

from collections.abc import Sequence
from dataclasses import dataclass

MILLION, GIGABYTE = 1_000_000, 1e9


@dataclass(frozen=True)
class Prices:
    """US dollars, rounded after the list of eu-central-1 at the end of 2025; put in those of your bill."""

    # By the gigabyte that leaves for the Internet in a month: the first so many, and the price of each.
    egress_tiers: tuple[tuple[float, float], ...] = (
        (10_000, 0.09),
        (40_000, 0.085),
        (100_000, 0.07),
        (float("inf"), 0.05),
    )
    # An hour of one c7g.large with its public address.
    machine_hour: float = 0.083 + 0.005
    million_api_requests: float = 3.70
    million_firewall_requests: float = 0.60
    million_invocations: float = 0.20
    function_gigabyte_second: float = 0.0000133334
    million_write_units: float = 0.7625
    log_gigabyte: float = 0.63
    million_messages: float = 0.40
    # An hour of one c7g.large of the spot market with its address; it varies by the day.
    spot_hour: float = 0.035 + 0.005
    # S3: a thousand objects written, read, moved to archive; a gigabyte for a month in each class.
    thousand_puts: float = 0.0054
    thousand_gets: float = 0.00043
    standard_month: float = 0.0245
    archive_month: float = 0.005
    thousand_archived: float = 0.02


@dataclass(frozen=True)
class Shape:
    """One kind of meeting, and what bench/README.md measured of it."""

    people: int = 4
    minutes: int = 30
    # Mbit/s that the node sends to all of them, as placement foretells it (chalicelib/domain/egress.py).
    egress_mbps: float = 6.48
    # Create, joins, and for each person three calls more: the meeting by its code, itself, the key set.
    requests: int = 1 + 4 * 4
    # CPU and waiting of a request, at 1 GB of memory.
    request_seconds: float = 0.025
    # Create 11, the first join 15, three more at 9; coming and going 8 x 8; the end 14.5; all as writes.
    write_units: float = 11 + 15 + 3 * 9 + 8 * 8 + 14.5
    log_bytes_per_request: int = 1_000


@dataclass(frozen=True)
class Recorded:
    """An hour of a meeting that is recorded, and what bench/README.md measured of its film."""

    people: int = 4
    # A camera and a microphone each, in segments of two seconds; a page of each recorder every ten.
    tracks_per_person: int = 2
    segment_seconds: float = 2
    page_seconds: float = 10
    recorders: int = 1
    mbps_per_person: float = 1.032
    film_mbps: float = 0.9
    # Of a core for each second of the meeting, and what a machine has of them.
    core_seconds: float = 0.6
    cores: int = 2
    # What a machine waits for another job before it goes, shared by the jobs that it did.
    idle_share: float = 0.2


@dataclass(frozen=True)
class Fleet:
    """How nodes are filled."""

    # Mbit/s that scaling keeps promised on a node: 60 % of its units (chalicelib/domain/scaling.py).
    promised_mbps: float = 540
    # Two seconds between reports, each sent, received and deleted.
    messages_per_hour: float = 3 * 1_800
    regions: int = 1


@dataclass(frozen=True)
class Line:
    what: str
    dollars: float


def egress_dollars(gigabytes: float, prices: Prices) -> float:
    """A month's egress, tier by tier."""
    total, left = 0.0, gigabytes
    for size, price in prices.egress_tiers:
        part = min(left, size)
        total, left = total + part * price, left - part
    return total


def node_hours(meetings: float, shape: Shape, fleet: Fleet) -> float:
    return meetings * shape.egress_mbps / fleet.promised_mbps * shape.minutes / 60


def costs(meetings: float, shape: Shape, fleet: Fleet, prices: Prices) -> list[Line]:
    """What so many meetings of a month cost; dearest first."""
    gigabytes = meetings * shape.egress_mbps * MILLION / 8 * shape.minutes * 60 / GIGABYTE
    hours = node_hours(meetings, shape, fleet)
    requests = meetings * shape.requests / MILLION
    functions = (
        requests * prices.million_invocations
        + requests * MILLION * shape.request_seconds * prices.function_gigabyte_second
    )
    lines = [
        Line("egress to the Internet", egress_dollars(gigabytes, prices)),
        Line("machines of media nodes", hours * prices.machine_hour),
        Line(
            "DynamoDB, written units",
            meetings * shape.write_units * fleet.regions / MILLION * prices.million_write_units,
        ),
        Line("API Gateway", requests * prices.million_api_requests),
        Line("firewall", requests * prices.million_firewall_requests),
        Line("functions", functions),
        Line("logs", requests * MILLION * shape.log_bytes_per_request / GIGABYTE * prices.log_gigabyte),
        Line("reports of nodes", hours * fleet.messages_per_hour / MILLION * prices.million_messages),
    ]
    return sorted(lines, key=lambda line: -line.dollars)


def recorded_costs(hour: Recorded, prices: Prices) -> list[Line]:
    """What an hour of recording costs once, and for each month that it is kept; in order of time."""
    tracks = hour.people * hour.tracks_per_person
    segments = tracks * 3_600 / hour.segment_seconds
    pages = 3_600 / hour.page_seconds
    written = hour.recorders * (segments + pages)
    film = hour.film_mbps * MILLION / 8 * 3_600 / GIGABYTE
    kept = hour.recorders * hour.people * hour.mbps_per_person * MILLION / 8 * 3_600 / GIGABYTE
    machine = hour.core_seconds / hour.cores * (1 + hour.idle_share) * prices.spot_hour
    # Sound of two seconds is below what S3 moves.
    moved = hour.recorders * segments / 2
    return [
        Line("segments and pages, written", written / 1_000 * prices.thousand_puts),
        Line("segments, read by the composer", segments / 1_000 * prices.thousand_gets),
        Line("spot machine that composes", machine),
        Line("segments and film, a month in standard", (kept + film) * prices.standard_month),
        Line("moving segments to archive, once", moved / 1_000 * prices.thousand_archived),
        Line("segments and film, a month in archive", (kept + film) * prices.archive_month),
    ]


def recorded_table(hour: Recorded, prices: Prices) -> list[str]:
    """Rows of Markdown."""
    rows = [f"| {line.what} | {line.dollars:.4f} |" for line in recorded_costs(hour, prices)]
    return [f"| One recorded hour of {hour.people} | |", "|---|---|", *rows]


def table(columns: Sequence[tuple[str, list[Line]]]) -> list[str]:
    """Rows of Markdown; the first column gives the order."""
    titles = [title for title, _ in columns]
    rows = [f"| | {' | '.join(titles)} |", f"|---|{'---|' * len(titles)}"]
    by_what = [{line.what: line.dollars for line in lines} for _, lines in columns]
    for what in by_what[0]:
        rows.append(f"| {what} | {' | '.join(_dollars(one[what]) for one in by_what)} |")
    rows.append(f"| all | {' | '.join(_dollars(sum(one.values())) for one in by_what)} |")
    return rows


def published() -> list[str]:
    """A thousand meetings, and all those that begin in a minute at 6,900 a second."""
    shape, fleet, prices = Shape(), Fleet(), Prices()
    return table(
        [
            (title, costs(meetings, shape, fleet, prices))
            for title, meetings in (("1,000 meetings", 1_000), ("414,000: a minute at 6,900/s", 414_000))
        ]
    )


def _dollars(value: float) -> str:
    return f"{value:,.0f}" if value >= 1_000 else f"{value:.2f}"


if __name__ == "__main__":
    print("\n".join([*published(), "", *recorded_table(Recorded(), Prices())]))
