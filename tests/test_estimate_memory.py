"""The three memory figures and the fit of models: what is counted, and what is left unknown."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from hcreport.estimate.memory import memory_budget, service_limits
from hcreport.estimate.models import model_fits
from hcreport.units import Bytes, gibibytes, mebibytes
from tests.fragments import snapshot_of


def test_nothing_known_is_not_zero() -> None:
    budget = memory_budget(snapshot_of({}))
    assert (budget.engine_total, budget.measured, budget.limits) == (None, None, None)


def test_measured_use_is_that_of_docker_stats_over_running_containers() -> None:
    budget = memory_budget(
        snapshot_of("""
            containers:
              - name: a
                state: running
                memory: {usage: !memory 100MiB, inactive_file: !memory 30MiB}
              - name: b
                state: paused
                memory: {usage: !memory 50MiB, inactive_file: !memory 50MiB}
              - {name: c, state: running}
              - {name: d, state: exited, memory: {usage: !memory 9GiB}}
        """)
    )
    assert budget.measured is not None
    assert budget.measured.value == mebibytes(120)
    assert (budget.measured_containers, budget.running_containers) == (2, 3)
    assert budget.measured.origin.kind == "measured"
    assert "2 of 3 running containers" in budget.measured.origin.evidence


def test_limits_are_those_in_force_else_declared_times_replicas() -> None:
    limits = service_limits(
        snapshot_of("""
            services:
              - {name: declared, replicas: 3, limits: {memory: !memory 512MiB}}
              - {name: enforced, limits: {memory: !memory 1GiB}}
              - {name: half, limits: {memory: !memory 1GiB}}
              - {name: free}
              - {name: idle, active: false, limits: {memory: !memory 1GiB}}
            containers:
              - {name: e, service: enforced, state: running, limits: {memory: !memory 2GiB}}
              - {name: g, service: enforced, state: removing, limits: {memory: !memory 7GiB}}
              - {name: h1, service: half, state: running, limits: {memory: !memory 1GiB}}
              - {name: h2, service: half, state: running}
        """)
    )
    assert limits == {
        "declared": mebibytes(1536),
        "enforced": gibibytes(2),
        "half": None,
        "free": None,
    }


@dataclass(frozen=True, kw_only=True)
class Fit:
    """One row: what the engine has, the limit, the need, and what follows."""

    engine: str = "null"
    limit: str = "null"
    need: str = "!memory 5GiB"
    has: int | None
    fits: bool | None
    reason: str


@pytest.mark.parametrize(
    "row",
    [
        Fit(
            engine="!memory 2GiB",
            limit="!memory 4GiB",
            has=2,
            fits=False,
            reason="It needs 5 GiB, but the engine has 2 GiB and its service's limit is 4 GiB.",
        ),
        Fit(
            engine="!memory 8GiB",
            limit="!memory 4GiB",
            has=4,
            fits=False,
            reason="It needs 5 GiB, but its service's limit is 4 GiB.",
        ),
        Fit(engine="!memory 8GiB", limit="!memory 6GiB", has=6, fits=True, reason="It fits alone"),
        Fit(engine="!memory 8GiB", has=8, fits=True, reason="comes on top"),
        Fit(engine="!memory 5GiB", has=5, fits=True, reason="comes on top"),
        Fit(limit="!memory 4GiB", has=4, fits=False, reason="its service's limit is 4 GiB"),
        Fit(limit="!memory 6GiB", has=6, fits=None, reason="engine is not known"),
        Fit(has=None, fits=None, reason="engine is not known"),
        Fit(
            engine="!memory 2GiB",
            need="null",
            has=2,
            fits=None,
            reason="neither declared nor measured",
        ),
    ],
)
def test_whether_a_model_fits(row: Fit) -> None:
    (fit,) = model_fits(
        snapshot_of(f"""
            engine: {{memory_total: {row.engine}}}
            services: [{{name: llama, limits: {{memory: {row.limit}}}}}]
            models: [{{name: m, service: llama, memory: {row.need}, fact: ollama/some}}]
        """)
    )
    assert fit.fits is row.fits
    assert row.reason in fit.reason
    assert (fit.has.value if fit.has else None) == (gibibytes(row.has) if row.has else None)
    if row.need != "null":
        assert fit.needs is not None
        assert (fit.needs.value, fit.needs.origin.fact) == (gibibytes(5), "ollama/some")


def test_the_smallest_limit_in_force_decides() -> None:
    (fit,) = model_fits(
        snapshot_of("""
            services: [{name: llama, limits: {memory: !memory 9GiB}}]
            containers:
              - {name: l1, service: llama, state: running, limits: {memory: !memory 3GiB}}
              - {name: l2, service: llama, state: running, limits: {memory: !memory 2GiB}}
            models: [{name: m, service: llama, memory: !memory 1GiB}]
        """)
    )
    assert fit.has is not None
    assert Bytes(int(fit.has.value)) == gibibytes(2)
