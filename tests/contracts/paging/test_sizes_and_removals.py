"""What every policy keeps to where pages have sizes, expire, and are deleted: it decides legally, or refuses in one line."""

import pytest

from sim.core.errors import InputError
from sim.core.operations import Operation
from sim.core.policy import defines, parts_of
from sim.domains.paging import Policy, Setting, System
from tests.contracts.paging.subjects import EVERY, made, removing, retold, sized
from tests.worked import run

SEEDS = range(4)

COUNT_PAGES = ("trust_and_doubt", "follower_robust")
"""Policies that are defined for pages of equal size alone."""


@EVERY
@pytest.mark.parametrize("capacity", [1, 17, 60, 200, 2000])  # in bytes; a page has 1 to 40
def test_with_sizes_every_decision_is_legal_and_the_log_gives_every_metric(name, capacity):
    if name in COUNT_PAGES:
        with pytest.raises(InputError, match=f"^{name} counts pages, not bytes; give the capacity in pages$"):
            run(made(name), sized(0), capacity, sized=True)
        return
    for seed in SEEDS:
        requests = sized(seed)
        result = run(made(name), requests, capacity, sized=True)
        told = list(retold(requests, result.decisions, capacity, in_bytes=True))
        assert result.metrics["misses"] == sum(missed for missed, _ in told)
        bytes_missed = sum(
            size for size, (missed, _) in zip(requests["size_bytes"].tolist(), told, strict=True) if missed
        )
        assert result.metrics["byte_miss_ratio"] == bytes_missed / requests["size_bytes"].sum()
        again = System(Setting(capacity, sized=True)).replay(requests, result.decisions)
        assert again == {**result.metrics, "queries": None}


@EVERY
@pytest.mark.parametrize("capacity", [1, 2, 6, 40])
def test_where_pages_are_removed_a_policy_forgets_them_or_refuses_in_one_line(name, capacity):
    policy = made(name)
    unable = [part for part in parts_of(policy) if isinstance(part, Policy) and not defines(part, "forget")]
    for seed in SEEDS:
        requests = removing(seed, capacity)
        if unable:
            with pytest.raises(InputError, match=f"{type(unable[0]).__name__} cannot forget.*--no-ttl") as caught:
                run(policy, requests, capacity)
            assert "\n" not in str(caught.value)
            assert run(policy, requests, capacity, ttl=False).metrics["expired"] == 0
            continue
        result = run(policy, requests, capacity)
        told = list(retold(requests, result.decisions, capacity))
        gets = requests["op"] != Operation.DELETE
        assert result.metrics["misses"] == sum(missed for (missed, _), get in zip(told, gets, strict=True) if get)
        assert result.metrics["requests"] == gets.sum()
        again = System(Setting(capacity)).replay(requests, result.decisions)
        assert again == {**result.metrics, "queries": None}
