import numpy as np

from sim.core.errors import InputError, MissingDependency
from sim.core.structures import LinkedList, RandomSet
from sim.domains import paging

N_GAPS, N_COUNTERS = 31, 10
SIZE, N_WITHIN, LAST_GAP = 0, 1, 2
GAPS = slice(LAST_GAP, LAST_GAP + N_GAPS)
COUNTERS = slice(GAPS.stop, GAPS.stop + N_COUNTERS)
N_KNOWN = COUNTERS.stop
"""What is known of a page, as columns: its size, how many of its last gaps lie within the window, the gaps between its requests,
the last one first (nan where there are none), and its counters."""

HALVED_AFTER = np.arange(10, 10 + N_COUNTERS)
"""Counter i halves every 2^(10 + i) requests."""

MODEL = {
    "objective": "regression",
    "num_leaves": 32,
    "learning_rate": 0.1,
    "feature_fraction": 0.8,
    "bagging_fraction": 0.8,
    "bagging_freq": 5,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


class LRB(paging.Policy):
    """Evicts the page whose next request a gradient-boosted model, trained while the trace is replayed, expects last.

    Pages requested within the last `window` requests are tracked. From the first eviction on, one of them is sampled per request;
    when it is requested, the time that took is the label of what was known when it was sampled, and when it leaves the
    window, twice the window is. Every `batch` labelled samples train a new model, on these alone. Of `sample` residents
    the one with the largest prediction leaves; but as long as there is no model, or where it is out of the window, the page
    requested longest ago. So in a short trace it is LRU, and the run says so: choose `batch` so that it is trained.

    Needs the package lightgbm, and runs interpreted.

    Parameters:
        window: requests, at least 2: the longest time that a page is remembered and that is told apart.
        batch: labelled samples per training, at least 2.
        sample: residents compared per eviction, at least 1.
        trees: of a model, at least 1.
        objective: "object": with sizes, predictions are multiplied by them, for the object miss ratio; "byte": they are not.

    Reference: Song, Berger, Li, Lloyd, "Learning Relaxed Belady for Content Distribution Network Caching", NSDI 2020, section 4.
    """

    window: int = 2**26
    batch: int = 131_072
    sample: int = 64
    trees: int = 32
    objective: str = "object"

    def begin(self, setting, rng):
        for name, least in (("window", 2), ("batch", 2), ("sample", 1), ("trees", 1)):
            if getattr(self, name) < least:
                raise InputError(f"lrb: {name} must be at least {least}, got {getattr(self, name)}")
        if self.objective not in ("object", "byte"):
            raise InputError(f'lrb: objective must be "object" or "byte", got "{self.objective}"')
        lightgbm()
        self.model = None
        self.seed = int(rng.integers(2**31))
        self.rng = rng
        self.weighs = setting.sized and self.objective == "object"
        self.residents = RandomSet(setting.n_pages)
        self.order = LinkedList(setting.n_pages)  # residents, most recently requested first
        self.tracked = RandomSet(setting.n_pages)
        self.last = np.zeros(setting.n_pages, np.int64)
        self.known = np.empty((setting.n_pages, N_KNOWN), np.float32)
        self.requested = np.zeros(setting.n_requests, np.int32)  # the page of each request
        self.n_expired = 0  # requests that have left the window
        self.samples = {}  # page -> when it was sampled, and is not yet labelled
        self.has_evicted = False
        self.rows = np.empty((self.batch, N_KNOWN), np.float32)
        self.ages = np.empty(self.batch, np.int64)
        self.labels = np.empty(self.batch, np.float32)
        self.n_rows = 0
        self.n_trainings = 0

    def hit(self, request):
        self.order.move_to_front(request.page)
        self.observe(request)

    def admit(self, request):
        self.order.push_front(request.page)
        self.residents.add(request.page)
        self.observe(request)

    def evict(self, request):
        self.has_evicted = True
        page = self.order.back()
        if self.model is not None and request.index - self.last[page] < self.window:
            page = self.latest_of_sample(request.index)
        self.forget(page)
        return page

    def forget(self, page):
        self.order.remove(page)
        self.residents.discard(page)

    def latest_of_sample(self, now):
        drawn = (self.rng.random(self.sample) * self.residents.size).astype(np.int64)
        pages = self.residents.items[drawn]
        known = self.known[pages]
        predicted = self.model.predict(features(known, now - self.last[pages]), num_threads=1)
        if self.weighs:
            predicted *= known[:, SIZE]
        return int(pages[predicted.argmax()])

    def observe(self, request):
        """Learns of a request: labels samples, trains when there are enough, keeps what is known of the page, samples one."""
        now, page = request.index, request.page
        self.expire(now)
        for sampled in self.samples.pop(page, ()):
            self.label(page, sampled, np.log1p(now - sampled))
        self.update(page, request.size, now)
        self.requested[now] = page
        if self.has_evicted:
            self.samples.setdefault(self.tracked.draw(self.rng), []).append(now)

    def expire(self, now):
        """Lets go of pages that were not requested within the window."""
        for then in range(self.n_expired, now - self.window + 1):
            page = int(self.requested[then])
            if self.last[page] == then and self.tracked.contains(page):
                self.tracked.discard(page)
                for sampled in self.samples.pop(page, ()):
                    self.label(page, sampled, np.log1p(2 * self.window))
        self.n_expired = max(self.n_expired, now - self.window + 1)

    def label(self, page, sampled, label):
        self.rows[self.n_rows] = self.known[page]
        self.ages[self.n_rows] = sampled - self.last[page]
        self.labels[self.n_rows] = label
        self.n_rows += 1
        if self.n_rows == self.batch:
            self.train()
            self.n_rows = 0

    def train(self):
        boosting = lightgbm()
        parameters = {**MODEL, "seed": self.seed}
        rows = boosting.Dataset(features(self.rows, self.ages), self.labels, params=parameters)
        self.model = boosting.train(parameters, rows, self.trees)
        self.n_trainings += 1

    def update(self, page, size, now):
        known = self.known[page]
        if self.tracked.contains(page):
            gap = now - self.last[page]
            known[LAST_GAP + 1 : GAPS.stop] = known[LAST_GAP : GAPS.stop - 1]
            known[LAST_GAP] = gap
            known[N_WITHIN] = np.count_nonzero(known[GAPS].cumsum() < self.window)
            known[COUNTERS] = 1 + decayed(known[COUNTERS], gap)
        else:
            self.tracked.add(page)
            known[N_WITHIN] = 0
            known[GAPS] = np.nan
            known[COUNTERS] = 1
        known[SIZE] = size
        self.last[page] = now

    def notices(self):
        if self.n_trainings == 0:
            return [
                f"lrb was never trained and evicted as LRU: it has {self.n_rows} of the {self.batch} labelled samples that "
                "it takes (batch)"
            ]
        return [f"lrb was trained {self.n_trainings} times, on {self.batch} labelled samples each"]


def features(known: np.ndarray, ages: np.ndarray) -> np.ndarray:
    """What the model sees of pages: their ages, then what is known of them, with the counters as of now.

    Args:
        known: shape (n, N_KNOWN).
        ages: requests since the last one of each page, shape (n,).

    Returns:
        float32, shape (n, 1 + N_KNOWN).
    """
    table = np.empty((len(known), 1 + N_KNOWN), np.float32)
    table[:, 0] = ages
    table[:, 1:] = known
    table[:, 1:][:, COUNTERS] = decayed(known[:, COUNTERS], ages[:, None])
    return table


def decayed(counters: np.ndarray, gap) -> np.ndarray:
    """Counters after this many requests without one for their page."""
    return np.ldexp(counters, -(gap >> HALVED_AFTER))


def lightgbm():
    """The boosting library, imported when a run needs it."""
    try:
        import lightgbm
    except ImportError:
        raise MissingDependency('lrb needs the package lightgbm: pip install "augsim[lrb]"') from None
    except OSError as error:
        raise MissingDependency(
            f"lrb: the package lightgbm does not load: {error}; install the OpenMP library"
        ) from None
    return lightgbm
