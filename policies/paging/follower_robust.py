import numpy as np

from sim.core.errors import InputError
from sim.core.structures import LinkedList, RandomSet
from sim.core.trace import NONE
from sim.domains import paging
from sim.domains.paging.combining import Synchroniser
from sim.domains.paging.prefix import PrefixOptimum


class FollowerRobust(paging.Policy):
    """Follows a predicted cache asked for at misses only, as long as the clairvoyant optimum so far would have missed as often.

    Both parts work on a simulated cache, which the real one follows lazily; evicted is a random page that the last answer lacks.
    *Follower* asks at misses of pages that the last answer lacks too. When it has missed more often than the optimum of the
    requests so far, *Robust* begins with the last `capacity` distinct pages, and lasts for `capacity` first requests (arrivals);
    it asks at a few of them, the closer together the later. Then Follower again. Perfect predictions give the optimum; robust
    within `O(log capacity)`. The run notes how many answers it took; loads into free slots are told the state without being
    counted.

    Parameters:
        a: least number of requests between two questions, at least 1.
        order: of the pages the simulated cache lacks, "stamp": the one loaded longest ago leaves; "lru": requested longest ago.

    Reference: Sadek and Elias, "Algorithms for Caching and MTS with Reduced Number of Predictions", ICLR 2024, sections 3 and 4.
    Their program counts only misses as arrivals; here every first request is one.
    """

    channels = ("cache_state",)
    a: int = 1
    order: str = "stamp"

    def begin(self, setting, rng):
        if self.a < 1:
            raise InputError(f"follower_robust: a must be at least 1 request, got {self.a}")
        if setting.sized:
            raise InputError("follower_robust counts pages, not bytes; give the capacity in pages")
        n_pages = setting.n_pages
        k = setting.n_slots
        self.k = k
        self.n_requests = setting.n_requests
        self.rng = rng
        self.now = -1
        self.lazy = Synchroniser(n_pages, self.order)
        self.simulated = RandomSet(n_pages)
        self.recent = LinkedList(n_pages)  # all pages requested so far, the last one first
        self.optimum = PrefixOptimum(n_pages, setting.n_requests, k)
        self.answer = np.zeros(n_pages, np.bool_)  # the predicted cache as last asked for
        self.outdated = RandomSet(n_pages)  # pages that entered or left the predicted cache since
        self.excess = RandomSet(n_pages)  # simulated pages that the answer lacks
        self.lacking = RandomSet(n_pages)  # pages of the answer that are not simulated
        self.asked_at = -self.a
        self.queries = 0
        self.misses = 0  # Follower's, and those of them that the optimum shares
        self.shared = 0
        self.phase = 0  # Robust's
        self.n_robust = 0
        self.n_arrived = k  # Robust's arrivals; k: Follower is at work
        self.marked_in = np.full(n_pages, -1, np.int64)
        self.old_in = np.full(n_pages, -1, np.int64)
        self.unmarked = RandomSet(n_pages)  # simulated pages
        self.window = 0
        self.reload_in = np.full(n_pages, -1, np.int64)  # the window that is to bring the page back
        self.begins_window = np.zeros(k + 1, np.bool_)
        self.begins_window[window_starts(k)] = True
        self.asks = self.begins_window.copy()
        self.asks[window_starts(k)[-1]] = False

    def hit(self, request):
        self.observe(request)
        self.lazy.hit(request.page, request.index)

    def admit(self, request):
        self.observe(request)
        self.lazy.load(request.page, request.index)

    def evict(self, request):
        self.observe(request)
        return self.lazy.evict()

    def observe(self, request):
        """Plays the request on the simulated cache, once."""
        if request.index == self.now:
            return
        self.now = request.index
        page = request.page
        self.outdated.add(page)
        if request.leaves != NONE:
            self.outdated.add(request.leaves)
        if self.n_arrived < self.k:
            self.robust(request)
        elif not self.simulated.contains(page):
            self.follow(request)
        self.optimum.request(page)
        if self.recent.contains(page):
            self.recent.move_to_front(page)
        else:
            self.recent.push_front(page)

    def follow(self, request):
        """Follower's miss."""
        page = request.page
        if self.simulated.size < self.k:
            self.note_answer(request)
            self.take_in(page)
            return
        self.misses += 1
        if not self.optimum.holds(page):
            self.shared += 1
        if not self.answer[page]:
            if self.misses > self.shared:
                self.begin_robust(page)
                self.robust(request)
                return
            self.ask(request)
        self.replace_excess(page)

    def begin_robust(self, page):
        """Starts from the last distinct pages before this one."""
        self.misses = 0
        self.shared = 0
        self.n_arrived = 0
        self.n_robust += 1
        self.phase += 1
        while self.simulated.size > 0:
            self.take_out(self.simulated.item(0))
        old = self.recent.front()
        while self.simulated.size < self.k:
            if old != page:
                self.take_in(old)
                self.old_in[old] = self.phase
                self.unmarked.add(old)
            old = self.recent.after(old)

    def robust(self, request):
        page = request.page
        if self.marked_in[page] != self.phase:
            self.marked_in[page] = self.phase
            self.unmarked.discard(page)
            self.n_arrived += 1
            if self.asks[self.n_arrived]:
                self.ask(request)
            if self.begins_window[self.n_arrived]:
                self.begin_window()
        if self.simulated.contains(page):
            return
        if self.old_in[page] != self.phase or self.reload_in[page] == self.window:
            self.replace_excess(page)
        else:
            self.replace(self.unmarked.draw(self.rng), page)

    def begin_window(self):
        """Names the pages to bring back: in the answer, not simulated, not yet requested in this phase."""
        self.window += 1
        for place in range(self.lacking.size):
            page = self.lacking.item(place)
            if self.marked_in[page] != self.phase:
                self.reload_in[page] = self.window

    def ask(self, request):
        """Asks for the predicted cache, unless it was asked too short a while ago."""
        if request.index - self.asked_at >= self.a:
            self.asked_at = request.index
            self.queries += 1
            self.note_answer(request)

    def note_answer(self, request):
        for place in range(self.outdated.size):
            page = self.outdated.item(place)
            self.answer[page] = request.cache_state[page]
            self.compare(page)
        self.outdated.clear()

    def replace_excess(self, page):
        """A page that the answer lacks makes room; any page where it lacks none."""
        victim = self.excess.draw(self.rng)
        self.replace(victim if victim != NONE else self.simulated.draw(self.rng), page)

    def replace(self, victim, page):
        self.take_out(victim)
        self.take_in(page)

    def take_in(self, page):
        self.simulated.add(page)
        self.lazy.extras.discard(page)
        self.compare(page)

    def take_out(self, page):
        self.simulated.discard(page)
        self.unmarked.discard(page)
        self.lazy.let_go(page)
        self.compare(page)

    def compare(self, page):
        """Keeps the differences between the simulated cache and the answer."""
        if self.simulated.contains(page) == self.answer[page]:
            self.excess.discard(page)
            self.lacking.discard(page)
        elif self.answer[page]:
            self.excess.discard(page)
            self.lacking.add(page)
        else:
            self.lacking.discard(page)
            self.excess.add(page)

    def notices(self):
        return [
            f"follower_robust asked for {self.queries} predictions in {self.n_requests} requests, "
            f"and was robust {self.n_robust} times"
        ]


def window_starts(k: int) -> list[int]:
    """The arrivals of Robust at which a window begins: 1, 6, 9, 10 for k = 10."""
    return [k - k // 2**i + 1 for i in range(k.bit_length())]
