"""In which regions a meeting's node is looked for, the best first.

A wish comes first, then what the client has measured, then where its address is, then the meeting's home; the
others follow by their distance, for when those before have no room.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

# Latitude and longitude in degrees of AWS regions, to a few dozen kilometres.
PLACES: Mapping[str, tuple[float, float]] = {
    "us-east-1": (38.9, -77.4), "us-east-2": (40.0, -83.0), "us-west-1": (37.4, -122.0),
    "us-west-2": (45.8, -119.7), "ca-central-1": (45.5, -73.6), "ca-west-1": (51.0, -114.1),
    "mx-central-1": (20.6, -100.4), "sa-east-1": (-23.5, -46.6), "eu-west-1": (53.3, -6.3),
    "eu-west-2": (51.5, -0.1), "eu-west-3": (48.9, 2.4), "eu-central-1": (50.1, 8.7),
    "eu-central-2": (47.4, 8.5), "eu-north-1": (59.3, 18.1), "eu-south-1": (45.5, 9.2),
    "eu-south-2": (41.6, -0.9), "me-south-1": (26.1, 50.6), "me-central-1": (24.5, 54.4),
    "il-central-1": (32.1, 34.8), "af-south-1": (-33.9, 18.4), "ap-south-1": (19.1, 72.9),
    "ap-south-2": (17.4, 78.5), "ap-southeast-1": (1.3, 103.8), "ap-southeast-2": (-33.9, 151.2),
    "ap-southeast-3": (-6.2, 106.8), "ap-southeast-4": (-37.8, 145.0), "ap-southeast-5": (3.1, 101.7),
    "ap-southeast-7": (13.8, 100.5), "ap-northeast-1": (35.7, 139.7), "ap-northeast-2": (37.6, 127.0),
    "ap-northeast-3": (34.7, 135.5), "ap-east-1": (22.3, 114.2), "ap-east-2": (25.0, 121.5),
}  # fmt: skip


@dataclass(frozen=True)
class RegionWish:
    """What is known of where a client is."""

    region: str | None = None
    # Milliseconds there and back, as the client has measured them.
    round_trips: Mapping[str, float] = field(default_factory=dict)
    # Latitude and longitude of the client's address, as the edge tells them.
    position: tuple[float, float] | None = None


def in_order(wish: RegionWish, home: str, regions: Sequence[str]) -> list[str]:
    """All regions, the best for this client first."""
    first = _first(wish, home, regions)
    measured = wish.round_trips

    def cost(region: str) -> tuple[bool, bool, float, int]:
        far = measured.get(region, distance_km(PLACES.get(first), PLACES.get(region)))
        return region != first, region not in measured, far, regions.index(region)

    return sorted(regions, key=cost)


def _first(wish: RegionWish, home: str, regions: Sequence[str]) -> str:
    if wish.region in regions:
        return str(wish.region)
    measured = {region: ms for region, ms in wish.round_trips.items() if region in regions}
    if measured:
        return min(measured, key=lambda region: measured[region])
    if wish.position is not None:
        known = [region for region in regions if region in PLACES]
        return min(known, key=lambda region: distance_km(wish.position, PLACES[region]), default=home)
    return home


def distance_km(a: tuple[float, float] | None, b: tuple[float, float] | None) -> float:
    """Along the great circle; half around the world where a place is not known."""
    if a is None or b is None:
        return math.pi * 6_371
    (lat_a, lon_a), (lat_b, lon_b) = (tuple(map(math.radians, place)) for place in (a, b))
    haversine = (
        math.sin((lat_b - lat_a) / 2) ** 2
        + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    )
    return 2 * 6_371 * math.asin(min(1.0, math.sqrt(haversine)))
