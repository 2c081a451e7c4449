"""Calls of the API from inside this process, through the same gateway that a browser's calls take."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from localcloud.gateway.event import HttpRequest
from localcloud.gateway.gateway import Gateway


@dataclass(frozen=True)
class ApiKey:
    id: str
    secret: str

    @property
    def authorization(self) -> str:
        return "Basic " + base64.b64encode(f"{self.id}:{self.secret}".encode()).decode()


class ApiClient:
    def __init__(self, gateway: Gateway, key: ApiKey) -> None:
        self._gateway = gateway
        self._key = key

    async def call(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        headers = [("Authorization", self._key.authorization), ("Accept", "application/json")]
        if body is not None:
            headers.append(("Content-Type", "application/json"))
        data = b"" if body is None else json.dumps(body).encode()
        request = HttpRequest(method, path, "", headers, data, "127.0.0.1")
        response = await self._gateway.handle_request(request)
        try:
            answer = json.loads(response.body)
        except ValueError:
            answer = {}
        return response.status, answer if isinstance(answer, dict) else {}
