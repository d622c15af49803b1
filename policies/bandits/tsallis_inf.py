from sim.domains import bandits
from sim.domains.bandits.tsallis import Tsallis


class TsallisINF(bandits.Policy):
    """Draws an arm by weights that are the regularised leader's under the Tsallis entropy of order 1/2.

    The regret is of order sqrt(K T) for any rewards, and of order ln T where they are drawn independently, without knowing which.

    Where costs are paid and not limited to 1 (iterations of a solver), losses are divided by their mean so far, as in the second
    paper.

    Reference: Zimmert and Seldin, "Tsallis-INF: An Optimal Algorithm for Stochastic and Adversarial Bandits", JMLR 2021; Khodak,
    Chow, Balcan and Talwalkar, "Learning to Relax", ICLR 2024, algorithm 1.
    """

    def begin(self, setting, rng):
        self.rng = rng
        self.pays_costs = setting.pays_costs
        self.learner = Tsallis(1, setting.n_arms, setting.pays_costs)

    def choose(self, context):
        return self.learner.draw(0, self.rng)

    def probability(self, arm):
        return self.learner.p[arm]

    def update(self, arm, reward, cost):
        self.learner.learn(0, arm, cost - 1 if self.pays_costs else 1 - reward)
