"""Access over HTTP: passcode, lock, waiting room and moderation, with the status codes of api.md."""

from __future__ import annotations

from typing import Any

from tests.contract.test_http_api import Api, api, control_plane, create, limits, people, receiver

__all__ = ["api", "control_plane", "limits", "people", "receiver"]


async def join(api: Api, meeting: Any, as_guest: bool = True, **body: Any) -> tuple[int, dict[str, str], Any]:
    return await api(
        "POST", f"/meetings/{meeting['id']}/join", {"displayName": "Ann", **body}, guest=as_guest
    )


async def test_a_passcode_is_403_until_it_is_right_and_429_when_guessed(api: Api):
    meeting = await create(api, passcode="open sesame")
    assert meeting["hasPasscode"] is True
    assert "argon2" not in str(meeting)
    status, _, problem = await join(api, meeting)
    assert (status, problem["code"]) == (403, "passcode_required")
    for _ in range(5):
        status, _, problem = await join(api, meeting, passcode="guess")
        assert (status, problem["code"]) == (403, "passcode_wrong")
    status, headers, problem = await join(api, meeting, passcode="open sesame")
    assert (status, problem["code"]) == (429, "too_many_attempts")
    assert 1 <= int(headers["retry-after"]) <= 601
    _, _, page = await api("GET", f"/meetings/{meeting['id']}/events")
    assert [event["type"] for event in page["items"]] == ["meeting.created", "meeting.passcode_guessed"]
    assert "argon2" not in str(page)


async def test_who_waits_sees_nothing_until_a_host_admits(api: Api):
    meeting = await create(api, waitingRoom=True)
    path = f"/meetings/{meeting['id']}"
    status, headers, waiting = await join(api, meeting)
    assert (status, waiting["state"], headers["retry-after"]) == (202, "waiting", "1")
    assert set(waiting) == {"state", "participant", "waitingToken", "pollAfterMs"}
    # Who is let in hears of it within a second: the pause, and what a request takes from far away.
    assert 0 < waiting["pollAfterMs"] <= 1_000 - 300
    token = f"Bearer {waiting['waitingToken']}"
    assert (await api("GET", f"{path}/join", authorization=token))[0] == 202
    assert (await api("GET", f"{path}/participants", authorization=token))[0] == 403
    _, _, host = await join(api, meeting, as_guest=False, role="host")
    as_host = f"Bearer {host['resumeToken']}"
    _, _, queue = await api("GET", f"{path}/participants?state=waiting", authorization=as_host)
    (person,) = queue["items"]
    status, _, admitted = await api(
        "POST", f"{path}/participants/{person['id']}/admit", authorization=as_host
    )
    assert (status, admitted["state"]) == (200, "admitted")
    status, _, inside = await api("GET", f"{path}/join", authorization=token)
    assert (status, inside["participant"]["id"]) == (201, person["id"])
    assert inside["node"]["url"]


async def test_who_gives_up_waits_no_longer_and_may_again(api: Api):
    meeting = await create(api, waitingRoom=True)
    path = f"/meetings/{meeting['id']}"
    _, _, waiting = await join(api, meeting)
    token = f"Bearer {waiting['waitingToken']}"
    for _ in range(2):
        assert (await api("DELETE", f"{path}/join", authorization=token))[0] == 204
    assert (await api("GET", f"{path}/participants?state=waiting"))[2]["items"] == []
    ((gone,),) = [(await api("GET", f"{path}/participants?state=gone"))[2]["items"]]
    assert (gone["id"], gone["state"]) == (waiting["participant"]["id"], "gone")
    assert (await api("GET", f"{path}/join", authorization=token))[0] == 202
    assert len((await api("GET", f"{path}/participants?state=waiting"))[2]["items"]) == 1
    assert (await api("DELETE", f"{path}/join", guest=True))[0] == 401


async def test_a_denied_person_is_403(api: Api):
    meeting = await create(api, waitingRoom=True)
    path = f"/meetings/{meeting['id']}"
    _, _, waiting = await join(api, meeting)
    assert (await api("POST", f"{path}/participants/{waiting['participant']['id']}/deny"))[0] == 200
    token = f"Bearer {waiting['waitingToken']}"
    status, _, problem = await api("GET", f"{path}/join", authorization=token)
    assert (status, problem["code"]) == (403, "removed")
    assert (await api("GET", f"{path}/join", guest=True))[0] == 401


async def test_a_locked_meeting_is_423(api: Api):
    meeting = await create(api, title="Team")
    path = f"/meetings/{meeting['id']}"
    status, _, locked = await api("PATCH", path, {"locked": True, "title": None})
    assert (status, locked["locked"], locked["title"]) == (200, True, None)
    status, _, problem = await join(api, meeting)
    assert (status, problem["code"]) == (423, "meeting_locked")
    for body in ({"locked": None}, {"passcode": "x"}, {"state": "ended"}, {"metadata": 1}):
        assert (await api("PATCH", path, body))[0] == 422
    assert (await api("PATCH", path, {"locked": False}, guest=True))[0] == 401


async def test_hosts_moderate_with_their_own_token_and_guests_do_not(api: Api):
    meeting = await create(api)
    path = f"/meetings/{meeting['id']}"
    _, _, host = await join(api, meeting, as_guest=False, role="host")
    _, _, guest = await join(api, meeting)
    as_host, as_guest = f"Bearer {host['resumeToken']}", f"Bearer {guest['resumeToken']}"
    one = f"{path}/participants/{guest['participant']['id']}"
    other = f"{path}/participants/{host['participant']['id']}"
    assert (await api("DELETE", other, authorization=as_guest))[0] == 403
    assert (await api("GET", other, authorization=as_guest))[0] == 403
    assert (await api("GET", one, authorization=as_guest))[0] == 200
    status, _, changed = await api("PATCH", one, {"role": "cohost"}, authorization=as_host)
    assert (status, changed["role"]) == (200, "cohost")
    assert (await api("GET", path, authorization=as_guest))[2]["maxParticipants"] == 100
    assert (await api("POST", f"{path}/participants/mute-all", authorization=as_host))[0] == 204
    assert (await api("POST", f"{one}/mute", authorization=as_host))[0] == 204
    assert (await api("DELETE", f"{one}?ban=true", authorization=as_host))[0] == 204
    assert (await api("GET", one, authorization=as_guest))[0] == 403
    status, _, problem = await join(api, meeting, resumeToken=guest["resumeToken"])
    assert (status, problem["code"]) == (403, "removed")
    assert (await api("DELETE", f"{path}/participants/par_{'a' * 26}", authorization=as_host))[0] == 404
    assert (await api("DELETE", f"{one}?ban=maybe", authorization=as_host))[0] == 422
    assert (await api("POST", f"{path}/end", authorization=as_host))[0] == 200


async def test_a_token_is_of_no_use_when_forged_or_in_another_meeting(api: Api):
    meeting = await create(api)
    _, _, guest = await join(api, meeting)
    forged = "Bearer " + guest["resumeToken"][:-4] + "AAAA"
    status, headers, _ = await api("GET", f"/meetings/{meeting['id']}/participants", authorization=forged)
    assert status == 401
    assert "www-authenticate" in headers
    other = await create(api)
    theirs = f"Bearer {guest['resumeToken']}"
    assert (await api("GET", f"/meetings/{other['id']}/participants", authorization=theirs))[0] == 401
