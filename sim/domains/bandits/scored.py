"""Policies that are one formula: what was seen of an arm goes into its index, and the arm of the highest is pulled."""

from __future__ import annotations

import math

import numpy as np

from sim.core.errors import InputError
from sim.core.trace import NONE
from sim.domains.bandits.divergence import bernoulli_kl
from sim.domains.bandits.policy import IndexPolicy


class Indexed(IndexPolicy):
    """Keeps what can be known of arms, for an `index(arm)` that a subclass defines; each arm is pulled once first.

    It is made of the features below, all floats; an arm that was gone begins anew.

        pulls(arm)       its pulls so far, at least 1
        mean(arm)        mean of its rewards
        variance(arm)    mean square of its rewards less the square of their mean, 0 at the first pull
        last(arm)        its latest reward
        unused(arm)      rounds since it was last pulled, 1 in the round after
        divergence(arm)  of a coin of its mean from a coin of the highest mean, 0 for the arm that has it
        noise(arm)       a standard normal number, drawn anew each round
        total()          pulls of all arms that are there
        left()           rounds to come, this one included; 0 where that is not known
        arms()           how many are there
        best()           the highest mean
        overall()        mean of all rewards of the arms that are there
        chance()         a number drawn uniformly from [0, 1) each round, the same for all arms

    References: formulas over such features, searched: Maes, Wehenkel and Ernst, "Automatic Discovery of Ranking Formulas for
    Playing with Multi-armed Bandits", EWRL 2011; `divergence`: Honda and Takemura, "Non-Asymptotic Analysis of a New Bandit
    Algorithm for Semi-Bounded Rewards", JMLR 2015, as `bernoulli_kl`.
    """

    def begin(self, setting, rng):
        super().begin(setting, rng)
        self.rng = rng
        self.coin = rng.spawn(1)[0]
        self.n_rounds = float(setting.horizon) if setting.horizon is not None else 0.0
        self.t = 0  # rounds so far, this one included
        self.squares = np.zeros(setting.n_arms)
        self.latest = np.zeros(setting.n_arms)
        self.pulled_in = np.zeros(setting.n_arms, np.int64)
        self.noises = np.zeros(setting.n_arms)
        self.drawn_in = np.zeros(setting.n_arms, np.int64)  # rounds of the noises; 0: none yet
        self.chances = 0.0
        self.tossed_in = 0
        self.highest_mean = 0.0
        self.earned = 0.0

    def choose(self, context):
        self.t += 1
        arm = self.tally.untried()
        if arm != NONE:
            return arm
        self.look()
        return self.highest()

    def look(self):
        """Takes in what all arms have in common."""
        self.highest_mean = -math.inf
        self.earned = 0.0
        for arm in range(self.tally.n_arms):
            if self.tally.alive[arm]:
                self.highest_mean = max(self.highest_mean, self.mean(arm))
                self.earned += self.tally.earned[arm]

    def update(self, arm, reward, cost):
        self.tally.count(arm, reward)
        self.squares[arm] += reward * reward
        self.latest[arm] = reward
        self.pulled_in[arm] = self.t

    def drop(self, arm):
        self.tally.drop(arm)
        self.squares[arm] = 0.0

    def pulls(self, arm):
        return float(self.tally.pulls[arm])

    def mean(self, arm):
        return float(self.tally.earned[arm]) / float(self.tally.pulls[arm])

    def variance(self, arm):
        mean = self.mean(arm)
        return max(0.0, float(self.squares[arm]) / float(self.tally.pulls[arm]) - mean * mean)

    def last(self, arm):
        return float(self.latest[arm])

    def unused(self, arm):
        return float(self.t - self.pulled_in[arm])

    def divergence(self, arm):
        return bernoulli_kl(self.mean(arm), self.highest_mean)

    def noise(self, arm):
        if self.drawn_in[arm] != self.t:
            self.drawn_in[arm] = self.t
            self.noises[arm] = self.rng.standard_normal()
        return float(self.noises[arm])

    def total(self):
        return float(self.tally.total)

    def left(self):
        return max(0.0, self.n_rounds - float(self.t - 1))

    def arms(self):
        return float(self.tally.n_alive)

    def best(self):
        return self.highest_mean

    def overall(self):
        return self.earned / float(self.tally.total)

    def chance(self):
        if self.tossed_in != self.t:
            self.tossed_in = self.t
            self.chances = self.coin.random()
        return self.chances


class Fading(Indexed):
    """`Indexed` that also knows what was lately: pulls count the less the longer ago they were.

    Beside the features of all:

        weight(arm)   what its pulls count now
        recent(arm)   mean of its rewards, each as much as its pull counts
        weights()     what the pulls of all arms that are there count now

    Parameters:
        memory: rounds, at least 1: with each a pull counts 1 / memory less.

    Reference: Garivier and Moulines, "On Upper-Confidence Bound Policies for Switching Bandit Problems", ALT 2011, section 2.1.
    """

    memory: int = 500

    def begin(self, setting, rng):
        if self.memory < 1:
            raise InputError(f"{type(self).__name__} needs a memory of at least 1 round, got {self.memory}")
        super().begin(setting, rng)
        self.fade = 1 - 1 / self.memory
        self.counts = np.zeros(setting.n_arms)
        self.gains = np.zeros(setting.n_arms)
        self.all_counts = 0.0

    def look(self):
        super().look()
        self.all_counts = 0.0
        for arm in range(self.tally.n_arms):
            if self.tally.alive[arm]:
                self.all_counts += self.counts[arm]

    def update(self, arm, reward, cost):
        super().update(arm, reward, cost)
        for other in range(self.tally.n_arms):
            self.counts[other] *= self.fade
            self.gains[other] *= self.fade
        self.counts[arm] += 1.0
        self.gains[arm] += reward

    def drop(self, arm):
        super().drop(arm)
        self.counts[arm] = 0.0
        self.gains[arm] = 0.0

    def weight(self, arm):
        return float(self.counts[arm])

    def recent(self, arm):
        return float(self.gains[arm]) / float(self.counts[arm]) if self.counts[arm] > 0.0 else 0.0

    def weights(self):
        return self.all_counts
