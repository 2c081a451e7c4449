"""/v1/usage: what the tenant used."""

from __future__ import annotations

from chalice.app import Response

from chalicelib.bootstrap import utc_now
from chalicelib.routes import views
from chalicelib.routes.bodies import UsageQuery
from chalicelib.routes.http import Call, checked, json_response, keeper_of


def show_usage(call: Call) -> Response:
    caller = keeper_of(call, "see_usage")
    query = checked(UsageQuery, call.query())
    period = call.services.usage.read(caller, query.first, query.last, utc_now().date())
    return json_response(
        {
            "from": period.days[0].day.isoformat(),
            "to": period.days[-1].day.isoformat(),
            "total": views.used(period.total),
            "liveMeetings": period.live_meetings,
            "limits": views.limits(period.limits),
            "days": [{"day": one.day.isoformat(), **views.used(one.used)} for one in period.days],
        }
    )
