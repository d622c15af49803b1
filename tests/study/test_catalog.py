"""Names to objects: what a name stands for, what it is refused with, and what installed packages add."""

import sys

import pytest

from policies.paging.combiner import Combiner
from policies.paging.lru import LRU
from policies.paging.s3fifo import S3FIFO
from sim.core.errors import InputError, UnknownName
from sim.domains import paging
from sim.study import catalog
from sim.study.experiment import label

ONE = '''\
from sim.domains import paging


class Mine(paging.Policy):
    """Evicts page `victim`."""

    victim: int = 0
    share: float = 0.5
    is_bold: bool = False
    shares: tuple[float, ...] = (0.5,)
    limit: int | None = None

    def evict(self, request):
        return self.victim
'''


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(ONE)
    return path


def test_a_file_in_the_library_is_a_name_on_the_command_line():
    assert type(catalog.policy("paging", "lru")) is LRU
    assert {"lru", "marker", "belady", "combiner"} <= set(catalog.policies("paging"))


def test_other_names_that_users_type_are_known():
    assert type(catalog.policy("paging", "LRU")) is LRU
    assert type(catalog.policy("paging", "s3-fifo")) is S3FIFO
    for domain, nicknames in catalog.NICKNAMES.items():
        assert set(nicknames.values()) <= set(catalog.policies(domain))
        assert not set(nicknames) & set(catalog.policies(domain))


def test_domains_are_words_and_their_systems_stand_behind_a_slash():
    assert {"paging", "paging/timed"} <= set(catalog.domains())
    assert catalog.domain_of("paging/timed") == "paging"
    assert catalog.system("paging").domain == catalog.system("paging/timed").domain == "paging"


def test_parameters_are_read_as_the_fields_say():
    policy = catalog.policy("paging", "s3fifo,small_share=0.25,promote_after=1")
    assert (policy.small_share, policy.promote_after) == (0.25, 1)


def test_a_users_file_is_a_policy_with_the_parameters_it_declares(mine):
    policy = catalog.policy("paging", f"{mine},victim=7,share=1,is_bold=yes,shares=[0.1;0.9],limit=3")
    assert (policy.victim, policy.share, policy.is_bold, policy.shares, policy.limit) == (7, 1.0, True, (0.1, 0.9), 3)
    assert catalog.policy("paging", f"{mine},limit=none").limit is None
    assert isinstance(policy, paging.Policy)


def test_types_may_be_written_as_types_or_as_text(mine):
    mine.write_text("from __future__ import annotations\n" + ONE)
    policy = catalog.policy("paging", f"{mine},victim=7,shares=[0.1;0.9],limit=3")
    assert (policy.victim, policy.shares, policy.limit) == (7, (0.1, 0.9), 3)


def test_policies_within_policies_are_built_to_any_depth():
    policy = catalog.policy("paging", "combiner,of=[lru;combiner,of=[marker;s3fifo,small_share=0.2]]")
    first, second = policy.of
    assert type(first) is LRU and type(second) is Combiner
    assert type(second.of[1]) is S3FIFO and second.of[1].small_share == 0.2
    assert label(policy) == "combiner,of=[lru;combiner,of=[marker;s3fifo,small_share=0.2]]"


def test_policies_that_are_defaults_are_built_too():
    assert [type(part).__name__ for part in catalog.policy("paging", "combiner").of] == ["Marker", "FollowPred"]


def test_a_users_file_may_stand_within_another_policy(mine):
    policy = catalog.policy("paging", f"combiner,of=[lru;{mine},victim=3]")
    assert policy.of[1].victim == 3


