"""Dispatching policies, one per file."""
