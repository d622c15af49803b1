"""Looks for the point nearest to the incumbent that is better by the part `size` of its objective.

Better by less is allowed at a price: a slack variable makes the incumbent itself a point of the problem. The part is taken of the
objective's absolute value, so that objectives below 0 improve too.

Reference: Fischetti and Monaci, "Proximity Search for 0-1 Mixed-Integer Convex Programming", Journal of Heuristics 2014,
section 3.
"""

import numpy as np

from sim.domains.bandits.lns.neighbourhoods import Place, Sub

NEEDS, SIZED = "binaries", True

PRICE = 1000.0
"""Of a unit of slack, in binaries changed."""


def build(place: Place, size: float) -> Sub | None:
    model, gain = place.model, size * abs(place.objective)
    coefficients, constant = model.distance(place.x)
    cost = np.zeros(model.n)
    cost[model.binaries] = coefficients
    used = np.flatnonzero(model.cost)
    sub = model.minimising(cost, constant).with_slack(PRICE)
    index, value = np.append(used, model.n), np.append(model.cost[used], -1.0)
    sub = sub.with_row(index, value, -np.inf, place.objective - gain - model.offset)
    return Sub(sub, np.append(place.x, gain))
