"""Places for handshakes: bounded in all, and for each place in the network."""

from __future__ import annotations

import pytest

from media_node.transport.handshake_limit import MAX_AT_ONCE, MAX_PER_SOURCE, HandshakeLimit, source_of


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.7:40000", "192.0.2.7"),
        ("192.0.2.7:40001", "192.0.2.7"),
        ("[2001:db8:0:1::5]:40000", "2001:db8:0:1::/64"),
        ("[2001:db8:0:1:ffff::]:9", "2001:db8:0:1::/64"),
        ("[2001:db8:0:2::5]:9", "2001:db8:0:2::/64"),
    ],
)
def test_a_place_is_an_address_or_the_network_of_a_household(address, source):
    assert source_of(address) == source


def test_one_place_gets_a_part_and_leaves_the_rest_to_others():
    limit = HandshakeLimit()
    begun = [limit.begin(number, "192.0.2.7") for number in range(MAX_PER_SOURCE + 3)]
    assert begun == [True] * MAX_PER_SOURCE + [False] * 3
    assert limit.begin(1_000, "198.51.100.1")


def test_all_together_get_no_more_than_there_is():
    limit = HandshakeLimit()
    begun = [limit.begin(number, f"source {number}") for number in range(MAX_AT_ONCE + 1)]
    assert begun == [True] * MAX_AT_ONCE + [False]


def test_a_place_that_was_given_back_is_taken_again_and_nothing_is_left_of_it():
    limit = HandshakeLimit()
    for number in range(10 * MAX_AT_ONCE):
        assert limit.begin(number, "192.0.2.7")
        assert limit.begin(number, "192.0.2.7"), "the same one again takes no second place"
        limit.end(number)
        limit.end(number)
    assert vars(limit) == {"_source_by_number": {}, "_under_way": {}}
