"""Best objectives known of public instances, by the name of their file.

Not all are proven: a better point is told by a run, with `new_reference`, and belongs here once it has been checked.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.core.trace import Trace


@dataclass(frozen=True)
class Reference:
    """The best objective known of an instance.

    Args:
        rows, columns: its size, so that another file of its name is not taken for it.
        objective: as the file has it.
        ones: where it is not a published one, the variables that are 1 in its point, as bits in hexadecimal digits.
    """

    rows: int
    columns: int
    objective: float
    ones: str = ""


REFERENCES = {
    "noswot": Reference(182, 128, -41.0),
    "gen-ip054": Reference(27, 30, 6840.96564179),
    "pk1": Reference(45, 86, 11.0),
    "50v-10": Reference(233, 2013, 3311.179984),
    "b1c1s1": Reference(3904, 3872, 24544.25),
    "neos-5140963-mincio": Reference(184, 196, 14393.0),
    "gen-sc-r1000-c2000-d02-s1": Reference(1000, 2000, 678.0),
    "gen-mis-er-n600-p02-s1": Reference(
        3607,
        600,
        172.0,
        "c930001446040c202a6400882309497a8a00e20936c542539010c83013050c8806038c18b381"
        "202c840008012d70a010916332302d60168b00940a09451400c887ac0104810010859a4400",
    ),
}


def known(trace: Trace) -> float | None:
    """The best objective known of a model, as its file has it; None where none is."""
    if "optimum" in trace.tables:
        return float(trace.tables["optimum"])
    name = trace.name.removesuffix(".mps").removesuffix(".lp")
    found = REFERENCES.get(name)
    if found is None or (found.rows, found.columns) != (len(trace.tables.get("row_lower", ())), len(trace)):
        return None
    return found.objective
