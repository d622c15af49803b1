import subprocess
import sys

import numpy as np

from sim.core.seeds import alike, beside, stream


def test_streams_of_one_name_are_equal_and_of_two_names_differ():
    first, again, other = stream(7, "policy"), stream(7, "policy"), stream(7, "prediction")
    drawn = first.random(4)
    assert np.array_equal(drawn, again.random(4))
    assert not np.array_equal(drawn, other.random(4))


def test_names_are_kept_apart():
    assert stream(0, "ab", "c").random() != stream(0, "a", "bc").random()


def test_a_stream_does_not_depend_on_the_hash_seed_of_the_interpreter():
    program = "from sim.core.seeds import stream; print(stream(3, 'policy', 'a trace').random())"
    printed = {
        subprocess.run([sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True).stdout
        for seed in ("0", "1", "2")
    }
    assert printed == {f"{stream(3, 'policy', 'a trace').random()}\n".encode()}


def test_a_stream_beside_another_leaves_its_draws_and_its_offspring_alone():
    plain, observed = stream(7, "policy"), stream(7, "policy")
    besides = beside(observed, "latency").random()
    assert besides == beside(stream(7, "policy"), "latency").random() != beside(plain, "other").random()
    assert plain.spawn(1)[0].random() == observed.spawn(1)[0].random()
    assert plain.random() == observed.random()


def test_a_stream_of_other_names_under_the_same_seed():
    assert alike(stream(7, "policy", "a"), "policy", "b").random() == stream(7, "policy", "b").random()
