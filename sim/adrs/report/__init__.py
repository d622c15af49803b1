"""A search as one HTML page that needs nothing else: the verdict first, then figures, the winner, and what it all took."""
