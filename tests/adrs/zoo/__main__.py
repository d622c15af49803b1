"""Prints the table of the cheat zoo."""

from tests.adrs.zoo import table

if __name__ == "__main__":
    print(table())
