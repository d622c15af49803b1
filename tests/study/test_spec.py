"""Names with parameters as users write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.core.errors import InputError
from sim.study import spec
from sim.study.spec import Spec


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lru", Spec("lru")),
        (" lru ", Spec("lru")),
        ("discard:flip=0.1", Spec("discard", {"flip": "0.1"})),
        ("s3fifo,small_share=0.1,promote_after=1", Spec("s3fifo", {"small_share": "0.1", "promote_after": "1"})),
        ("zipf, alpha = 0.8 , n_pages= 10", Spec("zipf", {"alpha": "0.8", "n_pages": "10"})),
        ("states:of=popu", Spec("states", {"of": "popu"})),
        ("x,path=a=b", Spec("x", {"path": "a=b"})),
        ("combiner,of=[marker;follow_pred]", Spec("combiner", {"of": "[marker;follow_pred]"})),
        (
            "combiner,of=[lru;combiner,of=[guard,base=[follow_pred,tie=low_slot];lru],eps=0.1],gamma=0.5",
            Spec(
                "combiner",
                {"of": "[lru;combiner,of=[guard,base=[follow_pred,tie=low_slot];lru],eps=0.1]", "gamma": "0.5"},
            ),
        ),
    ],
)
def test_a_name_and_its_parameters(text, expected):
    assert spec.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mine.py", Spec("mine.py")),
        ("./a,b/mine.py,k=2", Spec("./a,b/mine.py", {"k": "2"})),
        ("C:/mine.py,k=2", Spec("C:/mine.py", {"k": "2"})),
        ("lru", Spec("lru")),
        ("runs=3/mine.py", Spec("runs=3/mine.py")),
        ("combiner,of=./mine.py", Spec("combiner", {"of": "./mine.py"})),
        ("combiner,of=[lru;./mine.py,k=2]", Spec("combiner", {"of": "[lru;./mine.py,k=2]"})),
        ("./both.py,of=[./mine.py,k=2;lru]", Spec("./both.py", {"of": "[./mine.py,k=2;lru]"})),
    ],
)
def test_a_policys_file_may_have_commas_and_colons_in_its_path(text, expected):
    assert spec.parse_policy(text) == expected


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[a;b,k=1;c]", ["a", "b,k=1", "c"]),
        ("[combiner,of=[a;b];c]", ["combiner,of=[a;b]", "c"]),
        ("a", ["a"]),
        ("[a]", ["a"]),
        ("[]", []),
        ("[a; ;b;]", ["a", "b"]),
    ],
)
def test_a_list_is_cut_at_its_own_semicolons(text, parts):
    assert spec.items(text) == parts


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", '"" names nothing; expected NAME or NAME,key=value'),
        (",k=1", '",k=1" names nothing'),
        ("lru,k", '"k" in "lru,k" is no parameter; expected key=value'),
        ("lru,=1", '"=1" in "lru,=1" is no parameter'),
        ("lru,k=1,k=2", 'parameter k stands twice in "lru,k=1,k=2"'),
        ("a,of=[b;c", 'brackets do not match in "of=[b;c"'),
        ("a,of=b]", 'brackets do not match in "of=b]"'),
        ("a,of=]b[", "brackets do not match"),
        ("mine.py,k", '"k" in "mine.py,k" is no parameter'),
    ],
)
def test_what_cannot_be_read_is_said(text, message):
    with pytest.raises(InputError) as error:
        spec.parse_policy(text)
    assert str(error.value).startswith(message)


def test_a_single_entry_is_not_a_list():
    assert spec.item("[a,k=[b;c]]") == spec.item("a,k=[b;c]") == "a,k=[b;c]"
    with pytest.raises(InputError, match="expected one entry, got 2"):
        spec.item("[a;b]")


WORDS = st.text("abcxyz_019", min_size=1, max_size=5)
ATOMS = st.tuples(WORDS, st.dictionaries(WORDS, WORDS, max_size=2)).map(
    lambda pair: ",".join([pair[0], *(f"{key}={value}" for key, value in pair[1].items())])
)
NESTED = st.recursive(
    ATOMS,
    lambda parts: st.tuples(WORDS, st.lists(parts, min_size=1, max_size=3)).map(
        lambda t: f"{t[0]},of=[{';'.join(t[1])}]"
    ),
)


@given(st.lists(NESTED, min_size=1, max_size=4))
def test_lists_nest_to_any_depth(parts):
    assert spec.items(f"[{';'.join(parts)}]") == parts
    assert spec.parse(f"name,of=[{';'.join(parts)}],k=1").arguments["k"] == "1"


@given(st.text("a,:;=[] ", max_size=12))
def test_any_text_is_read_or_refused(text):
    try:
        wanted = spec.parse(text)
    except InputError:
        return
    assert wanted.name and all(key == key.strip() and key for key in wanted.arguments)
