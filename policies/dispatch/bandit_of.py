from sim.domains import dispatch
from sim.domains.dispatch.choosing import Bandit, Choice, refuse_unfit


class BanditOf(dispatch.Policy):
    """Lets a bandit choose, epoch by epoch, which of several policies sends the jobs; it is told how the chosen one's jobs fared.

    An epoch earns, of the jobs sent in it, the time they needed by the time they took until it ended: the sizes of those complete
    by then, at the fastest server's speed, over the time that all of them were in the system. For given jobs that is the higher
    the lower their response time, and it lies in [0, 1] whatever the unit and the load. Queues outlast an epoch, so that a policy
    is also judged by what it found; epochs that are long against the time a queue needs to settle make that small.

    Every policy sees the servers as they are, hears which have become idle, and of the jobs complete those that it sent.

    Parameters:
        bandit: any policy of the bandits domain that needs no contexts and no predictions.
        of: the policies, at least two.
        epoch: jobs sent between two choices, at least 1.

    What an epoch earns is our choice.

    Reference: Gagliolo and Schmidhuber, "Algorithm Portfolio Selection as a Bandit Problem with Unbounded Losses", Annals of
    Mathematics and Artificial Intelligence 2011, for policies as arms whose losses have no bound known before; Arora, Dekel and
    Tewari, "Online Bandit Learning against an Adaptive Adversary", ICML 2012, for epochs where the past counts.
    """

    chooses_among = "of"
    bandit: Bandit = "tsallis_inf"  # type: ignore[assignment]
    of: tuple[dispatch.Policy, ...] = ("jsq", "random")  # type: ignore[assignment]
    epoch: int = 200

    def __post_init__(self):
        refuse_unfit(self.bandit)

    def begin(self, setting, rng):
        self.choice = Choice(self.bandit, self.of, setting, rng, self.epoch)

    def route(self, job, view):
        return self.choice.route(job, view)

    def done(self, job, server, size, response):
        self.choice.done(job, server, size, response)

    def idle(self, server):
        self.choice.idle(server)

    def counters(self):
        return self.choice.chooser.counters()
