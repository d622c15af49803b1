"""One question about speed per file: `ask(size) -> Table`."""
