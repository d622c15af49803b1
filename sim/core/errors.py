"""The errors a user can cure. Each carries one line: what came, what was expected, where, and the likely cure."""


class AugsimError(Exception):
    """Base of every error whose message is meant for the user as it stands; the command line prints it without traceback."""


class InputError(AugsimError, ValueError):
    """Something given from outside (a file, an option, a parameter) is not usable."""


class UnknownName(InputError):
    """No policy, workload, predictor or format has this name."""


class IllegalDecision(AugsimError):
    """A policy decided something that the rules of its system forbid; the run stops there."""


class PolicyError(AugsimError):
    """A policy raised midway; `__cause__` is what it raised."""


class CannotCompile(AugsimError):
    """This policy has no machine-code form; the message names the construct and its line."""


class MissingDependency(AugsimError):
    """An optional package or program is not installed; the message says how to get it."""
