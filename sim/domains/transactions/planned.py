"""Schedulers that are one formula: in which order transactions are inserted, or which changes of an order are kept."""

from __future__ import annotations

import math

import numpy as np

from sim.core.trace import NONE
from sim.domains.transactions.operations import FAR
from sim.domains.transactions.policy import Scheduler, require

USUAL = 600
"""Questions for each transaction, where a run has no limit."""

HOT, COLD = 2.0, 0.05
"""First and last temperature."""


class Inserted(Scheduler):
    """Puts the transaction of the lowest rank where the order so far costs least, at the first such place, until none is left.

    Its `rank(transaction)`, which a subclass defines, is asked of all that are left each time; of equals the first comes. A rank
    that is no number is last. The cost is makespan + weight x the root mean square of the ends. A rank is made of the features
    below, all floats:

        length(transaction)  its operations
        reads(transaction)   of these, reads of keys
        writes(transaction)  of these, writes
        turn(transaction)    its place in the order of arrival, from 0
        rivals(transaction)  with how many others it conflicts, each counted once for every key on which they do
        met(transaction)     the same, of those in the order so far
        size()               transactions in the order so far; in a later pass, of those put back
        transactions()       number of all

    Parameters:
        weight: of the root mean square in the cost, at least 0.
        passes: how often all are taken out again, one by one from the lowest rank on, and put back where they cost least; at
            least 0.

    Reference: Nawaz, Enscore, Ham, "A Heuristic Algorithm for the m-Machine, n-Job Flow-shop Sequencing Problem", Omega 11(1),
    1983; passes as in Ruiz, Stützle, "A Simple and Effective Iterated Greedy Algorithm for the Permutation Flowshop Scheduling
    Problem", EJOR 177(3), 2007, without chance.
    """

    weight: int = 0
    passes: int = 0

    def begin(self, setting, rng):
        require(self, 0, "weight", "passes")
        self.n = setting.n
        self.n_placed = 0
        self.is_left = np.zeros(setting.n, np.int64)
        self.lengths = np.zeros(setting.n)
        self.n_reads = np.zeros(setting.n)
        self.n_writes = np.zeros(setting.n)
        self.n_rivals = np.zeros(setting.n)
        self.n_met = np.zeros(setting.n)

    def order(self, view):
        view.weigh(float(self.weight))
        for t in range(self.n):
            self.lengths[t] = float(view.length[t])
            self.n_reads[t] = float(view.reads[t])
            self.n_writes[t] = float(view.writes[t])
            self.n_rivals[t] = float(view.rivals[t])
        for number in range(1 + self.passes):
            for t in range(self.n):
                self.is_left[t] = 1
            for size in range(self.n):
                if number > 0 and not view.is_asking():
                    return
                self.n_placed = size
                transaction = self.lowest()
                self.is_left[transaction] = 0
                if number > 0:
                    place = 0
                    while view.base[place] != transaction:
                        place += 1
                    view.drop(place)
                view.insert_best(transaction)
                if number == 0:
                    self.meet(transaction, view)

    def lowest(self):
        """Of those that are left, the one of the lowest rank."""
        best = NONE
        least = math.inf
        for t in range(self.n):
            if self.is_left[t] == 1:
                rank = self.rank(t)
                if rank < least or best == NONE:
                    best = t
                    least = rank if rank == rank else math.inf
        return best

    def meet(self, transaction, view):
        """It is in the order now."""
        for t in range(self.n):
            if t != transaction:
                self.n_met[t] += float(view.conflicts(t, transaction))

    def length(self, transaction):
        return float(self.lengths[transaction])

    def reads(self, transaction):
        return float(self.n_reads[transaction])

    def writes(self, transaction):
        return float(self.n_writes[transaction])

    def turn(self, transaction):
        return float(transaction)

    def rivals(self, transaction):
        return float(self.n_rivals[transaction])

    def met(self, transaction):
        return float(self.n_met[transaction])

    def size(self):
        return float(self.n_placed)

    def transactions(self):
        return float(self.n)


