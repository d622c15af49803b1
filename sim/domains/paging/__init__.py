"""Paging: which page leaves the cache when another must come in, with and without predictions.

Specification of the rules: `cache.py`; what a policy decides: `policy.py`; what only hindsight knows: `truth.py`.
"""

from sim.domains.paging.description import describe
from sim.domains.paging.oracle import Oracle
from sim.domains.paging.policy import Policy, channels_needed
from sim.domains.paging.scored import Ranked, Sampled
from sim.domains.paging.setting import Setting
from sim.domains.paging.shadow import Shadow
from sim.domains.paging.system import METRICS, System

__all__ = [
    "METRICS",
    "Oracle",
    "Policy",
    "Ranked",
    "Sampled",
    "Setting",
    "Shadow",
    "System",
    "channels_needed",
    "describe",
]
