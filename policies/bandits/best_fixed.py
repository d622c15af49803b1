from typing import ClassVar

from sim.domains import bandits


class BestFixed(bandits.Policy):
    """Pulls, in every round, the single arm that earns most in hindsight: what regret is measured against.

    Reference: Auer, Cesa-Bianchi, Freund and Schapire, "The Nonstochastic Multiarmed Bandit Problem", SIAM Journal on Computing
    2002, section 2.
    """

    clairvoyant: ClassVar[bool] = True
    unit_rewards: ClassVar[bool] = False

    def begin(self, setting, rng):
        self.arm = setting.best_arm

    def choose(self, context):
        return self.arm

    def update(self, arm, reward, cost):
        return
