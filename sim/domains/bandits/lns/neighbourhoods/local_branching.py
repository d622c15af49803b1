"""Searches the whole problem among the points in which at most some number of binaries differ from the incumbent.

The number is drawn between 5 % of them and the size. It is given more time than the others.

Reference: Fischetti and Lodi, "Local Branching", Mathematical Programming 2003, section 2; the number drawn as in Cai, Kadioglu
and Dilkina, "Balans", IJCAI 2025.
"""

from sim.domains.bandits.lns.neighbourhoods import BRANCHING, Place, Sub, near, radius

NEEDS, SIZED = "binaries", True


def build(place: Place, size: float) -> Sub | None:
    most = radius(place, size)
    return Sub(near(place, most), place.x, BRANCHING) if most else None
