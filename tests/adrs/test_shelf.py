"""A library policy with other parameters is its own file with other defaults, and only such a file is taken for one."""

import math

import pytest

from sim.adrs.problem import find, known
from sim.adrs.shelf import Shelf
from sim.study import catalog

PAGING = Shelf("paging")


def test_without_parameters_it_is_the_file_as_it_is():
    source = PAGING.source("two_q", {})
    assert "in_share: float = " in source
    assert repr(PAGING.read(source)) == repr(catalog.policy("paging", "two_q"))


def test_parameters_are_new_defaults_and_nothing_else_changes():
    before, after = (PAGING.source("two_q", told).splitlines() for told in ({}, {"in_share": 0.123, "out_share": 4.0}))
    changed = [line for old, line in zip(before, after, strict=True) if old != line]
    assert changed == ["    in_share: float = 0.123", "    out_share: float = 4.0"]
    told = PAGING.read("\n".join(after) + "\n")
    assert repr(told) == repr(catalog.policy("paging", "two_q,in_share=0.123,out_share=4"))


def test_parameters_that_are_the_defaults_leave_the_file_as_it_is():
    policy = catalog.policy("paging", "two_q")
    assert PAGING.source("two_q", {"in_share": policy.in_share}) == PAGING.source("two_q", {})


@pytest.mark.parametrize("domain", known())
def test_every_tunable_policy_is_read_back_at_both_ends_of_its_ranges(domain):
    shelf = Shelf(domain)
    for name, ranges in find(domain).tunable.items():
        for end in (0, 1):
            told = {key: ends[end] for key, ends in ranges.items()}
            policy = shelf.read(shelf.source(name, told))
            assert policy is not None, name
            assert {key: getattr(policy, key) for key in told} == told, name


@pytest.mark.parametrize(
    "change",
    [
        lambda source: source + "\nimport os\n",
        lambda source: source.replace("class ", "class My"),
        lambda source: source.replace("    def hit(", "    x = print(1)\n\n    def hit("),
        lambda source: source.replace("in_share: float = ", "in_share: float = 1 + "),
        lambda source: source.replace("in_share: float = ", "in_share: float = open('x') or "),
        lambda source: source.replace("\n", "\r\n"),
        lambda source: source[:-1],
        lambda source: "def (",
        lambda source: "",
        lambda source: "x = '\0'",
    ],
)
def test_any_other_file_is_for_the_jail(change):
    source = PAGING.source("two_q", {})
    assert change(source) != source
    assert PAGING.read(change(source)) is None


def test_numbers_beyond_the_most_are_for_the_jail():
    source = PAGING.source("lhd", {"period": 10**7})
    assert PAGING.read(source, math.inf) is not None and PAGING.read(source, 1e6) is None
