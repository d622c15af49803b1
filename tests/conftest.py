"""Shared by all tests: a cache folder of their own, and the reference data where it is present."""

import os
import signal
import tempfile
from pathlib import Path

import hypothesis
import pytest

os.environ.setdefault("AUGSIM_CACHE", str(Path(tempfile.gettempdir()) / f"augsim-tests-{os.getuid()}"))

hypothesis.settings.register_profile("house", deadline=None, derandomize=True)
hypothesis.settings.load_profile("house")

# a suite begun in the background ignores interrupts, and so would the programs that its tests interrupt
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public reference traces, beside the checkout; tests that need it are skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"reference data not present at {SHARED_DATA}")
    return SHARED_DATA
