"""Bandit policies, one per file."""
