"""Solves the whole problem under random costs, from the incumbent: a way out of where it is, not a search for better.

Reference: Cai, Kadioglu and Dilkina, "Balans: Multi-Armed Bandits-based Adaptive Large Neighborhood Search for Mixed-Integer
Programming Problems", IJCAI 2025.
"""

from sim.domains.bandits.lns.neighbourhoods import Place, Sub, random_costs

NEEDS, SIZED = "integers", False


def build(place: Place, size: float) -> Sub | None:
    return Sub(random_costs(place), place.x)
