"""What people have chosen for themselves. Only they see and change it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from chalicelib.domain.permissions import UserCaller
from chalicelib.domain.person import Profile
from chalicelib.errors import StoreUnavailableError
from chalicelib.services.changes import tries
from chalicelib.services.protocols import ProfileStore


class Profiles:
    def __init__(self, store: ProfileStore) -> None:
        self._store = store

    def find(self, caller: UserCaller) -> Profile:
        return self._store.profile(caller.user)

    def change(
        self, caller: UserCaller, fields: dict[str, Any], check: Callable[[Profile], None] = lambda _: None
    ) -> Profile:
        """Change the fields that are named.

        Args:
            check: Refuses, by an error, to change the profile that it is given; asked for each try.

        Raises:
            StoreUnavailableError: Others changed it at each try.
        """
        for _ in tries():
            known = self._store.profile(caller.user)
            check(known)
            changed = dataclasses.replace(known, **fields, version=known.version + 1)
            if self._store.put_profile(caller.user, changed):
                return changed
        raise StoreUnavailableError("Too many changes of this profile came at once.")
