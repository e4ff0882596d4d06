"""What every test shares: the example's built site, one engine, and readable names for sizes."""

from __future__ import annotations

import os
from functools import cache
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
    """Give the workers of ``make test`` whole files, and one of them all that share an engine.

    So what a file prepares for its tests is prepared once, and so is the shared engine. The files
    go in their order: browser and engine, which take longest, are not left for the end.
    """
    from xdist.scheduler import LoadScopeScheduling

    config.option.loadscopereorder = False
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = lambda test: _unit(test.partition("::")[0])
    return scheduler


@cache
def _unit(file: str) -> str:
    if not file.startswith("tests/engine/"):
        return file
    one_for_all = bool(os.environ.get("HCREPORT_TEST_DOCKER_HOST"))
    own = "engine_of_its_own" in (_CHECKOUT / file).read_text(encoding="utf-8")
    return file if own and not one_for_all else "engine"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of ``make site``, built anew: the report of the example, and the guide."""
    folder = tmp_path_factory.mktemp("built") / "site"
    source = ReportSource(folder=_CHECKOUT, snapshot=example_snapshot())
    return build_site(source, folder).parent
