"""A mixture asks the proposer whose candidates do better than all before them, and lets all hear of everything."""

import pytest

from sim.adrs.candidate import Candidate, Report, Status
from sim.adrs.proposers import Proposal, Tried, Unavailable
from sim.adrs.proposers.mixture import Mixture
from sim.core.seeds import stream

PARENT = Tried(Candidate("parent"), Report(Status.OK, {"one": 1.0, "two": 1.0, "three": 1.0}))


class Counting:
    """Gives sources that are its own."""

    def __init__(self, name, batch=None):
        self.name = name
        self.n = 0
        self.told = []
        if batch:
            self.batch = batch

    def ask(self, parents, rng):
        self.n += 1
        return Proposal(Candidate(f"{self.name} {self.n}", proposer=self.name))

    def tell(self, tried):
        self.told.append(tried.candidate.id)


def led(mixture, losses, n=300):
    """Asks and tells; `losses` says what the children of a proposer came to."""
    rng = stream(0, "asked")
    mixture.tell(PARENT)
    for k in range(n):
        candidate = mixture.ask([PARENT], rng).candidate
        report = losses[candidate.proposer]
        mixture.tell(Tried(candidate, report(k) if callable(report) else report))


def ever_better(k):
    """Each a little better than the one before."""
    return ok(*[0.9 - k / 1000] * 3)


def ok(*losses):
    return Report(Status.OK, dict(zip(("one", "two", "three"), losses, strict=False)))


def test_the_one_that_gives_the_best_so_far_is_asked_ever_more():
    good, bad = Counting("good"), Counting("bad")
    led(Mixture([good, bad], 300, stream(0, "bandit")), {"good": ever_better, "bad": ok(1.5, 1.5, 1.5)})
    assert good.n + bad.n == 300 and bad.n < 30


@pytest.mark.parametrize(
    "report",
    [
        ok(1.0, 1.0, 1.0),  # equal is not better
        ok(1.5),  # tried on one instance only, and worse there
        Report(Status.CRASHED),
        Report(Status.DUPLICATE),
    ],
)
def test_what_is_no_better_than_the_best_is_no_reward(report):
    good, bad = Counting("good"), Counting("bad")
    led(Mixture([bad, good], 300, stream(0, "bandit")), {"good": ever_better, "bad": report})
    assert bad.n < 30


def test_candidates_are_compared_on_what_both_have_seen_and_the_best_is_what_saw_the_most():
    rewards = []
    mixture = Mixture([Counting("one"), Counting("other")], 300, stream(0, "bandit"))
    mixture.bandit.update = lambda arm, reward, cost: rewards.append(reward)
    mixture.tell(PARENT)
    for report in (ok(0.9), ok(0.8), ok(0.95, 1.1, 0.9), ok(0.9, 1.2), ok(0.94)):  # 2.95 < 3; 2.1 > 2.05; 0.94 < 0.95
        mixture.tell(Tried(mixture.ask([PARENT], stream(0, "asked")).candidate, report))
    assert rewards == [1.0, 1.0, 1.0, 0.0, 1.0]


def test_one_that_repeats_what_another_made_takes_no_reward_from_it():
    """The repeated candidate is told as a duplicate at once, and what became of the first one later."""
    first, second = Counting("first"), Counting("second")
    second.ask = lambda parents, rng: Proposal(Candidate(f"first {first.n}", proposer="second"))
    mixture = Mixture([first, second], 300, stream(0, "bandit"))
    rewards = []
    mixture.bandit.update = lambda arm, reward, cost: rewards.append((arm, reward))
    arms = iter((0, 1))
    mixture.bandit.choose = lambda context: next(arms)
    made = mixture.ask([PARENT], stream(0, "asked")).candidate
    again = mixture.ask([PARENT], stream(0, "asked")).candidate
    assert made.id == again.id
    mixture.tell(Tried(again, Report(Status.DUPLICATE)))
    mixture.tell(Tried(made, ok(0.5)))
    assert rewards == [(1, 0.0), (0, 1.0)]


def test_all_hear_of_every_candidate():
    one, other = Counting("one"), Counting("other")
    led(Mixture([one, other], 40, stream(0, "bandit")), {"one": ok(1.0), "other": ok(1.0)}, n=40)
    assert one.told == other.told and len(one.told) == 41


def test_the_name_tells_its_parts_and_the_batch_is_the_smallest():
    assert Mixture([Counting("gp"), Counting("llm", 8)], 10, stream(0, "bandit")).name == "gp+llm"
    assert Mixture([Counting("gp"), Counting("llm", 8)], 10, stream(0, "bandit")).batch == 8


def test_one_that_has_no_more_says_so_through_the_mixture():
    class Down(Counting):
        def ask(self, parents, rng):
            raise Unavailable("out of quota")

    mixture = Mixture([Down("one"), Down("other")], 10, stream(0, "bandit"))
    with pytest.raises(Unavailable, match="out of quota"):
        mixture.ask([], stream(0, "asked"))


def test_the_same_streams_ask_the_same():
    asked = []
    for _ in range(2):
        one, other = Counting("one"), Counting("other")
        led(Mixture([one, other], 100, stream(7, "bandit")), {"one": ok(0.5), "other": ok(1.5)}, n=100)
        asked.append((one.n, other.n, one.told))
    assert asked[0] == asked[1]
