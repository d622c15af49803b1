"""Frees a part of the integer variables, drawn at random, and fixes all others where they are.

Reference: Rothberg, "An Evolutionary Algorithm for Polishing Mixed Integer Programming Solutions", INFORMS Journal on Computing
2007, section 3.2; sizes as in Cai, Kadioglu and Dilkina, "Balans", IJCAI 2025.
"""

from sim.domains.bandits.lns.neighbourhoods import Place, Sub, freed, part, some

NEEDS, SIZED = "integers", True


def build(place: Place, size: float) -> Sub | None:
    integers = place.model.integers
    return freed(place, some(place.rng, integers, part(size, len(integers))))
