"""Rounds a part of the variables that are fractional in the relaxation, up or down as pays; all others stay where they are.

The incumbent itself may lie outside: then it is not where the solve begins.

Reference: Berthold, "RENS: The Optimal Rounding", Mathematical Programming Computation 2014; drawn, with replacement, as in Cai,
Kadioglu and Dilkina, "Balans", IJCAI 2025.
"""

import numpy as np

from sim.domains.bandits.lns.neighbourhoods import Place, Sub, part, some

NEEDS, SIZED = "integers", True


def build(place: Place, size: float) -> Sub | None:
    drawn = some(place.rng, place.fractional, part(size, len(place.fractional)), again=True)
    if not len(drawn):
        return None
    lower, upper = place.x.copy(), place.x.copy()
    lower[drawn] = np.maximum(np.floor(place.relaxed[drawn]), place.model.lower[drawn])
    upper[drawn] = np.minimum(np.ceil(place.relaxed[drawn]), place.model.upper[drawn])
    is_within = bool(np.all((lower <= place.x) & (place.x <= upper)))
    return Sub(place.model.bounded(lower, upper), place.x if is_within else None)
