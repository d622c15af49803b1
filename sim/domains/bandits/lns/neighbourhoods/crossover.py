"""Frees the integer variables in which the incumbent and a random point differ; the point is the first under random costs.

Reference: Rothberg, "An Evolutionary Algorithm for Polishing Mixed Integer Programming Solutions", INFORMS Journal on Computing
2007, section 3.3; the second parent made anew each time as in Cai, Kadioglu and Dilkina, "Balans", IJCAI 2025.
"""

from sim.domains.bandits.lns.neighbourhoods import POINT, Place, Sub, differs, freed, random_costs

NEEDS, SIZED = "integers", False


def build(place: Place, size: float) -> Sub | None:
    found = place.solve(random_costs(place), POINT, 1)
    if found.x is None:
        return None
    integers = place.model.integers
    other = place.model.snapped(found.x)
    return freed(place, integers[differs(place.x[integers], other[integers])])
