"""/v1/connection-tests: what somebody needs to find out how well their network carries a meeting."""

from __future__ import annotations

from typing import Any

from chalice.app import Response

from chalicelib.bootstrap import RegionTest, utc_now
from chalicelib.routes import views
from chalicelib.routes.bodies import EmptyBody
from chalicelib.routes.http import Call, json_response


def begin_connection_test(call: Call) -> Response:
    call.body(EmptyBody)
    tests = call.services.connection_tests.begin(call.source or "", utc_now())
    home = call.services.config.region
    return json_response({"regions": [_region(test, home) for test in tests]})


def _region(test: RegionTest, home: str) -> dict[str, Any]:
    node = test.node
    return {
        "region": test.region,
        "home": test.region == home,
        "node": {"id": node.id, "url": node.url} if node is not None else None,
        "token": test.token,
        "tokenExpiresAt": views.timestamp(test.expires_at),
    }
