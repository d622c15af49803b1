"""One search: candidates are asked for, tried on more and more instances, and the diverse best are kept."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from sim.adrs.archive import Archive
from sim.adrs.candidate import Candidate, Report, Status
from sim.adrs.court import Court, Tested
from sim.adrs.instances import Instance, Splits
from sim.adrs.proposers import Exhausted, Proposal, Proposer, Tried, Unavailable
from sim.core.seeds import stream

BATCH = 48
"""Candidates of a generation."""

RUNGS = (4, 12, 36)
"""Instances that candidates are tried on, one rung after the other; the last rung is all of them."""

KEPT = 3
"""Of so many candidates of a rung one goes on to the next."""

REPEATS = 8
"""Askings in a row that may give what is known already before the search moves on."""

MOST_ASKED = 5
"""Candidates that a search asks for at most, for each evaluation that it may make: what is known already costs none."""

N_FINALISTS = 5

HEAD_START, N_LEADERS = 0.5, 3
"""At first so large a share of children, and at the end of the budget all, have one parent, of so many leaders, and none of the
archive: the archive alone climbs slower than hill climbing."""

ARCHIVE, SEEDS, THE_BEST = "archive", "seeds", "the best"
"""Where parents come from."""


@dataclass(frozen=True)
class Step:
    """One generation's outcome.

    Args:
        evaluations: candidates tried so far, whatever became of them; those that decide like one before are none.
        events: rows played so far, by all that share the ledger.
        best: lowest mean loss on all training instances so far.
        coverage: share of the archive's places that are filled.
    """

    evaluations: int
    events: int
    best: float
    coverage: float


@dataclass
class Search:
    """A search by one proposer.

    Args:
        name: of its random stream, and of what it pays for.
        court: tries candidates.
        splits: proposers see training instances only; the others are not touched here.
        proposer: makes candidates.
        seeds: sources that it begins with, by name.
        most: evaluations it may make, the seeds included.
        seed: of all draws.
        parents: where they come from: the archive and the leaders, ever more often the latter; the seeds; or the best so far.
        tried, steps, statuses: what became of it, candidate by candidate, by generation and by status.
        stopped: why it ended before its budget, empty where it did not.
        is_interrupted: whether it could go on another time.
    """

    name: str
    court: Court
    splits: Splits
    proposer: Proposer
    seeds: dict[str, str]
    most: int
    seed: int
    parents: str = ARCHIVE
    tried: list[Tested] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    stopped: str = ""
    is_interrupted: bool = False

    def __post_init__(self) -> None:
        self.rng = stream(self.seed, "search", self.name)
        self.archive = Archive(self.splits.train, self._extend)
        self.known: set[str] = set()  # ids
        self.keys: set[str] = set()
        self.evaluations = 0
        self.n_asked = 0
        self.begun: list[Tested] = []
        self.leaders: list[Tested] = []  # the best on all training instances when the last generation had ended
        self.batch = min(BATCH, getattr(self.proposer, "batch", BATCH))
        self.tokens = 0
        self.dollars = 0.0
        self.notices: list[str] = []
        n = len(self.splits.train)
        self.rungs = [*(rung for rung in RUNGS if rung < n), n]

    def run(self) -> Iterator[Step]:
        """Searches until the budget is spent; gives what each generation came to."""
        begun = [Tested(Candidate(source, note=name)) for name, source in self.seeds.items()][: self.most]
        self._try([(each, k % len(self.archive.islands)) for k, each in enumerate(begun)], every_rung=True)
        self.begun = [each for each in begun if each.is_ok]
        yield self._step()
        while self.evaluations < self.most and not self.court.ledger.is_spent(self.name) and not self.stopped:
            batch = list(self._asked(min(self.batch, self.most - self.evaluations)))
            if not batch:
                self.stopped = self.stopped or "whatever it asks for was tried before, to the letter"
                break
            self._try(batch)
            self.archive.reset_when_due(self.rng)
            yield self._step()
            if self.n_asked >= MOST_ASKED * self.most and self.evaluations < self.most:
                self.stopped = f"of {self.n_asked:,} candidates all but {self.evaluations:,} decide like others"
        if self.evaluations < self.most and not self.stopped:
            self.stopped = "its share of --events is spent"

    def finalists(self) -> list[Tested]:
        """The best on all training instances, at most `N_FINALISTS`, best first."""
        whole = [each for each in self.tried if each.is_ok and each.n_of(self.splits.train) == len(self.splits.train)]
        return sorted(whole, key=lambda each: each.mean(self.splits.train))[:N_FINALISTS]

    def _asked(self, n: int) -> Iterator[tuple[Tested, int]]:
        """New candidates with the islands they belong to; known ones are asked for again, a few times."""
        for _ in range(n):
            for _ in range(REPEATS):
                island, parents = self._parents()
                try:
                    proposal = self.proposer.ask([_told(each, self.splits.train) for each in parents], self.rng)
                except Unavailable as error:
                    self.stopped = str(error)
                    self.is_interrupted = not isinstance(error, Exhausted)
                    return
                self.tokens += proposal.tokens
                self.dollars += proposal.dollars
                self.notices += proposal.notices
                if proposal.candidate.id not in self.known:
                    self.known.add(proposal.candidate.id)
                    yield _tested(proposal), island
                    break
                again = Report(Status.DUPLICATE, {}, 0, "it was tried before, to the letter")
                self.proposer.tell(Tried(proposal.candidate, again))

    def _parents(self) -> tuple[int, list[Tested]]:
        if self.parents == ARCHIVE:
            island, parents = self.archive.parents(self.rng)
            if self.rng.random() < HEAD_START + (1 - HEAD_START) * self.evaluations / self.most and self.leaders:
                return island, [self.leaders[int(self.rng.random() ** 2 * len(self.leaders))]]
            return island, parents
        if self.parents == THE_BEST:
            return 0, self.leaders[:1]
        return 0, [self.begun[int(self.rng.random() * len(self.begun))]] if self.begun else []

    def _try(self, batch: Sequence[tuple[Tested, int]], every_rung: bool = False) -> None:
        """Tries candidates on rung after rung and offers them to the archive; tells the proposer what became of them."""
        self.n_asked += len(batch)
        islands = {id(each): island for each, island in batch}
        tested = [each for each, _ in batch]
        self.known |= {each.candidate.id for each in tested}
        self.court.probe([each for each in tested if each.is_ok], self.splits.probes, self.name)
        for each in tested:
            if each.is_ok and each.key in self.keys:
                each.status, each.detail = Status.DUPLICATE, "it decides like one that was tried before"
            self.keys |= {each.key} if each.is_ok else set()
        alive = [each for each in tested if each.is_ok]
        self.evaluations += sum(each.status != Status.DUPLICATE for each in tested)
        for rung in self.rungs:
            self._extend_all(alive, rung)
            alive = [each for each in alive if each.is_ok]
            alive.sort(key=partial(Tested.mean, instances=self.splits.train[:rung]))
            if not every_rung:
                alive = alive[: math.ceil(len(alive) / KEPT)]
        for each in tested:
            if each.is_ok:
                self.archive.offer(each, islands[id(each)])
            self.tried.append(each)
            self.statuses[each.status] = self.statuses.get(each.status, 0) + 1
            self.proposer.tell(_told(each, self.splits.train))

    def _extend(self, tested: Tested, n: int) -> None:
        self._extend_all([tested], n)

    def _extend_all(self, tested: Sequence[Tested], n: int) -> None:
        self.court.extend(tested, self.splits.train[:n], self.name)

    def _step(self) -> Step:
        self.leaders = self.finalists()[:N_LEADERS]
        mean = self.leaders[0].mean(self.splits.train) if self.leaders else math.inf
        step = Step(self.evaluations, self.court.ledger.total, mean, self.archive.coverage)
        self.steps.append(step)
        return step


def _tested(proposal: Proposal) -> Tested:
    if proposal.malformed:
        return Tested(proposal.candidate, Status.MALFORMED, proposal.malformed)
    return Tested(proposal.candidate)


def _told(tested: Tested, train: Sequence[Instance]) -> Tried:
    """What a proposer hears: training losses only."""
    names = {instance.name for instance in train}
    losses = {name: loss for name, loss in tested.losses.items() if name in names}
    return Tried(tested.candidate, Report(tested.status, losses if tested.is_ok else {}, 0, tested.detail))
