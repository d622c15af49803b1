import math

from sim.core.errors import InputError
from sim.core.trace import NONE
from sim.domains import bandits
from sim.domains.bandits.policy import horizon_of


class Combiner(bandits.Policy):
    """Follows the predicted arm or a policy without predictions, whichever has earned more so far: two experts for one bandit.

    The expected regret against following the predictions throughout is at most `2 sqrt(e - 1) sqrt(2 T ln 2)`, however many arms
    there are; the same holds against the base policy as it runs within, which learns from the rounds in which its arm is pulled.

    Parameters:
        of: the policy without predictions.
        gamma: share of exploration between the two, in (0, 1]; None: sqrt(2 ln 2 / ((e - 1) T)), at most 1.

    Reference: Auer, Cesa-Bianchi, Freund and Schapire, "The Nonstochastic Multiarmed Bandit Problem", SIAM Journal on Computing
    2002, section 7 (exp4), with experts that name single arms: what an expert would have earned needs no arm but those named.
    """

    channels = ("predicted_arm",)

    of: bandits.Policy = "thompson_beta"  # type: ignore[assignment]
    gamma: float | None = None

    def __post_init__(self):
        if self.gamma is not None and not 0 < self.gamma <= 1:
            raise InputError(f"gamma must be a share in (0, 1], got {self.gamma:g}")

    def begin(self, setting, rng):
        self.rng = rng
        self.share = self.gamma
        if self.gamma is None:
            t = horizon_of(setting, "combiner", "gamma")
            self.share = min(1.0, math.sqrt(2 * math.log(2) / ((math.e - 1) * t)))
        self.experts = bandits.Weights(2)  # the predictions, the base
        self.tally = bandits.Tally(setting.n_arms)
        self.predicted = NONE
        self.basic = NONE
        self.of.begin(setting, rng.spawn(1)[0])

    def advise(self, arm):
        self.predicted = int(arm)

    def choose(self, context):
        self.basic = int(self.of.choose(context))
        if not self.tally.alive[self.predicted]:
            self.predicted = self.basic
        self.experts.spread(self.share)
        return self.predicted if self.experts.draw(self.rng) == 0 else self.basic

    def probability(self, arm):
        total = 0.0
        if arm == self.predicted:
            total += self.experts.p[0]
        if arm == self.basic:
            total += self.experts.p[1]
        return total

    def update(self, arm, reward, cost):
        estimate = self.share / 2 * reward / self.probability(arm)
        if arm == self.predicted:
            self.experts.log[0] += estimate
        if arm == self.basic:
            self.experts.log[1] += estimate
            self.of.update(arm, reward, cost)

    def drop(self, arm):
        self.tally.drop(arm)
        self.of.drop(arm)

    def add(self, arm):
        self.tally.add(arm)
        self.of.add(arm)
