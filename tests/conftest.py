"""What every test shares: the example's built site, one engine, and readable names for sizes."""

from __future__ import annotations

from pathlib import Path

import pytest

from hcreport.build import build_site
from hcreport.render.report import ReportSource, example_snapshot
from hcreport.units import Bytes

_CHECKOUT = Path(__file__).parent.parent


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a size by its repr: it refuses to print itself, in a test's name too."""
    return repr(val) if isinstance(val, Bytes) else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Give one worker of ``make test`` all that needs an engine; the rest goes by file.

    So only one engine starts, and what a file prepares for its tests is prepared once.
    """
    from xdist.scheduler import LoadScopeScheduling

    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = _unit
    return scheduler


def _unit(test: str) -> str:
    return "engine" if test.startswith("tests/engine/") else test.partition("::")[0]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of ``make site``, built anew: the report of the example, and the guide."""
    folder = tmp_path_factory.mktemp("built") / "site"
    source = ReportSource(folder=_CHECKOUT, snapshot=example_snapshot())
    return build_site(source, folder).parent
