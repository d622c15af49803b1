"""Adaptive large neighbourhood search on mixed-integer programs: which neighbourhood a solver searches next, chosen by a bandit.

The loop is `search.py`; its answers come from a solver (`live.py`) or a table (`recorded.py`). What is chosen from:
`neighbourhoods`, put together in `portfolios.py`; who solves: `solvers`.
"""

from sim.domains.bandits.lns.setting import Setting
from sim.domains.bandits.lns.system import METRICS, System

__all__ = ["METRICS", "Setting", "System"]
