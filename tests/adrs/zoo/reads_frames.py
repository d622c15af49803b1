"""Looks through all frames and objects for a trace and its future.

Listed: refused. Jailed: ok, by the process.
"""

import gc
import sys

import numpy as np

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []
        self.future = None
        frame = sys._getframe()
        while frame is not None:
            for value in frame.f_locals.values():
                if isinstance(value, np.ndarray) and len(value) > 100:
                    self.future = value
            frame = frame.f_back
        for thing in gc.get_objects():
            if type(thing).__name__ in ("Trace", "Rows", "PagingRun"):
                self.future = thing
        if self.future is not None:
            raise RuntimeError("the future is here")

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return self.order.pop(0)
