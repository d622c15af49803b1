"""A study as one HTML page that needs nothing else: words first, then figures, tables, and where it all came from."""
