"""Frees a part of the integer variables in which the incumbent and the relaxation differ.

Drawn with replacement, so that fewer may be free than the size says.

Reference: Danna, Rothberg and Le Pape, "Exploring Relaxation Induced Neighborhoods to Improve MIP Solutions", Mathematical
Programming 2005; drawn as in Cai, Kadioglu and Dilkina, "Balans", IJCAI 2025.
"""

from sim.domains.bandits.lns.neighbourhoods import Place, Sub, differs, freed, part, some

NEEDS, SIZED = "integers", True


def build(place: Place, size: float) -> Sub | None:
    integers = place.model.integers
    candidates = integers[differs(place.x[integers], place.relaxed[integers])]
    return freed(place, some(place.rng, candidates, part(size, len(candidates)), again=True))
