from sim.core.trace import NONE
from sim.domains import bandits


class FollowPred(bandits.Policy):
    """Pulls the arm that predictions name, whatever comes of it: as good as they are.

    Reference: Mahdian, Nazerzadeh and Saberi, "Online Optimization with Uncertain Information", ACM Transactions on Algorithms
    2012: the advice that a robust combination is made with.
    """

    channels = ("predicted_arm",)
    unit_rewards = False

    def begin(self, setting, rng):
        self.arm = NONE

    def advise(self, arm):
        self.arm = int(arm)

    def choose(self, context):
        return self.arm

    def update(self, arm, reward, cost):
        return
