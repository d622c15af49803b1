import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.adrs import allowlist, problem
from sim.adrs.candidate import Candidate, Report, Status
from sim.adrs.proposers import Tried, Unavailable, prompt, replies
from sim.adrs.proposers.cassette import Cassette, key_of
from sim.adrs.proposers.endpoint import Answer, Endpoint
from sim.adrs.proposers.llm import LLM, PATIENCE, Model, connected
from sim.core.errors import InputError
from tests.adrs.stub import Reply, Stub, says

ROOT = Path(__file__).parents[3]
PAGING = problem.find("paging")
TRAINING = ("a.csv seed=0", "b.csv seed=0")
WHOLE = '''from sim.domains import paging


class Evolved(paging.Sampled):
    """Evicts what is old and seldom requested."""

    def score(self, page):
        return divide(self.age(page), self.count(page))
'''


def seed(name="sampled: lru", **losses):
    source = PAGING.source(PAGING.seeds()[name])
    return Tried(Candidate(source), Report(Status.OK, losses or dict.fromkeys(TRAINING, 0.0)))


def proposer(answer, model=None, training=TRAINING):
    """A proposer that is given this text, response or failure each time."""
    if isinstance(answer, str):
        answer = says(answer).body
    given = answer if isinstance(answer, Answer) else Answer(answer)
    asked = []

    def ask(request):
        asked.append(request)
        return given

    return LLM(PAGING, model or Model("m"), Cassette("off", None, ask), training), asked


def ask(one, *parents, seed=1):
    return one.ask(parents, np.random.default_rng(seed))


def messages(*tried, failures=None, training=TRAINING, most=100_000):
    return prompt.messages(PAGING, tried, failures or {}, training, most)[0]


def text_of(*tried, **options):
    return messages(*tried, **options)[1]["content"]


def test_a_prompt_states_task_objective_interface_features_with_units_rules_and_form_of_the_answer():
    text = text_of(seed())
    assert PAGING.task in text
    assert "misses (lower is better), relative to the policy `lru`" in text and "as low as you can" in text
    assert "evict(request) -> page    the cache is full" in text and "capacity: pages, or bytes where `sized`" in text
    for template in PAGING.templates:
        for name, feature in template.features.items():
            assert f"self.{name}(" in text and feature.meaning in text
    assert "[requests]" in text and "[bytes]" in text
    assert "No recursion" in text and "from sim.core.structures import Heap" in text
    assert "LinkedList(n): A doubly linked list" in text and "move_to_front(i)" in text
    assert replies.SEARCH in text and "Either edits of program v0" in text


@pytest.mark.parametrize(
    ("domain", "metric", "told"),
    [
        ("dispatch", "response_mean", "predicted_work(server): Time until the server has done all"),
        ("transactions", "makespan", "makespan_with(transaction): The makespan with this one placed next."),
        ("bandits", "regret", "choose(context) -> arm         an arm in 0..n_arms-1"),
    ],
)
def test_what_policies_of_every_domain_may_do_and_see_is_told(domain, metric, told):
    other = replace(PAGING, system=domain, domain=domain, metric=metric, templates=())
    text = prompt.messages(other, [], {}, TRAINING, 100_000)[0][1]["content"]
    assert told in text and f"from sim.domains import {domain}" in text and "rng" in text


@pytest.mark.parametrize("domain", [*problem.known(), "transactions/engine"])
def test_every_problem_is_told_with_its_forms_and_what_they_may_read(domain):
    found = problem.find(domain)
    programs = [Tried(Candidate(found.source(formula)), Report(Status.OK, {})) for formula in found.seeds().values()]
    text = prompt.messages(found, programs, {}, TRAINING, 100_000)[0][1]["content"]
    assert found.task in text and f"relative to the policy `{found.baseline}`" in text
    for template in found.templates:
        assert f"A short form: {template.base}" in text and f"class Evolved({template.base})" in text
        for name, feature in template.features.items():
            assert f"self.{name}(" in text and feature.meaning in text


def test_programs_stand_in_rising_order_and_edits_are_of_the_last():
    worse = seed("sampled: lfu", **dict.fromkeys(TRAINING, 0.1))
    text = text_of(worse, seed())
    assert text.index("Program v0") < text.index("-count") < text.index("Program v1") < text.index("return age")
    assert "Either edits of program v1" in text


