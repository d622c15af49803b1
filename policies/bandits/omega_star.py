from typing import ClassVar

from sim.core.errors import InputError
from sim.core.trace import NONE
from sim.domains import bandits


class OmegaStar(bandits.Policy):
    """Relaxes every system with the parameter that Young's formula gives for it, which lies between those of the grid.

    It knows the spectrum of each system: what an instance-optimal choice would do, if rates alone decided.

    Reference: Young, "Iterative Solution of Large Linear Systems", 1971, chapter 6; Khodak, Chow, Balcan and Talwalkar, "Learning
    to Relax", ICLR 2024, section 2.
    """

    beside: ClassVar[bool] = True
    unit_rewards: ClassVar[bool] = False

    def begin(self, setting, rng):
        if setting.beside == NONE:
            raise InputError(
                "omega_star relaxes by Young's formula, and this trace has none: expected workload:laplacian,..."
            )
        self.arm = setting.beside

    def choose(self, context):
        return self.arm

    def update(self, arm, reward, cost):
        return
