"""Bandits: which of several arms to pull, knowing only what the arms pulled so far have earned.

Systems decide alike and differ in what an arm is: a column of rewards in `arms.py`, a solver's parameter in `relaxation.py`.
Rules: `table.py`; what a policy decides: `policy.py`; what only hindsight knows: `regret.py`.
"""

from sim.domains.bandits.arms import METRICS, System
from sim.domains.bandits.policy import IndexPolicy, Policy, channels_needed
from sim.domains.bandits.scored import Fading, Indexed
from sim.domains.bandits.setting import Setting
from sim.domains.bandits.tally import Tally
from sim.domains.bandits.weights import Weights

__all__ = [
    "METRICS",
    "Fading",
    "IndexPolicy",
    "Indexed",
    "Policy",
    "Setting",
    "System",
    "Tally",
    "Weights",
    "channels_needed",
]
