"""Frees the binaries that the relaxation of local branching moves furthest from the incumbent.

Reference: Huang, Ferber, Tian, Dilkina and Steiner, "Local Branching Relaxation Heuristics for Integer Linear Programs", CPAIOR
2023, section 3.
"""

import numpy as np

from sim.domains.bandits.lns.neighbourhoods import Place, Sub, freed, near, part

NEEDS, SIZED = "binaries", True


def build(place: Place, size: float) -> Sub | None:
    binaries = place.model.binaries
    most = part(size, len(binaries))
    if not most:
        return None
    moved = place.relax(near(place, most)).x
    if moved is None:
        return None
    apart = np.abs(moved[binaries] - place.x[binaries])
    return freed(place, np.sort(binaries[np.argsort(-apart, kind="stable")[:most]]))