def test_figures_are_of_training_alone_rounded_and_without_the_names_of_traces():
    losses = {TRAINING[1]: 0.123456, TRAINING[0]: -0.0512345, "holdout.csv seed=0": -7.77, "foreign": 5.55}
    text = text_of(seed(**losses))
    assert "misses against `lru`: +3.7 % on average; workload 1: -5.0 %, workload 2: +13.1 %" in text
    for secret in ("holdout", "foreign", "a.csv", "0.12", "7.77", "-100.0", "999"):
        assert secret not in text


def test_of_a_metric_that_should_be_high_a_loss_below_0_is_a_gain():
    bandits = replace(PAGING, system="bandits/arms", domain="bandits", metric="best_arm_share", templates=())
    [_, message], _ = prompt.messages(bandits, [seed(**{TRAINING[0]: -0.0953})], {}, TRAINING, 100_000)
    assert "best_arm_share (higher is better)" in message["content"] and "as high as you can" in message["content"]
    assert "best_arm_share against `lru`: +10.0 % on average" in message["content"]


def test_workloads_keep_their_numbers_where_a_program_lacks_one():
    text = text_of(seed(**{TRAINING[1]: 0.5}), seed("sampled: lfu"))
    assert "+64.9 % on average; workload 2: +64.9 %" in text


def test_no_prompt_speaks_of_what_is_left_to_spend():
    everything = json.dumps(messages(seed(), failures={"timeout": ["took too long"]})).lower()
    for word in ("budget", "evaluations left", "remaining", "token", "dollar", "holdout", "validation"):
        assert word not in everything


def test_failures_are_told_by_their_kind_and_the_latest_few_alone():
    one, asked = proposer(WHOLE)
    for k in range(5):
        one.tell(
            Tried(
                Candidate(f"# {k}", proposer="llm"), Report(Status.REFUSED, detail=f"line {k}:\n import \x1b[31mof os")
            )
        )
    one.tell(Tried(Candidate("# 4", proposer="llm"), Report(Status.REFUSED, detail="line 4: import of os")))
    one.tell(Tried(Candidate("# 5", proposer="stub"), Report(Status.TIMEOUT, detail="60 s")))
    one.tell(Tried(Candidate("# 6", proposer="gp"), Report(Status.CRASHED, detail="not mine")))
    one.tell(Tried(Candidate("# 7", proposer="llm"), Report(Status.OK, {"a": 0.0})))
    ask(one, seed())
    text = asked[0]["messages"][1]["content"]
    kept = ("line 3: import [31mof os", "line 4: import [31mof os", "line 4: import of os")
    assert "".join(f"- refused: {line}\n" for line in kept) + "- timeout: 60 s\n" in text
    assert "not mine" not in text and "line 2" not in text


def test_a_prompt_that_is_too_long_loses_its_worst_programs_first_and_never_the_last():
    tried = [seed(name) for name in ("sampled: lfu", "sampled: lru_2", "sampled: lru")]
    whole = text_of(*tried)
    fewer = text_of(*tried, most=len(whole) + len(prompt.SYSTEM) - 1)
    assert "return -count" not in fewer and "return age + gap" in fewer and "Either edits of program v1" in fewer
    least = text_of(*tried, most=1)
    assert "return age\n" in least and "Program v1" not in least


def test_parents_are_those_that_the_prompt_shows():
    one, _ = proposer(WHOLE, Model("m", most_characters=1))
    best = seed()
    assert ask(one, seed("sampled: lfu"), best).candidate.parents == (best.candidate.id,)


def test_a_fence_in_a_program_does_not_end_its_own():
    tried = Tried(Candidate('"""\n```\n"""\n'), Report(Status.OK, {}))
    text = text_of(tried)
    assert "````python\n" in text and "Not measured yet." in text


def test_without_programs_a_whole_file_is_asked_for():
    text = text_of()
    assert replies.SEARCH not in text and "A whole file in one fenced block" in text


def test_markers_are_explained_where_the_last_program_has_them():
    marked = Tried(Candidate(f"{replies.START}\nx = 1\n{replies.END}\n"), Report(Status.OK, {}))
    assert f"Only what stands between the lines `{replies.START}`" in text_of(marked)
    assert replies.START not in text_of(seed())


def test_a_prompt_is_the_same_in_every_process():
    code = "from tests.adrs.proposers.test_llm import *; print(key_of({'messages': messages(seed(), training=TRAINING[::-1])}))"
    for hash_seed in ("1", "77"):
        env = {**os.environ, "PYTHONHASHSEED": hash_seed}
        told = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True
        )
        assert told.stdout.strip() == key_of({"messages": messages(seed())})


