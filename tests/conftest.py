"""Shared fixtures: the reference material beside the project, where it exists."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False  # a hundred and more processes are started: they shall find the code compiled

settings.register_profile("gridpost", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("gridpost")  # no test asserts on time: a busy machine is not a defect

ROOT = Path(__file__).resolve().parent.parent

SHARED = Path(os.environ.get("GRIDPOST_SHARED", ROOT.parent / "shared"))


def pytest_xdist_auto_num_workers() -> int:
    """Two workers for each core with `-n auto`: half of a test's time goes to disks and to processes it started."""
    return 2 * (os.cpu_count() or 1)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Nine thousand tests are there to stay: nobody searches for garbage among them, now or later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with official schemas and published samples; tests that need it skip where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip("the reference material is not beside the project")
    return SHARED
