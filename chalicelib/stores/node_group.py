"""A region's autoscaling groups: of media nodes, and of machines that compose films."""

from __future__ import annotations

from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import StoreUnavailableError
from chalicelib.stores.clients import open_client

_CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"max_attempts": 2})


class AutoScalingNodeGroup:
    def __init__(self, name: str, client: Any = None) -> None:
        self._name = name
        self._client = client

    def size(self) -> int:
        """How many instances the group wants now.

        Raises:
            StoreUnavailableError: The group did not say, or is not there.
        """
        told = self._call("describe_auto_scaling_groups", AutoScalingGroupNames=[self._name])
        groups = told["AutoScalingGroups"] if told else []
        if not groups:
            raise StoreUnavailableError(f"there is no group {self._name}")
        return int(groups[0]["DesiredCapacity"])

    def resize(self, desired: int) -> None:
        """Have so many instances; the same again changes nothing.

        Raises:
            StoreUnavailableError: The group was not told.
        """
        self._call("set_desired_capacity", AutoScalingGroupName=self._name, DesiredCapacity=desired)

    def end(self, instance: str) -> None:
        """End one instance, and be smaller by it. One that is gone is no error.

        Raises:
            StoreUnavailableError: The group was not told.
        """
        self._call(
            "terminate_instance_in_auto_scaling_group",
            InstanceId=instance,
            ShouldDecrementDesiredCapacity=True,
        )

    def _call(self, operation: str, **parameters: Any) -> Any:
        self._client = self._client or open_client("autoscaling", _CONFIG)
        try:
            return getattr(self._client, operation)(**parameters)
        except ClientError as error:
            # Gone already, or another change of the group is under way: the next minute looks again.
            if error.response["Error"]["Code"] not in ("ValidationError", "ScalingActivityInProgress"):
                raise StoreUnavailableError(f"{operation} failed") from error
            return None
        except BotoCoreError as error:
            raise StoreUnavailableError(f"{operation} failed") from error


class FixedNodes:
    """Where nodes are started by hand, or by `make run`: nobody is started or ended."""

    def resize(self, desired: int) -> None:
        """Nothing to resize."""

    def end(self, instance: str) -> None:
        """Nothing to end."""
