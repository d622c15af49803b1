"""Policies of transactions: pickers and schedulers, one a file."""
