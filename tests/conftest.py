"""Shared by all tests: a cache folder of their own, and the reference data where it is present."""

import os
import tempfile
from pathlib import Path

import hypothesis
import pytest

os.environ.setdefault("AUGSIM_CACHE", str(Path(tempfile.gettempdir()) / f"augsim-tests-{os.getuid()}"))

hypothesis.settings.register_profile("house", deadline=None, derandomize=True)
hypothesis.settings.load_profile("house")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public reference traces, beside the checkout; tests that need it are skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"reference data not present at {SHARED_DATA}")
    return SHARED_DATA
