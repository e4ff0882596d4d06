"""What of a service is counted with the models that it serves, and what stays unknown."""

from __future__ import annotations

from typing import Any

import pytest

from hcreport.estimate.limits import stated_limits
from hcreport.estimate.models import model_size
from hcreport.estimate.requirements import requirements, started_requirement
from hcreport.facts import fact
from hcreport.model import RequirementPart, Snapshot
from hcreport.units import mebibytes
from tests.fragments import snapshot_of
from tests.watched import watched

MIB = int(mebibytes(1))
SMALL = fact("models/llama3.2-1b").model
assert SMALL is not None
SHAPE = SMALL.shape.model_dump()
COMPUTED = {"name": "m", "service": "llm", "shape": SHAPE}
DECLARED = {"name": "m", "service": "llm", "memory": 5000 * MIB}
LARGER = {**DECLARED, "name": "large"}
KEPT = {"layers": 16, "keys": 512, "values": 512, "windowed": True}
WINDOWED = {**COMPUTED, "shape": {**SHAPE, "caches": [KEPT], "window": 512}}
OLLAMA = {"name": "llm", "image": "ollama/ollama:0.33.0"}
IDLE = {"usage": 60 * MIB}
COVERED = "nothing beyond its model"
UNTOLD = "its own use cannot be told from that of its model, which is counted above"
BOTH = {"scenarios": [{"name": "both", "services": ["llm"], "models": ["m", "large"]}]}


def stack(
    service: dict[str, Any], *models: dict[str, Any], used: dict[str, Any] | None, **more: Any
) -> Snapshot:
    """Return a stack of one service that serves models; ``used`` by each of its containers."""
    containers = [
        {"name": f"llm-{number}", "service": "llm", "number": number, "state": "running",
         "memory": used}
        for number in range(1, service.get("replicas", 1) + 1)
        if used
    ]  # fmt: skip
    return snapshot_of({"services": [service], "containers": containers, "models": models, **more})


def remembering(model: dict[str, Any], **settings: int | None) -> dict[str, Any]:
    """Return a model that keeps other prompts and states than usual."""
    return {**model, "settings": {"context": 4096, **settings}}


def part(snapshot: Snapshot, name: str = "llm") -> RequirementPart:
    (first, *_) = requirements(snapshot)
    return next(each for each in first.parts if each.name == name)


@pytest.mark.parametrize("used", [IDLE, {**IDLE, "peak": 900 * MIB}, None])
def test_a_service_whose_server_is_counted_with_its_model_is_no_gap(
    used: dict[str, Any] | None,
) -> None:
    found = stack(OLLAMA, COMPUTED, used=used)
    need = started_requirement(found)
    assert need.docker_memory == need.at_least
    server = part(found)
    assert server.memory is not None
    assert (server.memory.value, server.memory.name, server.exact) == (0, COVERED, True)
    origin = server.memory.origin
    assert (origin.kind, origin.fact) == ("estimated", "ollama/serve-idle")
    assert origin.evidence == "Ollama's server is counted in the need of m"


_DERIVED = {"build": {"context": "."}}


@pytest.mark.parametrize(
    ("service", "models", "used", "reason"),
    [
        (OLLAMA, (DECLARED,), IDLE, UNTOLD),
        (OLLAMA, (DECLARED,), None, "without an engine"),
        (OLLAMA, (COMPUTED, LARGER), IDLE, UNTOLD),
        ({**OLLAMA, "image": "open-webui:ollama"}, (COMPUTED,), IDLE, UNTOLD),
        ({**OLLAMA, **_DERIVED}, (COMPUTED,), IDLE, UNTOLD),
        ({**OLLAMA, **_DERIVED}, (COMPUTED,), None, "without an engine"),
        ({**OLLAMA, "replicas": 2}, (COMPUTED,), IDLE, UNTOLD),
        (OLLAMA, (), None, "without an engine"),
    ],
)
def test_a_service_of_which_something_is_not_counted_stays_unknown(
    service: dict[str, Any],
    models: tuple[dict[str, Any], ...],
    used: dict[str, Any] | None,
    reason: str,
) -> None:
    found = stack(service, *models, used=used)
    assert part(found).memory is None
    assert reason in part(found).reason
    assert started_requirement(found).docker_memory is None


def test_one_computed_need_has_the_server_for_all_models_of_a_scenario() -> None:
    server = part(stack(OLLAMA, LARGER, COMPUTED, used=IDLE, **BOTH))
    assert server.memory is not None
    assert server.memory.origin.evidence.endswith("the need of m")


def test_use_beyond_a_computed_need_is_counted() -> None:
    found = stack(OLLAMA, COMPUTED, used={"usage": 9000 * MIB})
    counted = model_size(found.models[0])
    server = part(found)
    assert counted is not None
    assert server.memory is not None
    assert server.memory.value == 9000 * MIB - counted
    assert server.memory.name == "seen in use, beyond its model"
    assert not server.exact


def test_only_a_service_that_was_seen_has_a_limit_of_its_own() -> None:
    seen, planned = (stack(OLLAMA, COMPUTED, used=used) for used in (IDLE, None))
    assert "llm" in stated_limits(started_requirement(seen), seen)
    assert "llm" not in stated_limits(started_requirement(planned), planned)


@pytest.mark.parametrize(
    ("model", "most"),
    [
        (COMPUTED, "8 GiB"),
        # 32 KiB for each of 4,096 tokens, and a prompt more for a moment
        (remembering(COMPUTED, prompt_cache=None), "256 MiB"),
        (remembering(WINDOWED, prompt_cache=0), "488 MiB"),
        (WINDOWED, "8.48 GiB"),
        (remembering(WINDOWED, prompt_cache=0, checkpoints=0), None),
        (remembering(COMPUTED, prompt_cache=0), None),
        ({**DECLARED, "shape": SHAPE}, None),
    ],
)
def test_what_a_model_remembers_is_said_beside_its_computed_need(
    model: dict[str, Any], most: str | None
) -> None:
    notes = part(stack(OLLAMA, model, used=IDLE), "m").notes
    said = (f"the prompts that it remembers come on top, up to {most}",)
    assert notes == (said if most else ())


def test_a_server_that_was_killed_says_so() -> None:
    killed = {"usage": 60 * MIB, "peak": 500 * MIB}
    window = {
        "started_at": "2026-02-06T13:02:00Z", "seconds": 60, "interval_seconds": 1, "rounds": 60
    }  # fmt: skip
    life = watched(container="llm-1", service="llm", usage=100, limit=500, oom_kills=1)
    found = stack(OLLAMA, COMPUTED, used=killed, window={**window, "series": [life.model_dump()]})
    server = part(found)
    assert server.memory is not None
    assert server.memory.value == 0
    assert any("killed for want of memory" in each for each in server.notes)
