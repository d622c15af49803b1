"""A policy that lets a bandit choose among policies: who sends the jobs of the next epoch."""

from __future__ import annotations

import numpy as np

from sim.core.errors import InputError
from sim.core.policy import defines
from sim.core.structures import Structure
from sim.core.trace import NONE
from sim.domains.bandits import Policy as Bandit
from sim.domains.bandits.within import Chooser, refuse_unfit

__all__ = ["Bandit", "Choice", "refuse_unfit"]


class Choice(Structure):
    """Lets the component that a bandit chose send the jobs of an epoch, and tells the bandit what became of them.

    Args:
        bandit: a policy of `sim.domains.bandits`, not begun.
        policies: the components, at least two, not begun; each gets a random stream of its own.
        setting: the run's setting.
        rng: the policy's stream.
        epoch: jobs of an epoch, at least 1.
    """

    def __init__(self, bandit, policies, setting, rng, epoch: int):
        if epoch < 1:
            raise InputError(f"epoch must be a number of jobs of at least 1, got {epoch}")
        n_sent = setting.n_jobs * (1 + setting.retries)
        self.epoch = epoch
        self.policies = tuple(policies)
        for policy in policies:
            policy.begin(setting, rng.spawn(1)[0])
        self.chooser = Chooser(bandit, policies, -(-n_sent // epoch), rng)
        self.fastest = float(setting.speed_of_each().max())
        self.sender = np.full(setting.n_jobs, NONE, np.int64)  # the component that sent a job last
        self.sent_in = np.full(setting.n_jobs, NONE, np.int64)  # epoch
        self.sent_at = np.zeros(setting.n_jobs)
        self.n_epochs = 0
        self.n_sent = 0  # in this epoch
        self.n_out = 0  # of them, not complete yet
        self.out_since = 0.0  # sum of the times at which these were sent
        self.needed = 0.0  # time that those complete would have taken alone on the fastest server
        self.taken = 0.0  # time that they took

    def route(self, job, view):
        if self.n_sent == self.epoch:
            self.end(view.now)
        self.note(job.index, view.now)
        server = NONE
        for k, policy in enumerate(self.policies):
            if k == self.chooser.current:
                server = policy.route(job, view)
        return server

    def note(self, job, now):
        """A job is sent, for the first time or again."""
        self.n_sent += 1
        self.sender[job] = self.chooser.current
        if self.sent_in[job] != self.n_epochs:
            self.sent_in[job] = self.n_epochs
            self.sent_at[job] = now
            self.n_out += 1
            self.out_since += now

    def end(self, now):
        """What the epoch earned: the time its jobs needed by the time they took; those not complete took time and needed none."""
        taken = self.taken + self.n_out * now - self.out_since
        self.chooser.end(min(self.needed / taken, 1.0) if taken > 0 else 0.0)
        self.n_epochs += 1
        self.n_sent = 0
        self.n_out = 0
        self.out_since = 0.0
        self.needed = 0.0
        self.taken = 0.0

    def done(self, job, server, size, response):
        if self.sent_in[job.index] == self.n_epochs:
            self.n_out -= 1
            self.out_since -= self.sent_at[job.index]
            self.needed += size / self.fastest
            self.taken += response
        for k, policy in enumerate(self.policies):
            if defines(policy, "done") and k == self.sender[job.index]:
                policy.done(job, server, size, response)

    def idle(self, server):
        for policy in self.policies:
            if defines(policy, "idle"):
                policy.idle(server)
