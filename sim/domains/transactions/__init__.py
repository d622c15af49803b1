"""Transactions: in which order they run, when those that touch the same data must not meet.

Specification of the rules: `placement.py`; what a policy decides: `policy.py`; what it sees: `view.py`; policies that are one
formula: `scored.py` and `planned.py`; how good an order can be: `bounds.py`.
"""

from sim.domains.transactions.description import describe, originals
from sim.domains.transactions.planned import Inserted, Walked
from sim.domains.transactions.policy import Picker, Policy, Scheduler, channels_needed, require
from sim.domains.transactions.scored import Drawn, Keyed
from sim.domains.transactions.setting import Setting
from sim.domains.transactions.system import METRICS, System

__all__ = [
    "METRICS",
    "Drawn",
    "Inserted",
    "Keyed",
    "Picker",
    "Policy",
    "Scheduler",
    "Setting",
    "System",
    "Walked",
    "channels_needed",
    "describe",
    "originals",
    "require",
]