def test_an_edited_file_is_read_again(mine):
    before = catalog.policy_class("paging", str(mine))
    assert catalog.policy_class("paging", str(mine)) is before
    mine.write_text(ONE.replace("victim: int = 0", "victim: int = 5"))
    assert catalog.policy("paging", str(mine)).victim == 5


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("lruu", UnknownName, 'no paging policy named "lruu"; did you mean "lru"? (augsim list paging shows all '),
        ("zzz", UnknownName, 'no paging policy named "zzz" (augsim list paging shows all '),
        ("lru,k=2", UnknownName, 'no parameter of lru named "k" (parameters: none)'),
        (
            "s3fifo,smal_share=0.1",
            UnknownName,
            'named "smal_share"; did you mean "small_share"? (parameters: small_share, ',
        ),
        ("s3fifo,promote_after=two", InputError, 'parameter promote_after of s3fifo must be an integer, got "two"'),
        ("s3fifo,small_share=big", InputError, 'parameter small_share of s3fifo must be a number, got "big"'),
        ("mark0,eager=perhaps", InputError, 'parameter eager of mark0 must be true or false, got "perhaps"'),
        ("combiner,of=[lru;markerr]", UnknownName, 'no paging policy named "markerr"; did you mean "marker"?'),
        ("guard,base=[lru;marker]", InputError, 'expected one entry, got 2 in "[lru;marker]"'),
        ("none/mine.py", InputError, "no policy file none/mine.py"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(text, error, message):
    with pytest.raises(error) as raised:
        catalog.policy("paging", text)
    assert message in str(raised.value) and "\n" not in str(raised.value)


def test_a_parameter_without_default_must_be_given(mine):
    mine.write_text(ONE.replace("victim: int = 0", "victim: int"))
    with pytest.raises(InputError, match=r"needs the parameter victim: .*mine\.py,victim=\.\.\."):
        catalog.policy("paging", str(mine))


def test_a_policy_that_refuses_its_parameters_is_one_line(mine):
    mine.write_text(ONE + "\n    def __post_init__(self):\n        1 // self.victim\n")
    with pytest.raises(InputError, match="refuses its parameters: ZeroDivisionError: integer division"):
        catalog.policy("paging", str(mine))


def test_a_file_without_its_one_policy_is_refused(mine):
    for text, message in (
        ("x = 1\n", "defines no policy; expected one class derived from sim.domains.paging.Policy"),
        (ONE + ONE.replace("class Mine", "class Other"), r"defines several policies \(Mine, Other\)"),
        (ONE.replace("def evict", "def evicted"), "Mine in .* does not define evict"),
        ("from sim.core.policy import Policy\n\n\nclass Odd(Policy):\n    pass\n", "Odd in .* is no paging policy"),
        ("def f(:\n", r"mine\.py, line 1: "),
        ("x = 1\nraise KeyError('x')\n", "fails when loaded: KeyError: 'x'"),
    ):
        mine.write_text(text)
        with pytest.raises(InputError, match=message):
            catalog.policy("paging", str(mine))
    mine.write_text(ONE + ONE.replace("class Mine", "class _Helper"))
    assert catalog.policy_class("paging", str(mine)).__name__ == "Mine"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Makes an installed package with these entry points: a real distribution folder on the path."""

    def installed(**points: str) -> None:
        (tmp_path / "plugged.py").write_text(ONE + "\n\ndef function():\n    return 1\n")
        folder = tmp_path / "plugged-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: plugged\nVersion: 1.0\n")
        lines = [f"paging.{name} = {value}" for name, value in points.items()]
        (folder / "entry_points.txt").write_text(
            "\n".join(["[augsim.policies]", *lines, "dispatch.other = plugged:Mine"])
        )
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "plugged", raising=False)

    return installed


def test_an_installed_package_adds_policies_by_its_entry_points(installed):
    installed(bold="plugged:Mine", module="plugged")
    assert {"bold", "module", "lru"} <= set(catalog.policies("paging"))
    assert "other" not in catalog.policies("paging")
    policy = catalog.policy("paging", "bold,victim=4")
    assert policy.victim == 4 and type(policy).__name__ == "Mine"
    assert type(catalog.policy("paging", "module")) is type(policy)


def test_a_plug_in_takes_no_name_of_the_library(installed):
    installed(lru="plugged:Mine")
    assert type(catalog.policy("paging", "lru")) is LRU


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("plugged:Missing", r"plug-in paging\.bad \(plugged:Missing\) fails when loaded: AttributeError"),
        ("no_such_module:Mine", "fails when loaded: ModuleNotFoundError"),
        ("plugged:function", "is no paging policy; expected a class derived from sim.domains.paging.Policy"),
    ],
)
def test_a_plug_in_that_gives_no_policy_is_one_line(installed, value, message):
    installed(bad=value)
    with pytest.raises(InputError, match=message):
        catalog.policy("paging", "bad")


def test_a_policy_draws_where_some_part_of_it_uses_its_stream():
    assert not catalog.draws(catalog.policy("paging", "lru"))
    assert catalog.draws(catalog.policy("paging", "random"))
    assert catalog.draws(catalog.policy("paging", "combiner,of=[lru;marker]"))


def test_predictors_say_which_channels_they_fill():
    assert {"discard", "phase", "next", "popu", "pleco", "frequency", "states"} <= set(catalog.predictors())
    assert catalog.channels_filled("discard") == ("discard_bit",)
    assert "next_use" in catalog.channels_filled("popu")
    with pytest.raises(UnknownName, match='no predictor named "poppu"; did you mean "popu"'):
        catalog.predictor("poppu")


@pytest.mark.parametrize(
    ("declared", "text", "value"),
    [
        ("int", "1_000", 1000), ("float", "0.5", 0.5), ("str", "x", "x"), ("bool", "No", False), ("bool", "1", True),
        ("int | None", "none", None), ("int | None", "3", 3), ("float | None", "2", 2.0), ("str | float", "0.1", 0.1),
        ("str | float", "exp", "exp"), ("tuple[float, ...]", "[1;2.5]", (1.0, 2.5)), ("tuple[int, ...]", "4", (4,)),
    ],
)  # fmt: skip
def test_text_is_read_as_the_declared_type(declared, text, value):
    found = catalog.converted(declared, text, "x")
    assert found == value and type(found) is type(value)


def test_the_nearest_name_is_one_that_begins_so_or_is_spelled_nearly_so():
    known = ["small_share", "ghost_share", "promote_after"]
    assert catalog.unknown_word("x", "small", known).endswith('did you mean "small_share"?')
    assert catalog.unknown_word("x", "promot_after", known).endswith('did you mean "promote_after"?')
    assert catalog.unknown_word("x", "qqq", known) == 'no x named "qqq"'
