"""The table that people read is the policy that the API asks."""

from __future__ import annotations

from typing import get_args

import pytest

from chalicelib.domain.permissions import Operation, Standing
from scripts import policy_table


def test_the_page_says_what_the_policy_says():
    page = policy_table.PAGE.read_text()
    assert page == policy_table.written(page), "run scripts/policy_table.py"


def test_every_standing_has_one_column_and_every_operation_a_line():
    shown = [standing for column in policy_table.columns() for standing in column]
    assert sorted(shown) == sorted(get_args(Standing))
    lines = policy_table.table().splitlines()
    assert [line.split("`")[1] for line in lines[2:]] == list(get_args(Operation))


def test_a_changed_policy_changes_the_page(monkeypatch: pytest.MonkeyPatch):
    page = policy_table.PAGE.read_text()
    monkeypatch.setattr(policy_table, "is_allowed", lambda *_, **__: True)
    assert policy_table.written(page) != page


def test_a_page_without_the_marks_is_left_alone():
    with pytest.raises(ValueError, match="needs the marks"):
        policy_table.written("a page")
