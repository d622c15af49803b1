from typing import ClassVar

from sim.core.errors import InputError
from sim.core.trace import NONE
from sim.domains import bandits


class PlainSolver(bandits.Policy):
    """Leaves the whole model and the whole budget to a solver, which is what a search is held against.

    Parameters:
        solver: highs or scip; empty: the one that the setting names.

    Reference: Cai, Kadioglu and Dilkina, "Balans: Multi-Armed Bandits-based Adaptive Large Neighborhood Search for Mixed-Integer
    Programming Problems", IJCAI 2025, section 5: the solver alone as a baseline.
    """

    beside: ClassVar[bool] = True
    unit_rewards: ClassVar[bool] = False

    solver: str = ""

    def begin(self, setting, rng):
        if setting.beside == NONE or setting.values is not None:
            raise InputError(
                "plain_solver solves mixed-integer programs, and what is played here is none (bandits/lns)"
            )
        self.arm = setting.beside

    def choose(self, context):
        return self.arm

    def update(self, arm, reward, cost):
        return
