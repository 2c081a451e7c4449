"""What people who sign in have chosen, in the control table."""

from __future__ import annotations

from pynamodb.exceptions import DoesNotExist, PutError

from chalicelib.domain.identifiers import UserId
from chalicelib.domain.person import Profile
from chalicelib.stores.failures import translate_failures, was_refused
from chalicelib.stores.tenant_items import ProfileItem


@translate_failures
class DynamoProfiles:
    def profile(self, user: UserId) -> Profile:
        """The one that they had last; of somebody who never chose anything an empty one."""
        try:
            item = ProfileItem.get(_pk(user), "PROFILE", consistent_read=True)
        except DoesNotExist:
            return Profile()
        return Profile(item.name, item.preferences, int(item.version))

    def put_profile(self, user: UserId, profile: Profile) -> bool:
        """Keep it; False if it is not the next version of what is kept."""
        item = ProfileItem(
            _pk(user), name=profile.name, preferences=dict(profile.preferences), version=profile.version
        )
        before = profile.version - 1
        is_next = ProfileItem.version == before if before else ProfileItem.version.does_not_exist()
        try:
            item.save(condition=is_next)
        except PutError as error:
            if not was_refused(error):
                raise
            return False
        return True


def _pk(user: UserId) -> str:
    return f"USER#{user}"
