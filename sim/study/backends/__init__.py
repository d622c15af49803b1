"""Back ends: where the runs of a sweep take place. Each file has one function

    map(function, runs, budget) -> outcomes as they finish

`function` takes a `Planned` and gives an `Outcome`, and raises nothing. A back end that loses a run (a worker was killed, a limit
was passed) tries it again where that may help, and gives an outcome with the reason where it does not.
"""
