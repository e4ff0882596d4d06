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


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep all that needs the engine on one worker of ``make test``, so that only one starts."""
    needs = item.get_closest_marker("engine") or "engine" in getattr(item, "fixturenames", ())
    if needs:
        item.add_marker(pytest.mark.xdist_group("engine"))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of ``make site``, built anew: the report of the example, and the guide."""
    folder = tmp_path_factory.mktemp("built") / "site"
    source = ReportSource(folder=_CHECKOUT, snapshot=example_snapshot())
    return build_site(source, folder).parent
