"""Search loops held against each other: how many evaluations each takes to reach the same targets, over several domains."""
