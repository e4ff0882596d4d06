"""What befell real containers is in the snapshot: each trace is staged on an engine of its own.

The engine keeps its last 256 events, so that no other test may write events beside these.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hcreport.analyze import analyze
from hcreport.model import Container, HealthCheck, Past, Refusal
from hcreport.snapshot import format_snapshot, parse_snapshot
from hcreport.units import parse_docker_stats_memory
from tests.engine.traced import Traces, stage
from tests.engine_fixture import CANARY, RunningEngine
from tests.engine_fixture import engine_of_its_own as engine

__all__ = ["engine"]

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def traces(engine: RunningEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traces]:
    """Yield a project in which something befell every container."""
    if not engine.started_here:
        pytest.skip("the events of other containers would drive these out of the engine's list")
    staged = stage(engine, tmp_path_factory.mktemp("traces"))
    yield staged
    for container in staged.made.values():
        container.remove(force=True, v=True)


@pytest.fixture(scope="module")
def found(traces: Traces) -> dict[str, Container]:
    """Return the containers of one snapshot by service."""
    snapshot = traces.take()
    assert snapshot.gaps == ()
    assert parse_snapshot(format_snapshot(snapshot)) == snapshot
    return {str(each.service): each for each in snapshot.containers}


def past_of(found: dict[str, Container], service: str) -> Past:
    past = found[service].past
    assert past is not None
    return past


@pytest.mark.parametrize(
    ("service", "exit_code", "past"),
    [
        ("again", 3, Past(exit_codes=(3, 3, 3))),
        ("stopped", 137, Past(signals=(15, 9), exit_codes=(137,))),
        ("slain", 137, Past(signals=(9,), exit_codes=(137,))),
        ("polite", 143, Past(signals=(15,), exit_codes=(143,))),
        ("bounced", None, Past(exit_codes=(143,))),
        ("llm", None, Past()),
    ],
)
def test_signals_and_exit_codes_are_told(
    found: dict[str, Container], service: str, exit_code: int | None, past: Past
) -> None:
    assert found[service].exit_code == exit_code
    assert past_of(found, service) == past


def test_the_kill_of_a_child_leaves_two_traces(found: dict[str, Container], traces: Traces) -> None:
    """PID 1 runs on, and its exit code says nothing; the engine and the kernel do."""
    child = found["child"]
    assert (child.state, child.exit_code, child.restart_count) == ("running", None, 0)
    assert past_of(found, "child").oom_kills >= 1
    assert past_of(found, "child").exit_codes == ()
    assert child.oom_kills == kernels_own(traces, "child") == 1


def test_a_slow_start_is_told_when_its_probes_are_lost(
    found: dict[str, Container], traces: Traces
) -> None:
    late = found["late"]
    assert late.health is not None
    assert {each.outcome for each in late.health.probes} == {"passed"}
    past = past_of(found, "late")
    assert past.unhealthy_after is not None
    assert past.healthy_after is not None
    assert 0 < past.unhealthy_after < past.healthy_after
    (finding,) = [each for each in analyze(traces.take()).findings if each.subject == late.name]
    assert (finding.rule, finding.confidence) == ("start-period-too-short", "likely")


@pytest.mark.parametrize("service", ["bounced", "llm", "stopped"])
def test_the_kernels_count_is_of_those_that_run(
    found: dict[str, Container], traces: Traces, service: str
) -> None:
    assert found[service].oom_kills == kernels_own(traces, service)
    assert found[service].oom_kills == (None if service == "stopped" else 0)


def kernels_own(traces: Traces, service: str) -> int | None:
    """Return the kernel's count, found by the container's id alone; other groups come and go."""
    key = traces.key(service)
    for folder, _, files in os.walk("/sys/fs/cgroup"):
        for name in {"memory.oom_control", "memory.events"} & {*files}:
            if key in Path(folder).name:
                words = Path(folder, name).read_text(encoding="ascii").split()
                return int(words[words.index("oom_kill") + 1])
    return None


@pytest.mark.parametrize(
    ("service", "reason"),
    [
        ("no-program", "program not found"),
        ("no-name", "program not found"),
        ("no-device", "other"),
        ("llm", None),
        ("slain", None),
    ],
)
def test_the_engines_error_is_one_of_our_words(
    found: dict[str, Container], service: str, reason: str | None
) -> None:
    assert found[service].start_error == reason


def test_a_refusal_of_ollama_is_two_sizes(found: dict[str, Container]) -> None:
    """Which of the two lines the engine got first is open: they went through two pipes."""
    sized = Refusal(
        wording="until 0.29",
        needs=parse_docker_stats_memory("5.6 GiB"),
        available=parse_docker_stats_memory("1.6 GiB"),
    )
    assert {*found["llm"].refusals} == {sized, Refusal(wording="since 0.30")}
    assert len(found["llm"].refusals) == 2


@pytest.mark.parametrize("service", ["past-llm", "talker", "slain"])
def test_no_other_log_is_a_refusal(found: dict[str, Container], service: str) -> None:
    """One said it before its last start, one is no Ollama, one said nothing."""
    assert found[service].refusals == ()


def test_the_check_of_an_image_is_in_force(found: dict[str, Container]) -> None:
    assert found["checked"].health_check == HealthCheck(
        kind="CMD-SHELL", probe=None, interval_seconds=1.0, timeout_seconds=20.0, retries=9
    )
    assert found["slain"].health_check is None


def test_probes_have_times(found: dict[str, Container], traces: Traces) -> None:
    """Each begins a second or more after the start and after the one before, and takes one."""
    health = found["checked"].health
    assert health is not None
    began = [each.began_after for each in health.probes]
    took = [each.seconds for each in health.probes]
    assert len(began) >= 2
    last = 0.0
    for begin, seconds in zip(began, took, strict=True):
        assert begin is not None
        assert seconds is not None
        assert begin >= last + 1
        assert seconds >= 1
        last = begin + seconds
    assert [each.outcome for each in health.probes][-1] == "passed"
    assert health.probes[0].outcome == "failed"


def test_a_probe_of_an_earlier_life_has_no_time(traces: Traces) -> None:
    """The engine keeps the probes over a restart; ours says when they began in this life only."""
    traces.made["checked"].restart(timeout=0)

    def began() -> list[float | None]:
        (container,) = [each for each in traces.take().containers if each.service == "checked"]
        assert container.health is not None
        return [each.began_after for each in container.health.probes]

    kept = len(traces.state("checked")["Health"]["Log"])
    assert kept >= 2
    assert began()[0] is None


def test_nothing_private_gets_out(traces: Traces) -> None:
    text = format_snapshot(traces.take())
    assert CANARY not in text
    assert "ggml" not in text
    # The canary was there to be found.
    states = json.dumps([traces.state(each) for each in traces.made])
    assert states.count(CANARY) >= 3
    assert CANARY in traces.made["llm"].logs().decode()
