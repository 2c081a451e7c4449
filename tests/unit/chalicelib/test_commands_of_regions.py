"""Commands to a node of another region are signed for the region of its queue."""

import pytest

from chalicelib.stores.commands import region_of


@pytest.mark.parametrize(
    ("queue", "region"),
    [
        ("https://sqs.eu-central-1.amazonaws.com/111111111111/parley-node-x", "eu-central-1"),
        ("https://sqs.us-east-1.amazonaws.com/111111111111/parley-node-x", "us-east-1"),
        ("https://sqs.cn-north-1.amazonaws.com.cn/111111111111/parley-node-x", "cn-north-1"),
        ("http://127.0.0.1:4566/000000000000/parley-node-x", None),
        ("http://localhost/parley-node-x", None),
        ("", None),
    ],
)
def test_the_region_is_the_one_in_the_queues_name(queue, region):
    assert region_of(queue) == region
