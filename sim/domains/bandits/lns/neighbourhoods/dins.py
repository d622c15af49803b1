"""Lets general integers that are far from the relaxation come nearer to it; all other variables stay where they are.

Reference: Ghosh, "DINS, a MIP Improvement Heuristic", IPCO 2007; the part for general integers alone, as in Cai, Kadioglu and
Dilkina, "Balans", IJCAI 2025.
"""

import numpy as np

from sim.domains.bandits.lns.neighbourhoods import APART, Place, Sub

NEEDS, SIZED = "generals", False


def build(place: Place, size: float) -> Sub | None:
    generals = place.model.generals
    far = generals[np.abs(place.x[generals] - place.relaxed[generals]) >= 0.5]
    if not len(far):
        return None
    centre, reach = place.relaxed[far], np.abs(place.x[far] - place.relaxed[far])
    lower, upper = place.x.copy(), place.x.copy()
    lower[far] = np.maximum(np.ceil(centre - reach - APART), place.model.lower[far])
    upper[far] = np.minimum(np.floor(centre + reach + APART), place.model.upper[far])
    return Sub(place.model.bounded(lower, upper), place.x)
