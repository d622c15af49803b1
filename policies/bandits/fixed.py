import math

from sim.core.errors import InputError
from sim.domains import bandits


class Fixed(bandits.Policy):
    """Pulls one arm throughout, whichever it is told.

    Parameters:
        arm: its number, counting from 0, or its name where the arms have names; where `value` is not given.
        value: the number that the arm stands for, where arms are numbers (relaxation parameters); the nearest one is taken.

    Reference: Khodak, Chow, Balcan and Talwalkar, "Learning to Relax: Setting Solver Parameters Across a Sequence of Linear
    System Instances", ICLR 2024: the single parameters that learning is held against.
    """

    unit_rewards = False

    arm: int | str = 0
    value: float | None = None

    def __post_init__(self):
        if isinstance(self.arm, int) and self.arm < 0:
            raise InputError(f"arm must be a number of at least 0, got {self.arm}")
        if self.value is not None and not math.isfinite(self.value):
            raise InputError(f"value must be a number that arms stand for, got {self.value:g}")

    def begin(self, setting, rng):
        if self.value is not None:
            if setting.values is None:
                raise InputError(
                    f"fixed,value={self.value:g}: the arms of this trace stand for no numbers; give fixed,arm=N"
                )
            apart = [abs(float(value) - self.value) for value in setting.values]
            self.one = apart.index(min(apart))
        elif isinstance(self.arm, str):
            if self.arm not in setting.arm_names:
                have = ", ".join(setting.arm_names) or "numbers alone"
                raise InputError(f"fixed,arm={self.arm}: no arm is called so here (arms: {have})")
            self.one = setting.arm_names.index(self.arm)
        elif self.arm >= setting.n_arms:
            raise InputError(f"fixed,arm={self.arm}: the arms are 0 to {setting.n_arms - 1}")
        else:
            self.one = self.arm

    def choose(self, context):
        return self.one

    def update(self, arm, reward, cost):
        return
