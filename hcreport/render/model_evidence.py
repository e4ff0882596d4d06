"""What a snapshot shows of failed loads: that a model did not get the memory it asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hcreport.model import Container, LocalModel, Snapshot
from hcreport.render.words import counted
from hcreport.rules.kills import kill_of


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One observation, and the rule that says more about it."""

    text: str
    rule: str


def failed_loads(model: LocalModel, snapshot: Snapshot) -> tuple[Evidence, ...] | None:
    """Return what was seen at the containers of a model's service; None where none was looked at.

    What one of several models of a service asked for cannot be told from what another did.
    """
    containers = snapshot.containers_by_service.get(model.service or "", ())
    if not containers:
        return None
    return tuple(each for container in containers for each in _of(container, snapshot))


def _of(container: Container, snapshot: Snapshot) -> Iterator[Evidence]:
    probes = container.health.probes if container.health else ()
    refused = sum(each.outcome == "model not loaded" for each in probes)
    if refused:
        yield Evidence(
            text=f"Ollama answered {counted(refused, 'probe')} of {container.name} that memory is "
            "short for a model",
            rule="ollama-refused-model",
        )
    elif container.refusals:
        yield Evidence(
            text=f"Ollama wrote into the log of {container.name} that memory is short for a model",
            rule="ollama-refused-model",
        )
    kill = kill_of(container, snapshot)
    if kill is None:
        return
    rule = "container-oom-killed" if kill.victim == "container" else "process-oom-killed"
    lives = snapshot.window.series if snapshot.window else ()
    kills = sum(each.oom_kills for each in lives if each.container == container.name)
    whom = container.name if kill.victim == "container" else f"a process in {container.name}"
    text = f"the kernel killed {whom} for want of memory"
    if kills:
        what = counted(kills, "process", "processes")
        text = f"the kernel killed {what} in {container.name} while it was watched"
    yield Evidence(text=text, rule=rule)