def test_a_whole_file_becomes_a_candidate_with_its_imports_completed_and_its_parents_named():
    one, asked = proposer(f"Try this.\n```python\n{WHOLE}```")
    best, worse = seed(), seed("sampled: lfu")
    proposal = ask(one, worse, best)
    assert proposal.malformed == ""
    assert proposal.candidate.source == f"from sim.core.formula import divide\n{WHOLE}"
    assert proposal.candidate.parents == (best.candidate.id, worse.candidate.id)
    assert proposal.candidate.proposer == "llm" and proposal.candidate.note.startswith("answer ")
    request = asked[0]
    assert (request["model"], request["temperature"], request["max_tokens"]) == ("m", 0.8, 8192)
    assert [message["role"] for message in request["messages"]] == ["system", "user"]


def test_edits_are_made_on_the_last_parent():
    one, _ = proposer("<<<<<<< SEARCH\n        return age\n=======\n        return log(age)\n>>>>>>> REPLACE")
    source = ask(one, seed("sampled: lfu"), seed()).candidate.source
    assert source == "from sim.core.formula import log\n" + seed().candidate.source.replace(
        "return age", "return log(age)"
    )


def test_edits_that_do_not_fit_are_malformed_and_the_next_prompt_says_why():
    one, asked = proposer("<<<<<<< SEARCH\n  return age\n=======\n  return 1\n>>>>>>> REPLACE")
    proposal = ask(one, seed())
    assert "is not in the program as it stands" in proposal.malformed
    assert proposal.candidate.source.startswith("<<<<<<< SEARCH")
    one.tell(Tried(proposal.candidate, Report(Status.MALFORMED, detail=proposal.malformed)))
    ask(one, seed())
    assert f"- malformed: {proposal.malformed}" in asked[1]["messages"][1]["content"]


def test_the_frozen_part_of_a_marked_file_is_put_back():
    source = WHOLE.replace("    def score", f"    {replies.START}\n    def score") + f"    {replies.END}\n"
    parent = Tried(Candidate(source), Report(Status.OK, dict.fromkeys(TRAINING, 0.0)))
    changed = source.replace("paging.Sampled", "paging.Cheat").replace("self.count(page)", "self.total(page)")
    proposal = ask(proposer(f"```python\n{changed}```")[0], parent)
    assert proposal.candidate.source == source.replace("self.count(page)", "self.total(page)")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (says(""), "the reply is empty"),
        (says(None, reasoning_content="hm"), "the reply is empty"),
        (says(WHOLE, finish="length"), "the reply was cut at its longest"),
        (says("<think>hm"), "the reply is empty"),
        (says(f"{WHOLE}\x00"), "the program holds the character U+0000"),
        (says(f"{WHOLE}\n)"), "the program is no Python: line 10: unmatched ')'"),
        (says(f"{WHOLE}\n\ud800"), "the program holds the character U+D800"),
    ],
)
def test_a_reply_that_is_no_policy_is_malformed_with_the_reason(answer, said):
    proposal = ask(proposer(answer.body)[0], seed())
    assert said in proposal.malformed and "\n" not in proposal.malformed
    proposal.candidate.source.encode()


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("import os; os._exit(0)", "import of os"),
        ("eval('1')", "the name eval"),
        ("open('/etc/passwd')", "the name open"),
        ("while True: pass", "a while loop that nothing ends"),
        ("self.__class__.__bases__", "the attribute __"),
        ("return self.score(page)", "score calls itself"),
    ],
)
def test_a_hostile_program_is_handed_on_as_it_came_and_the_allow_list_refuses_it(line, status):
    hostile = WHOLE.replace("        return", f"        {line}\n        return")
    proposal = ask(proposer(hostile)[0], seed())
    assert proposal.malformed == "" and line in proposal.candidate.source
    assert status in str(allowlist.check(proposal.candidate.source, "paging"))


def test_an_endpoint_that_gives_nothing_usable_is_given_up_after_a_while():
    one, _ = proposer(Answer(None, "the answer is no JSON"))
    for _ in range(PATIENCE - 1):
        assert ask(one, seed()).malformed == "the answer is no JSON"
    with pytest.raises(
        Unavailable, match=r"gave no answer that can be used, 5 times in a row \(the answer is no JSON\); are base URL"
    ):
        ask(one, seed())


def test_empty_replies_are_the_models_and_no_reason_to_give_up():
    one, _ = proposer("")
    assert [ask(one, seed()).malformed for _ in range(2 * PATIENCE)] == ["the reply is empty"] * 2 * PATIENCE


def test_tokens_and_dollars_are_told():
    answer = says(WHOLE, usage={"prompt_tokens": 3000, "completion_tokens": 500}).body
    proposal = ask(proposer(answer, Model("m", dollars_in=1.0, dollars_out=4.0))[0], seed())
    assert proposal.tokens == 3500 and proposal.dollars == pytest.approx((3000 * 1 + 500 * 4) / 1e6)
    assert proposal.notices == ()


