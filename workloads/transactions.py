"""Invented transactions, one function per benchmark; and `hints`, which predicts what they will touch.

A trace has the columns of `sim.domains.transactions.tokens.trace_of`. Keys are drawn from a random stream of their own, so that
shapes of transactions stay the same when the skew changes. Two options are common to all:

    n_transactions: at least 1.
    rate: transactions per unit of time, above 0, which arrive as a Poisson process; None: all at once.

A parameter outside its range raises InputError.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.random import Generator

from sim.core.errors import InputError
from sim.core.seeds import beside
from sim.core.trace import NONE, Ragged, Trace
from sim.domains.transactions import Setting
from sim.domains.transactions.hints import hottest
from sim.domains.transactions.operations import Operations, columns
from sim.domains.transactions.tokens import trace_of


def ycsb(
    rng: Generator,
    *,
    variant: str = "",
    n_transactions: int = 500,
    n_operations: int = 16,
    n_keys: int = 1_000_000,
    theta: float = 0.9,
    reads: float = 0.95,
    rate: float | None = None,
) -> Trace:
    """Transactions of many operations on keys of one table, whose popularity follows Zipf's law.

    Args:
        variant: a workload of the benchmark, A to F, which sets reads: A 0.5, B 0.95, C 1; D 0.95, where each write inserts a
            key and the latest keys are the popular ones; E each transaction scans keys in a row, one in twenty inserts a key
            instead; F 0.5, where the others read a key and write it. "": `reads` as given.
        n_operations: of each transaction, at least 1; a key may come twice.
        theta: of Zipf's law, at least 0.
        reads: share of operations that read, in [0, 1]; the others write.

    Reference: Cooper, Silberstein, Tam, Ramakrishnan, Sears, "Benchmarking Cloud Serving Systems with YCSB", SoCC 2010, table
    2; 16 operations and theta 0.9 as in Cheng et al., PVLDB 17(11), 2024.
    """
    letter = variant.upper()
    if letter and letter not in VARIANTS:
        raise InputError(f'ycsb: variant must be one of {", ".join(VARIANTS)}, got "{variant}"')
    _counts("ycsb", n_transactions=n_transactions, n_operations=n_operations, n_keys=n_keys)
    _shares("ycsb", reads=reads)
    reads = VARIANTS.get(letter, reads)
    draw_keys = _zipf(beside(rng, "keys"), n_keys, theta, "ycsb")
    is_read = rng.random((n_transactions, n_operations)) < reads
    tokens = []
    newest = n_keys
    for i in range(n_transactions):
        keys = draw_keys(n_operations)
        if letter == "D":
            row = []
            for k, r in zip(keys, is_read[i], strict=True):
                newest += not r
                row.append(f"r-{newest - k + 1}" if r else f"w-{newest}")
            tokens.append(row)
        elif letter == "E":
            newest += not is_read[i, 0]
            tokens.append(_scan(int(keys[0]), n_operations, n_keys) if is_read[i, 0] else [f"w-{newest}"])
        elif letter == "F":
            pairs = [[f"r-{k}"] if r else [f"r-{k}", f"w-{k}"] for k, r in zip(keys, is_read[i], strict=True)]
            tokens.append([token for pair in pairs for token in pair])
        else:
            tokens.append([f"{'r' if r else 'w'}-{k}" for k, r in zip(keys, is_read[i], strict=True)])
    about = {"variant": letter} if letter else {"reads": reads}
    return _trace(rng, "ycsb", {**about, "theta": theta}, tokens, None, rate)


VARIANTS = {"A": 0.5, "B": 0.95, "C": 1.0, "D": 0.95, "E": 0.95, "F": 0.5}
"""Workload of YCSB -> share of its operations that only read."""


def _scan(first: int, n: int, n_keys: int) -> list[str]:
    return [f"r-{(first - 1 + k) % n_keys + 1}" for k in range(n)]


def smallbank(
    rng: Generator,
    *,
    n_transactions: int = 500,
    n_accounts: int = 1_000_000,
    hot_probability: float = 0.0,
    hot_size: int = 100,
    rate: float | None = None,
) -> Trace:
    """Six kinds of short transactions on the savings and checking balances of customers.

    Args:
        hot_probability: in [0, 1], that an account is one of the first `hot_size`, drawn among them; else among all.
        hot_size: at least 2.

    Reference: Alomari, Cahill, Fekete, Röhm, "The Cost of Serializability on Platforms That Use Snapshot Isolation", ICDE
    2008; weights of the sample configuration of BenchBase.
    """
    _counts("smallbank", n_transactions=n_transactions, n_accounts=n_accounts - 1, hot_size=hot_size - 1)
    _shares("smallbank", hot_probability=hot_probability)
    names = list(SMALLBANK)
    chosen = _mix(rng, [SMALLBANK[name] for name in names], n_transactions)
    keys = beside(rng, "keys")

    def account() -> int:
        most = hot_size if keys.random() < hot_probability else n_accounts
        return int(keys.integers(1, min(most, n_accounts) + 1))

    tokens = []
    for i in chosen:
        a = account()
        b = account()
        while b == a:
            b = account()
        tokens.append(_smallbank(names[i], a, b))
    about = {"hot_probability": hot_probability} if hot_probability else {}
    return _trace(rng, "smallbank", about, tokens, [names[i] for i in chosen], rate)


SMALLBANK = {
    "amalgamate": 15,
    "balance": 15,
    "deposit_checking": 15,
    "send_payment": 25,
    "transact_savings": 15,
    "write_check": 15,
}


def _smallbank(name: str, a: int, b: int) -> list[str]:
    return {
        "amalgamate": [f"r-s{a}", f"r-c{a}", f"r-c{b}", f"w-s{a}", f"w-c{a}", f"w-c{b}"],
        "balance": [f"r-s{a}", f"r-c{a}"],
        "deposit_checking": [f"r-c{a}", f"w-c{a}"],
        "send_payment": [f"r-c{a}", f"r-c{b}", f"w-c{a}", f"w-c{b}"],
        "transact_savings": [f"r-s{a}", f"w-s{a}"],
        "write_check": [f"r-s{a}", f"r-c{a}", f"w-c{a}"],
    }[name]


def epinions(
    rng: Generator,
    *,
    n_transactions: int = 500,
    n_users: int = 2_000_000,
    n_items: int = 1_000_000,
    theta: float = 0.0,
    rate: float | None = None,
) -> Trace:
    """Nine kinds of very short transactions of a site of reviews: five read, four write one key.

    Args:
        theta: of Zipf's law over users and over items, at least 0, where all are equally popular.

    Reference: Massa, Avesani, "Controversial Users Demand Local Trust Metrics", AAAI 2005; transactions and weights of the
    sample configuration of BenchBase.
    """
    _counts("epinions", n_transactions=n_transactions, n_users=n_users, n_items=n_items)
    names = list(EPINIONS)
    chosen = _mix(rng, [EPINIONS[name] for name in names], n_transactions)
    keys = beside(rng, "keys")
    users, items = _zipf(keys, n_users, theta, "epinions"), _zipf(keys, n_items, theta, "epinions")
    tokens = []
    for i in chosen:
        u, v, item = int(users(1)[0]), int(users(1)[0]), int(items(1)[0])
        tokens.append(_epinions(names[i], u, v, item))
    return _trace(rng, "epinions", {"theta": theta} if theta else {}, tokens, [names[i] for i in chosen], rate)


EPINIONS = {
    "reviews_of_item": 10,
    "reviews_of_user": 10,
    "ratings_by_trusted_user": 10,
    "average_rating": 10,
    "item_reviews_by_trusted_user": 10,
    "update_user": 10,
    "update_item": 10,
    "update_review": 10,
    "update_trust": 20,
}


def _epinions(name: str, user: int, other: int, item: int) -> list[str]:
    return {
        "reviews_of_item": [f"r-ir{item}", f"r-i{item}"],
        "reviews_of_user": [f"r-u{user}", f"r-ur{user}"],
        "ratings_by_trusted_user": [f"r-ir{item}", f"r-t{user}"],
        "average_rating": [f"r-ir{item}"],
        "item_reviews_by_trusted_user": [f"r-ir{item}", f"r-t{user}"],
        "update_user": [f"w-u{user}"],
        "update_item": [f"w-i{item}"],
        "update_review": [f"w-ir{item}"],
        "update_trust": [f"w-t{user}"],
    }[name]


def tpcc(
    rng: Generator,
    *,
    n_transactions: int = 500,
    n_warehouses: int = 10,
    remote_payments: float = 0.15,
    remote_lines: float = 0.01,
    aborting_orders: float = 0.0,
    rate: float | None = None,
) -> Trace:
    """Orders, payments and deliveries of a wholesale supplier: every transaction begins at a warehouse or a district.

    A warehouse has 10 districts of 3,000 customers each, and 100,000 items in stock.

    Args:
        n_warehouses: at least 1.
        remote_payments: share of payments, in [0, 1], by a customer of another warehouse.
        remote_lines: share of order lines, in [0, 1], supplied by another warehouse.
        aborting_orders: share of the new orders, in [0, 1], that roll back at their last operation, as their last item does not
            exist; 0.01 in the benchmark. Only the engine heeds it.

    Reference: TPC Benchmark C, revision 5.11, 2010, clauses 2.4 to 2.8; mix of the sample configuration of BenchBase.
    """
    _counts("tpcc", n_transactions=n_transactions, n_warehouses=n_warehouses)
    _shares("tpcc", remote_payments=remote_payments, remote_lines=remote_lines, aborting_orders=aborting_orders)
    names = list(TPCC)
    chosen = _mix(rng, [TPCC[name] for name in names], n_transactions)
    keys = beside(rng, "keys")

    def other_than(w: int) -> int:
        return w if n_warehouses == 1 else int((w - 1 + keys.integers(1, n_warehouses)) % n_warehouses + 1)

    tokens = []
    for i in chosen:
        w, d = int(keys.integers(1, n_warehouses + 1)), int(keys.integers(1, 11))
        c = int(keys.integers(1, 3001))
        name = names[i]
        if name == "new_order":
            lines: list[str] = []
            n_lines = int(rng.integers(5, 16))
            for _ in range(n_lines):
                item = int(keys.integers(1, 100_001))
                supplier = other_than(w) if keys.random() < remote_lines else w
                lines += [f"r-I{item}", f"r-S{supplier}.{item}", f"w-S{supplier}.{item}"]
            first = [f"r-W{w}", f"r-D{w}.{d}", f"w-D{w}.{d}", f"r-C{w}.{d}.{c}"]
            tokens.append([*first, *lines, *["*"] * (2 + n_lines)])
        elif name == "payment":
            of = other_than(w) if keys.random() < remote_payments else w
            customer = f"C{of}.{d}.{c}"
            tokens.append([f"r-W{w}", f"w-W{w}", f"r-D{w}.{d}", f"w-D{w}.{d}", f"r-{customer}", f"w-{customer}", "*"])
        elif name == "order_status":
            tokens.append([f"r-C{w}.{d}.{c}", "*", "*"])
        elif name == "delivery":
            tokens.append([f"w-C{w}.{k}.{int(keys.integers(1, 3001))}" for k in range(1, 11)])
        else:
            items = keys.integers(1, 100_001, 20)
            tokens.append([f"r-D{w}.{d}", *(f"r-S{w}.{int(item)}" for item in items)])
    types = [names[i] for i in chosen]
    about: dict[str, float | int] = {"n_warehouses": n_warehouses}
    aborting = None
    if aborting_orders:
        about["aborting_orders"] = aborting_orders
        drawn = beside(rng, "aborting orders").random(n_transactions)
        aborting = (np.array(types) == "new_order") & (drawn < aborting_orders)
    return _trace(rng, "tpcc", about, tokens, types, rate, aborting)


TPCC = {"new_order": 45, "payment": 43, "order_status": 4, "delivery": 4, "stock_level": 4}


def taobench(
    rng: Generator,
    *,
    n_transactions: int = 500,
    n_keys: int = 10_000_000,
    theta: float = 0.9,
    rate: float | None = None,
) -> Trace:
    """Transactions of a social graph: many short reads, some that read and write, a few long reads.

    Of these, 85 % read 1 to 10 keys, 13 % have 2 to 10 operations of which 40 % write, 2 % read 11 to 60 keys.

    Args:
        theta: of Zipf's law over the keys, at least 0.

    Reference: Cheng et al., "TAOBench: An End-to-End Benchmark for Social Network Workloads", PVLDB 15(9), 2022, which
    describes the shape; the numbers are our own.
    """
    _counts("taobench", n_transactions=n_transactions, n_keys=n_keys)
    draw_keys = _zipf(beside(rng, "keys"), n_keys, theta, "taobench")
    names = list(TAOBENCH)
    chosen = _mix(rng, [TAOBENCH[name][0] for name in names], n_transactions)
    tokens = []
    for i in chosen:
        _, least, most, writes = TAOBENCH[names[i]]
        n = int(rng.integers(least, most + 1))
        is_write = rng.random(n) < writes
        tokens.append([f"{'w' if w else 'r'}-{k}" for w, k in zip(is_write, draw_keys(n), strict=True)])
    return _trace(rng, "taobench", {"theta": theta}, tokens, [names[i] for i in chosen], rate)


TAOBENCH = {"read": (85, 1, 10, 0.0), "read_write": (13, 2, 10, 0.4), "long_read": (2, 11, 60, 0.0)}
"""Kind of transaction -> its weight, least and most operations, share of writes."""


def public_shape_2(rng: Generator, *, n_transactions: int = 100, rate: float | None = None) -> Trace:
    """Half orders, then half payments, on 4 warehouses and 40 districts: the shape of the second public workload, drawn anew.

    Reference: the public transaction-scheduling benchmark, workload 2 (Apache-2.0).
    """
    _counts("public_shape_2", n_transactions=n_transactions)
    keys = beside(rng, "keys")
    tokens, types = [], []
    for i in range(n_transactions):
        w, d = int(keys.integers(1, 5)), int(keys.integers(11, 51))
        is_order = i < n_transactions // 2
        order = [f"r-{w}", f"r-{d}", f"w-{d}", *["*"] * 18]
        tokens.append(order if is_order else [f"r-{w}", f"w-{w}", f"r-{d}", f"w-{d}", "*"])
        types.append("new_order" if is_order else "payment")
    return _trace(rng, "public_shape_2", {}, tokens, types, rate)


def public_shape_3(rng: Generator, *, n_transactions: int = 100, rate: float | None = None) -> Trace:
    """One read, seven private operations, one write, on two halves of 5 keys that change roles in the middle.

    Reference: the public transaction-scheduling benchmark, workload 3 (Apache-2.0); drawn anew.
    """
    _counts("public_shape_3", n_transactions=n_transactions)
    keys = beside(rng, "keys")
    tokens = []
    for i in range(n_transactions):
        low, high = int(keys.integers(1, 6)), int(keys.integers(6, 11))
        read, written = (low, high) if i < n_transactions // 2 else (high, low)
        tokens.append([f"r-{read}", *["*"] * 7, f"w-{written}"])
    return _trace(rng, "public_shape_3", {}, tokens, None, rate)


def hints(
    trace: Trace, setting: Setting, rng: Generator, *, told: str = "hot", hot: int = 100, wrong: float = 0.0
) -> Trace:
    """Adds the hot keys that each transaction will touch, as far as they are told, some of them wrong.

    Args:
        told: hot: the accesses of hot keys; types_only: those of another transaction of its type, drawn at random; all: every
            access of a shared key; none: nothing.
        hot: so many keys are hot: those that most transactions access, of keys on which any two conflict.
        wrong: probability in [0, 1] that a hint names another hot key, drawn at random, in place of each key it names.

    Returns:
        A new trace with a ragged column `hint` (int32), for each operation the key that is told, -1 where nothing is.

    Raises:
        InputError: `wrong` is no share, `told` none of these, or types are wanted of a trace that has none.

    Reference: hint quality as in Cheng et al., "Towards Optimal Transaction Scheduling", PVLDB 17(11), 2024, section 7.
    """
    if told not in TOLD:
        raise InputError(f'hints: told must be one of {", ".join(TOLD)}, got "{told}"')
    _shares("hints", wrong=wrong)
    _counts("hints", hot=hot)
    operations = Operations(trace)
    kinds, keys = columns(trace)
    key = np.asarray(keys.values)
    n_labels = len(trace.tables["keys"])
    is_told = np.zeros(n_labels + 1, np.bool_)
    popular = operations.labels[hottest(operations, operations.n_keys if told == "all" else hot)]
    if told != "none":
        is_told[popular] = True
    if told == "types_only":
        source = _of_same_type(trace, rng)
        hint = np.full(len(key), NONE, np.int32)
        for t, other in enumerate(source.tolist()):
            _retell(hint, key, is_told, kinds.offsets, t, other)
    else:
        hint = np.where(is_told[key], key, NONE).astype(np.int32)
    if len(popular):
        is_wrong = np.repeat(rng.random(operations.n) < wrong, operations.length) & (hint != NONE)
        hint[is_wrong] = rng.choice(popular, len(key))[is_wrong]
    return trace.with_column("hint", Ragged(hint, kinds.offsets), predictor="hints", told=told, hot=hot, wrong=wrong)


hints.channels = ("hints",)  # type: ignore[attr-defined]
hints.clairvoyant = True  # type: ignore[attr-defined]

TOLD = ("hot", "types_only", "all", "none")


def _of_same_type(trace: Trace, rng: Generator) -> np.ndarray:
    """For each transaction another of its type, perhaps itself, drawn at random."""
    if "type" not in trace:
        raise InputError(f"hints: trace {trace.name} tells no types of its transactions; told=hot needs none")
    codes = trace["type"].codes  # type: ignore[union-attr]
    drawn = np.empty(len(trace), np.int64)
    for code in np.unique(codes):
        mine = np.flatnonzero(codes == code)
        drawn[mine] = mine[rng.integers(0, len(mine), len(mine))]
    return drawn


def _retell(hint: np.ndarray, key: np.ndarray, is_told: np.ndarray, offsets: np.ndarray, mine: int, other: int) -> None:
    """Tells of one transaction what another one does, place by place, as long as both go on."""
    n = min(offsets[mine + 1] - offsets[mine], offsets[other + 1] - offsets[other])
    theirs = key[offsets[other] : offsets[other] + n]
    hint[offsets[mine] : offsets[mine] + n] = np.where(is_told[theirs], theirs, NONE)


def _zipf(rng: Generator, n: int, theta: float, who: str) -> Callable[[int], np.ndarray]:
    """Gives a function that draws so many ranks 1..n, rank i with probability proportional to i^-theta."""
    if not 0 <= theta < math.inf:
        raise InputError(f"{who}: theta must be at least 0 and finite, got {theta:g}")
    if theta == 0:
        return lambda size: rng.integers(1, n + 1, size)
    cumulative = np.cumsum(np.arange(1, n + 1, dtype=np.float64) ** -theta)
    cumulative /= cumulative[-1]
    return lambda size: np.searchsorted(cumulative, rng.random(size), side="right") + 1


def _mix(rng: Generator, weights: Sequence[float], n: int) -> list[int]:
    """Draws n kinds by their weights."""
    cumulative = np.cumsum(weights) / np.sum(weights)
    return np.minimum(np.searchsorted(cumulative, rng.random(n), side="right"), len(weights) - 1).tolist()


def _trace(
    rng: Generator,
    name: str,
    parameters: Mapping[str, float | int | str],
    tokens: list[list[str]],
    types: list[str] | None,
    rate: float | None,
    rolls_back: np.ndarray | None = None,
) -> Trace:
    arrival = None
    if rate is not None:
        if not 0 < rate < math.inf:
            raise InputError(f"{name}: rate must be above 0 and finite, got {rate:g}")
        gaps = beside(rng, "arrivals").exponential(1 / rate, len(tokens))
        arrival = np.floor(np.cumsum(gaps)).astype(np.int64) + 1
        parameters = {**parameters, "rate": rate}
    parameters = {**parameters, "n_transactions": len(tokens)}
    texts = [f"{key}={value:g}" if isinstance(value, float) else f"{key}={value}" for key, value in parameters.items()]
    called = ",".join([name, *texts])
    return trace_of(called, tokens, types=types, arrival=arrival, rolls_back=rolls_back, origin={"workload": name})


def _counts(name: str, **counts: int) -> None:
    for key, value in counts.items():
        if value < 1:
            raise InputError(f"{name}: {key} must be at least 1, got {value}")


def _shares(name: str, **shares: float) -> None:
    for key, value in shares.items():
        if not 0 <= value <= 1:
            raise InputError(f"{name}: {key} must be a share in [0, 1], got {value:g}")
