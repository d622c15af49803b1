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
        top = -1
        for i in range(len(self.codes)):
            code = int(self.codes[i])
            if code >= FEATURE:
                top += 1
                stack[top] = policy.feature(code - FEATURE, subject)
            elif code == CONSTANT:
                top += 1
                stack[top] = self.constants[i]
            elif code == LOG:
                stack[top] = log(float(stack[top]))
            elif code == SQRT:
                stack[top] = sqrt(float(stack[top]))
            elif code == NEGATE:
                stack[top] = -float(stack[top])
            elif code == IF_LESS:
                top -= 3
                if not float(stack[top]) < float(stack[top + 1]):
                    stack[top] = stack[top + 3]
                else:
                    stack[top] = stack[top + 2]
            else:
                top -= 1
                stack[top] = of_two(code, float(stack[top]), float(stack[top + 1]))
        return float(stack[0])


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
