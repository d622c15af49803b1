import math

import numpy as np

from sim.core.errors import InputError
from sim.core.trace import NONE
from sim.domains import bandits
from sim.domains.bandits.divergence import bernoulli_kl

HALVINGS = 40
"""Steps of each bisection: to a part in 10^12."""


class TrackAndStop(bandits.Policy):
    """Pulls arms in the proportions that would prove the best one soonest if the means were as they look, until it is proven.

    For rewards of 0 and 1. It names the best arm with probability 1 - delta, and needs asymptotically the fewest pulls possible.

    Parameters:
        delta: in (0, 1): the chance of naming a wrong arm.
        every: the proportions are worked out anew after so many pulls, at least 1; the paper does after each.

    Reference: Garivier and Kaufmann, "Optimal Best Arm Identification with Fixed Confidence", COLT 2016: D-tracking, section 3.1;
    proportions, theorem 5; the level ln((1 + ln t) / delta) of its experiments, section 6.
    """

    delta: float = 0.05
    every: int = 1

    def __post_init__(self):
        if not 0 < self.delta < 1:
            raise InputError(f"delta must be a probability in (0, 1), got {self.delta:g}")
        if self.every < 1:
            raise InputError(f"every must be at least 1, got {self.every}")

    def begin(self, setting, rng):
        self.tally = bandits.Tally(setting.n_arms)
        self.weight = np.full(setting.n_arms, 1 / setting.n_arms)
        self.odds = np.zeros(setting.n_arms)
        self.is_sure = setting.n_arms == 1

    def choose(self, context):
        tally = self.tally
        arm = tally.untried()
        if arm != NONE:
            return arm
        t = tally.total
        least = 0
        for k in range(tally.n_arms):
            if tally.pulls[k] < tally.pulls[least]:
                least = k
        if tally.pulls[least] < math.sqrt(t) - tally.n_arms / 2:
            return least
        if t % self.every == 0 or t == tally.n_arms:
            self.weigh()
        arm = 0
        for k in range(tally.n_arms):
            if t * self.weight[k] - tally.pulls[k] > t * self.weight[arm] - tally.pulls[arm]:
                arm = k
        return arm

    def weigh(self):
        """The proportions for the means as they look."""
        tally = self.tally
        best = tally.best()
        top = math.inf
        for k in range(tally.n_arms):
            if k != best:
                top = min(top, bernoulli_kl(tally.mean(best), tally.mean(k)))
        if top <= 0:  # two arms look equally good
            for k in range(tally.n_arms):
                self.weight[k] = 1 / tally.n_arms
            return
        low = 0.0
        high = min(top, 50.0)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            if self.balance(best, middle) < 1:
                low = middle
            else:
                high = middle
        self.balance(best, low)
        total = 1.0
        for k in range(tally.n_arms):
            total += self.odds[k]
        for k in range(tally.n_arms):
            self.weight[k] = (1.0 if k == best else self.odds[k]) / total

    def balance(self, best, y):
        """The sum that is 1 at the right y; sets the odds x of each arm against the best one."""
        tally = self.tally
        top = tally.mean(best)
        total = 0.0
        self.odds[best] = 0.0
        for k in range(tally.n_arms):
            if k != best:
                mean = tally.mean(k)
                low = 0.0
                high = 1.0
                for _ in range(HALVINGS):
                    share = (low + high) / 2
                    middle = (1 - share) * top + share * mean
                    if bernoulli_kl(top, middle) + share / (1 - share) * bernoulli_kl(mean, middle) < y:
                        low = share
                    else:
                        high = share
                self.odds[k] = low / (1 - low)
                middle = (1 - low) * top + low * mean
                below = bernoulli_kl(mean, middle)
                total += bernoulli_kl(top, middle) / below if below > 0 else math.inf
        return total

    def update(self, arm, reward, cost):
        self.tally.count(arm, reward)
        if self.tally.n_untried == 0:
            self.is_sure = self.evidence() > math.log((1 + math.log(self.tally.total)) / self.delta)

    def evidence(self):
        """How much the rewards speak for the arm that looks best, against its strongest rival."""
        tally = self.tally
        best = tally.best()
        least = math.inf
        for k in range(tally.n_arms):
            if k != best:
                n = tally.pulls[best] + tally.pulls[k]
                both = (tally.earned[best] + tally.earned[k]) / n
                against = tally.pulls[best] * bernoulli_kl(tally.mean(best), both)
                least = min(least, against + tally.pulls[k] * bernoulli_kl(tally.mean(k), both))
        return least

    def stopped(self):
        return self.is_sure

    def recommended(self):
        return self.tally.best()
