from sim.domains import paging
from sim.domains.paging.choosing import Bandit, Choice, refuse_unfit


class BanditOf(paging.Policy):
    """Lets a bandit choose, epoch by epoch, which of several policies the cache follows; it is told what that one missed alone.

    Each policy has a virtual cache of the same size and sees every request. The real cache follows the chosen one lazily, one
    page per miss, so that a change costs at most `capacity` misses beyond its own. An epoch earns the share of its requests
    that the chosen policy's virtual cache hits: rewards do not depend on earlier choices, as bandits ask, and with epochs of
    L requests the misses exceed those of the best policy by at most L times the bandit's regret and `capacity` per change.

    Parameters:
        bandit: any policy of the bandits domain that needs no contexts and no predictions.
        of: the policies, at least two.
        epoch: requests between two choices, at least 1.
        order: of the pages that the followed policy does not hold, "stamp": the one loaded longest ago leaves; "lru": the one
            requested longest ago.

    Reference: Cosa and Elias, "Learning-Augmented Algorithms for MTS with Bandit Access to Multiple Predictors", ICML 2025: one
    policy is asked at a time, in blocks, since what it pays shows its state only once it was asked before; blocks for any bandit:
    Arora, Dekel and Tewari, "Online Bandit Learning against an Adaptive Adversary", ICML 2012.
    """

    chooses_among = "of"
    bandit: Bandit = "tsallis_inf"  # type: ignore[assignment]
    of: tuple[paging.Policy, ...] = ("lru", "lfu")  # type: ignore[assignment]
    epoch: int = 1000
    order: str = "stamp"

    def __post_init__(self):
        refuse_unfit(self.bandit)

    def begin(self, setting, rng):
        self.choice = Choice(self.bandit, self.of, setting, rng, self.epoch, self.order)

    def hit(self, request):
        self.choice.hit(request)

    def admit(self, request):
        self.choice.admit(request)

    def evict(self, request):
        return self.choice.evict(request)

    def forget(self, page):
        self.choice.forget(page)

    def counters(self):
        return self.choice.chooser.counters()
