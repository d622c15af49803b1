"""In every domain a decision without a `return` is one line with the cure."""

import pytest

from sim.core.engine import replay
from sim.core.errors import IllegalDecision, PolicyError
from sim.domains import bandits, dispatch, paging, transactions
from sim.study import catalog
from sim.study.experiment import Bench


class Evicts(paging.Policy):
    def evict(self, request):
        request.page + 1


class Wants(paging.Policy):
    def wants(self, request):
        request.page + 1

    def evict(self, request):
        return 0


class Routes(dispatch.Policy):
    def route(self, job, view):
        view.now + 1


class Picks(transactions.Picker):
    def pick(self, view):
        view.clock + 1


class Chooses(bandits.Policy):
    def choose(self, context):
        self.n = 1

    def update(self, arm, reward, cost):
        self.n = 2


class Exits(dispatch.Policy):
    def route(self, job, view):
        raise SystemExit(0)


FORGETFUL = [
    ("paging", "workload:zipf,n_requests=100,n_pages=50", {"capacity": 10}, Evicts(), "evict"),
    ("paging", "workload:zipf,n_requests=100,n_pages=50", {"capacity": 10}, Wants(), "wants"),
    ("dispatch", "workload:poisson,rate=1,n_jobs=100", {"servers": 2}, Routes(), "route"),
    ("bandits", "workload:bernoulli,n_rounds=20", {}, Chooses(), "choose"),
    ("transactions", "workload:ycsb,n_transactions=20", {}, Picks(), "pick"),
]


def played(domain, text, setting, policy, mode):
    trace = Bench().trace(text, domain)
    system_class = catalog.system(domain)
    system = system_class(system_class.Setting(**setting).on(trace))
    return replay(trace, system, policy, mode=mode)


@pytest.mark.parametrize("mode", ["auto", "interpreted"])
@pytest.mark.parametrize(("domain", "text", "setting", "policy", "verb"), FORGETFUL, ids=lambda value: str(value)[:12])
def test_a_forgotten_return_is_said(domain, text, setting, policy, verb, mode):
    with pytest.raises(IllegalDecision, match=rf"answered None to {verb} at request \d+; .* is a return missing\?"):
        played(domain, text, setting, policy, mode)


def test_a_policy_that_exits_does_not_end_the_command():
    with pytest.raises(PolicyError, match="Exits raised SystemExit at request 0: 0"):
        played("dispatch", "workload:poisson,rate=1,n_jobs=100", {"servers": 2}, Exits(), "auto")
