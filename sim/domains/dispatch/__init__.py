"""Dispatch: which of many servers a job joins, with and without predictions of its size.

Specification of the rules: `farm.py` and `queues.py`; what a policy decides and sees: `policy.py`, `view.py`.
"""

from sim.domains.dispatch.description import describe
from sim.domains.dispatch.policy import Policy, channels_needed
from sim.domains.dispatch.scored import Informed, Polled, Scored
from sim.domains.dispatch.setting import Setting
from sim.domains.dispatch.system import METRICS, System

__all__ = [
    "METRICS",
    "Informed",
    "Policy",
    "Polled",
    "Scored",
    "Setting",
    "System",
    "channels_needed",
    "describe",
]
