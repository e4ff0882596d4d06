"""How much memory is missing: one number, from the need, the use and what starts later."""

from __future__ import annotations

import pytest

from hcreport.estimate.requirements import started_requirement
from hcreport.estimate.shortage import (
    Shortage,
    saved_without,
    shortage,
    wanted_memory,
    with_engine_memory,
    without_services,
)
from hcreport.units import Bytes, gibibytes, mebibytes
from tests.fragments import snapshot_of
from tests.short_stack import short_of


def test_what_is_missing_is_what_is_wanted_less_what_there_is_and_the_effect() -> None:
    short = Shortage(wanted=gibibytes(6), has=gibibytes(2), services=1, unmeasured=0)
    assert short.short == gibibytes(4)
    assert short.left_after(gibibytes(1)) == gibibytes(3)
    assert short.left_after(gibibytes(9)) == Bytes(0)


def test_the_known_need_counts_and_the_use_with_its_alert_and_a_model_that_starts_later() -> None:
    plain = short_of(8)
    # the model, the web service, Docker with two containers, the system
    assert wanted_memory(plain) == gibibytes(6) + mebibytes(100 + 12 + 90)
    later = short_of(8, services=[{"name": "llama", "active": False}, {"name": "web"}])
    assert wanted_memory(later) == gibibytes(5) + mebibytes(100 + 6 + 90)
    full = short_of(8, models=[], services=[{"name": "web"}])
    assert wanted_memory(full) == Bytes(round(int(gibibytes(1)) / 0.8))


def test_leaving_a_service_out_takes_its_model_and_its_containers_along() -> None:
    snapshot = short_of(4)
    assert snapshot.containers_by_service  # looked up before, and not kept in the copy
    without = without_services(["llama", "web"], snapshot)
    assert (without.models, without.containers, without.containers_by_service) == ((), (), {})
    assert saved_without(["llama"], snapshot) == gibibytes(5) + mebibytes(6)


def test_what_is_saved_holds_no_share_of_the_room_that_docker_should_have_besides() -> None:
    web = {"name": "w", "service": "web", "state": "running"}
    full = short_of(4, models=[], containers=[{**web, "memory": {"usage": int(gibibytes(4))}}])
    assert wanted_memory(full) > started_requirement(full).at_least
    assert saved_without(["web"], full) == gibibytes(4) + mebibytes(6)


def test_nobody_knows_what_is_missing_without_an_engine() -> None:
    assert shortage(snapshot_of({"services": [{"name": "web"}]})) is None
    with pytest.raises(LookupError):
        with_engine_memory(gibibytes(1), snapshot_of({}))
