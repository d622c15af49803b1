"""A formula as data: a postfix program in arrays, run by one loop that is compiled once for all formulas of a template."""

from __future__ import annotations

import numpy as np

from sim.core.formula import divide, log, sqrt
from sim.core.structures import Structure

ADD, SUBTRACT, MULTIPLY, DIVIDE, LEAST, LARGEST, LOG, SQRT, NEGATE, IF_LESS, CONSTANT, FEATURE = range(12)
"""Codes of a program; FEATURE + k asks for the template's k-th feature."""


class Program(Structure):
    """Runs a formula's program.

    Args:
        codes: what to do, step by step, int64; a feature or constant is put on the stack, an operator takes its arguments off it.
        constants: the number that goes with each step, float64; 0 where there is none.
    """

    def __init__(self, codes: np.ndarray, constants: np.ndarray):
        self.codes = codes
        self.constants = constants
        self.stack = np.zeros(len(codes))

    def value(self, policy, subject):
        """The formula's value for a subject (a page, a server), whose features `policy.feature(k, subject)` tells."""
        stack = self.stack
        value = 0.0  # the top of the stack, which so stays in a register
        below = -1
        for i in range(len(self.codes)):
            code = int(self.codes[i])
            if code >= CONSTANT:
                below += 1
                stack[below] = value
                value = float(self.constants[i]) if code == CONSTANT else float(policy.feature(code - FEATURE, subject))
            elif code == LOG:
                value = log(value)
            elif code == SQRT:
                value = sqrt(value)
            elif code == NEGATE:
                value = -value
            elif code == IF_LESS:
                below -= 3
                if float(stack[below + 1]) < float(stack[below + 2]):
                    value = float(stack[below + 3])
            else:
                value = of_two(code, float(stack[below]), value)
                below -= 1
        return value


def of_two(code, x, y):
    """An operator of two arguments."""
    if code == ADD:
        return x + y
    if code == SUBTRACT:
        return x - y
    if code == MULTIPLY:
        return x * y
    if code == DIVIDE:
        return divide(x, y)
    if code == LEAST:
        return min(x, y)
    return max(x, y)
