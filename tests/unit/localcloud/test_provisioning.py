"""What a run makes for itself at its start, over a control plane whose database comes and goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from localcloud import provisioning
from localcloud.api_client import ApiKey
from localcloud.control_plane import ControlPlane
from localcloud.errors import StartError
from localcloud.gateway.gateway import Gateway


class StoreUnavailableError(Exception):
    """Named as the control plane's."""


class StallingPlane:
    """Its database answers after some failures."""

    def __init__(self, failures: int, error: type[Exception] = StoreUnavailableError) -> None:
        self.left, self._error = failures, error
        self.made = 0

    def handler(self, name: str) -> str:
        return name

    async def invoke(self, handler: str, event: dict[str, str]) -> dict[str, Any]:
        if self.left:
            self.left -= 1
            raise self._error("not now")
        self.made += 1
        return {"apiKey": {"id": "key_1", "secret": "s"}}


async def key_of(plane: StallingPlane, folder: Path) -> ApiKey:
    return await provisioning.api_key(cast(ControlPlane, plane), cast(Gateway, None), folder)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provisioning, "STORE_PAUSE_SECONDS", 0)


async def test_a_database_that_stalls_at_the_start_is_waited_for(tmp_path: Path):
    plane = StallingPlane(3)
    assert (await key_of(plane, tmp_path)).id == "key_1"
    assert (plane.left, plane.made) == (0, 1)
    assert "key_1" in (tmp_path / "api-key.json").read_text()


async def test_one_that_never_answers_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(provisioning, "STORE_PATIENCE_SECONDS", 0.01)
    with pytest.raises(StartError, match="The database does not answer"):
        await key_of(StallingPlane(10**9), tmp_path)
    assert not (tmp_path / "api-key.json").exists()


async def test_another_failure_is_not_waited_out(tmp_path: Path):
    plane = StallingPlane(1, ValueError)
    with pytest.raises(ValueError, match="not now"):
        await key_of(plane, tmp_path)
