"""Figures of a search: one per file, each a function `sheets(record)`; they run nothing."""
