from sim.domains import bandits


class RoundRobin(bandits.Policy):
    """Pulls the arms in turn, whatever they earn.

    Reference: Lai and Robbins, "Asymptotically Efficient Adaptive Allocation Rules", Advances in Applied Mathematics 1985: what
    their rules fall back on.
    """

    unit_rewards = False

    def begin(self, setting, rng):
        self.tally = bandits.Tally(setting.n_arms)
        self.last = setting.n_arms - 1

    def choose(self, context):
        arm = (self.last + 1) % self.tally.n_arms
        while not self.tally.alive[arm]:
            arm = (arm + 1) % self.tally.n_arms
        return arm

    def update(self, arm, reward, cost):
        self.last = int(arm)

    def drop(self, arm):
        self.tally.drop(arm)

    def add(self, arm):
        self.tally.add(arm)
