"""Figures: one per file, each a function `draw(table, axes, *, metric)` of a table of rows; no other package draws."""

from sim.study.figures.page import table_of
from sim.study.figures.sheet import check, save

__all__ = ["check", "save", "table_of"]
