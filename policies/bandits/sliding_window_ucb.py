import math

import numpy as np

from sim.core.errors import InputError
from sim.core.trace import NONE
from sim.domains import bandits
from sim.domains.bandits.policy import horizon_of


class SlidingWindowUCB(bandits.IndexPolicy):
    """Pulls the arm of the highest index as ucb1 does, from the last rounds alone; an arm not pulled within them is untried.

    For means that change S times the regret is of order sqrt(T S) ln T.

    Parameters:
        window: rounds that count, at least 1; None: 2 B sqrt(T ln T / S), rounded up.
        breaks: S, the changes that are expected, at least 1; used where `window` is none.
        xi: factor within the margin's root, above 0.
        reward_bound: B, the largest reward, above 0.

    Reference: Garivier and Moulines, "On Upper-Confidence Bound Policies for Switching Bandit Problems", ALT 2011, section 2.2.
    """

    unit_rewards = False

    window: int | None = None
    breaks: int = 1
    xi: float = 0.6
    reward_bound: float = 1.0

    def __post_init__(self):
        if self.window is not None and self.window < 1:
            raise InputError(f"window must be a number of rounds of at least 1, got {self.window}")
        if self.breaks < 1:
            raise InputError(f"breaks must be a number of changes of at least 1, got {self.breaks}")
        if not (0 < self.xi < math.inf and 0 < self.reward_bound < math.inf):
            raise InputError(f"xi and reward_bound must be above 0, got {self.xi:g} and {self.reward_bound:g}")

    def begin(self, setting, rng):
        self.tally = bandits.Tally(setting.n_arms)
        width = self.window
        if width is None:
            t = horizon_of(setting, "sliding_window_ucb", "window")
            width = max(1, math.ceil(2 * self.reward_bound * math.sqrt(t * math.log(t) / self.breaks)))
        self.width = width
        self.arms = np.full(width, NONE, np.int64)  # the pulls within the window, round after round in a ring
        self.rewards = np.zeros(width)
        self.t = 0

    def index(self, arm):
        reach = self.xi * math.log(min(self.t + 1, self.width))
        return self.tally.mean(arm) + self.reward_bound * math.sqrt(reach / self.tally.pulls[arm])

    def update(self, arm, reward, cost):
        place = self.t % self.width
        gone = int(self.arms[place])
        if gone != NONE:
            self.tally.uncount(gone, self.rewards[place])
        self.arms[place] = arm
        self.rewards[place] = reward
        self.tally.count(arm, reward)
        self.t += 1

    def drop(self, arm):
        self.tally.drop(arm)
        for place in range(self.width):
            if self.arms[place] == arm:
                self.arms[place] = NONE
