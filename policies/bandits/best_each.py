from typing import ClassVar

from sim.core.errors import InputError
from sim.domains import bandits


class BestEach(bandits.Policy):
    """Pulls, in every round, the arm that is best in it: what dynamic regret is measured against.

    That is the arm of the highest mean, where means are known: no policy earns more in expectation. Where they are not, it is the
    arm that earns most.

    Reference: Besbes, Gur and Zeevi, "Stochastic Multi-Armed-Bandit Problem with Non-stationary Rewards", NIPS 2014, section 2.
    """

    clairvoyant: ClassVar[bool] = True
    unit_rewards: ClassVar[bool] = False

    def begin(self, setting, rng):
        if setting.best_arms is None:
            raise InputError(
                "best_each pulls the best arm of every round, and here that depends on the rounds before: "
                "expected bandits/arms or bandits/relaxation"
            )
        self.arms = setting.best_arms
        self.t = 0

    def choose(self, context):
        return self.arms[self.t]

    def update(self, arm, reward, cost):
        self.t += 1