class Walked(Scheduler):
    """Changes an order at random, step by step, and keeps the changes whose `loss(moved)` is 0 or less; no number is none kept.

    It begins with the longest first. A step moves one transaction elsewhere, or exchanges it with another: one question each, as
    many as the run allows, or 600 for each transaction. The best order that was seen is the answer. `loss`, which a subclass
    defines, is made of the features below, all floats:

        growth()         units by which the makespan grows
        spread()         units by which the root mean square of the ends grows
        above()          units by which the makespan, changed, is above the least found so far
        luck()           an exponential number of mean 1, drawn anew each step
        temperature()    falls geometrically, from 2 units at the first step to 0.05 at the last
        left()           share of the steps that are left, 1 at first
        distance()       places between the two that the step is about
        length(moved)    operations of the transaction that moves, or is exchanged
        writes(moved)    of these, writes
        rivals(moved)    with how many others it conflicts, each counted once for every key on which they do
        transactions()   number of all

    Parameters:
        moves: percent of the steps, 0 to 100, that move one transaction; the others exchange two.
        near: percent of the steps, 0 to 100, whose two places are at most a quarter of the order apart, most of them less.

    Reference: Kirkpatrick, Gelatt, Vecchi, "Optimization by Simulated Annealing", Science 220, 1983, where the loss is the growth
    of the cost less temperature x luck. The steps are those of `walk.anneal`.
    """

    moves: int = 80
    near: int = 0

    def begin(self, setting, rng):
        require(self, 0, "moves", "near")
        self.rng = rng
        self.n = setting.n
        self.lengths = np.zeros(setting.n)
        self.n_writes = np.zeros(setting.n)
        self.n_rivals = np.zeros(setting.n)
        self.grown = 0.0
        self.spreads = 0.0
        self.beyond = 0.0
        self.drawn = 0.0
        self.heat = HOT
        self.share_left = 1.0
        self.apart = 0.0

    def order(self, view):
        n = self.n
        for t in range(n):
            self.lengths[t] = float(view.length[t])
            self.n_writes[t] = float(view.writes[t])
            self.n_rivals[t] = float(view.rivals[t])
        view.load(view.by_length, n)
        if n < 2:
            return
        base = view.base
        makespan = float(view.makespan)
        rms = math.sqrt(view.squares / n)
        least = makespan
        steps = view.budget(USUAL * n) - 1
        cooling = math.exp(math.log(COLD / HOT) / max(steps - 1, 1))
        self.heat = HOT
        for step in range(steps):
            self.drawn = -math.log(1.0 - self.rng.random())
            place = int(self.rng.random() * n)
            other = self.other(place)
            moved = int(base[place])
            if self.rng.random() < 0.01 * self.moves:
                view.relocation(place, other, float(FAR))
            else:
                view.swap(place, other, float(FAR))
            self.grown = view.makespan - makespan
            changed = math.sqrt(view.squares / n)
            self.spreads = changed - rms
            self.beyond = view.makespan - least
            self.share_left = 1.0 - step / steps
            self.apart = float(abs(other - place))
            if self.loss(moved) <= 0.0:
                makespan = float(view.makespan)
                rms = changed
                least = min(least, makespan)
                view.keep()
                base = view.base
            self.heat *= cooling

    def other(self, place):
        """The second place of a step."""
        n = self.n
        other = int(self.rng.random() * (n - 1))
        other += other >= place
        if self.rng.random() < 0.01 * self.near:
            share = self.rng.random()
            distance = 1 + int(share * share * (n // 4))
            other = place + distance if self.rng.random() < 0.5 else place - distance
            if other < 0 or other >= n:
                other = 2 * place - other
        return other

    def growth(self):
        return self.grown

    def spread(self):
        return self.spreads

    def above(self):
        return self.beyond

    def luck(self):
        return self.drawn

    def temperature(self):
        return self.heat

    def left(self):
        return self.share_left

    def distance(self):
        return self.apart

    def length(self, moved):
        return float(self.lengths[moved])

    def writes(self, moved):
        return float(self.n_writes[moved])

    def rivals(self, moved):
        return float(self.n_rivals[moved])

    def transactions(self):
        return float(self.n)