@pytest.mark.parametrize(
    "usage", [None, "lots", {}, {"prompt_tokens": -1, "completion_tokens": "9"}, {"prompt_tokens": True}]
)
def test_missing_usage_is_told_from_the_length_of_the_text_and_said_once(usage):
    one, asked = proposer(says(WHOLE, usage=usage).body)
    first, second = ask(one, seed()), ask(one, seed())
    n_read = sum(len(message["content"]) for message in asked[0]["messages"])
    assert first.tokens == second.tokens == -(-n_read // 4) + -(-len(WHOLE) // 4)
    assert "reports no usage" in first.notices[0] and second.notices == ()


@pytest.mark.parametrize(
    ("n_read", "is_cut"),
    [(2047, True), (2048, True), (4096, True), (8193, True), (2500, False), (300, True), (0, False)],
)
def test_a_prompt_that_seems_to_be_cut_is_warned_of(n_read, is_cut):
    one, _ = proposer(says(WHOLE, usage={"prompt_tokens": n_read, "completion_tokens": 5}).body)
    notices = ask(one, seed()).notices
    assert [("it may have cut it" in notice) for notice in notices] == [True] * is_cut


def test_every_request_has_a_seed_of_the_runs_own_stream():
    one, asked = proposer(WHOLE)
    for k in (1, 1, 2):
        ask(one, seed(), seed=k)
    assert asked[0]["seed"] == asked[1]["seed"] != asked[2]["seed"]


def test_a_run_that_begins_again_asks_what_it_asked_before(tmp_path):
    def run(one, rng, steps):
        given = []
        for _ in range(steps):
            proposal = one.ask([seed()], rng)
            one.tell(Tried(proposal.candidate, Report(Status.MALFORMED, detail=proposal.malformed)))
            given.append(proposal)
        return given

    script = [says(f"{WHOLE}\n)", usage=None), says(""), says(WHOLE), says("<think>"), says(WHOLE, finish="length")]
    with Stub(script) as stub:
        endpoint = Endpoint(stub.base_url)
        whole = run(
            LLM(PAGING, Model("m"), Cassette("record", tmp_path, endpoint.ask), TRAINING), np.random.default_rng(3), 5
        )
        n_asked = len(stub.requests)
    again = LLM(PAGING, Model("m"), Cassette("replay", tmp_path, None), TRAINING)
    assert run(again, np.random.default_rng(3), 5) == whole and n_asked == 5
    assert again.failures["malformed"][-1].startswith("the reply was cut")


def test_a_replay_gives_the_recorded_run_without_a_socket_and_names_the_stub(tmp_path, monkeypatch):
    def run(cassette):
        one, rng = LLM(PAGING, Model("m", dollars_in=2.0), cassette, TRAINING), np.random.default_rng(3)
        return [one.ask([seed()], rng) for _ in range(3)]

    with Stub([says(WHOLE), Reply(b"<html>"), says("no idea", usage=None)]) as stub:
        recorded = run(Cassette("record", tmp_path, Endpoint(stub.base_url).ask))
    assert [bool(proposal.malformed) for proposal in recorded] == [False, True, True]
    assert recorded[0].candidate.proposer == "stub"
    monkeypatch.setattr(socket, "socket", pytest.fail)
    assert run(Cassette("replay", tmp_path, None)) == recorded


def test_answers_come_from_an_endpoint_a_folder_or_both(tmp_path):
    assert connected("", "", "replay", tmp_path).ask is None
    assert connected("http://127.0.0.1:1/v1", "", "record", tmp_path).folder == tmp_path
    assert connected("http://127.0.0.1:1/v1", "", "off", None).folder is None
    with pytest.raises(
        InputError, match=r"proposer llm needs an endpoint, --base-url .* or recorded answers, --cassette DIR"
    ):
        connected("", "", "record", tmp_path)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": ""}, "proposer llm needs a model; name one by --model"),
        ({"temperature": 2.1}, r"temperature must be in \[0, 2\], got 2.1"),
        ({"temperature": float("nan")}, "temperature must be"),
        ({"max_tokens": 0}, "max_tokens must be at least 1, got 0"),
        ({"dollars_in": -1.0}, "prices must be at least 0 dollars, got -1 and 0"),
    ],
)
def test_a_model_that_cannot_be_asked_is_refused(options, said):
    with pytest.raises(InputError, match=said):
        Model(**{"name": "m", **options})
