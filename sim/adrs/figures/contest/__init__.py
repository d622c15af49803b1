"""Figures of a contest of search loops."""
