"""What a service's page says first: how the service is, and its memory against its limit."""

from __future__ import annotations

from collections.abc import Iterator

from hcreport.model import Number, Service
from hcreport.render.words import NOT_MEASURED, counted, number_text
from hcreport.units import percent

_HEALTH_IN_WORDS = {
    "no check": "has no health check",
    "check switched off": "has its health check switched off",
    NOT_MEASURED: "has a health that was not measured",
}

_HEALTH_IN_SHORT = {
    "no check": "no health check",
    "check switched off": "health check switched off",
    NOT_MEASURED: "health not measured",
}


def verdict(name: str, state: str, health: str, memory: str) -> str:
    """Return how a service is; ``state`` and ``health`` are those of the tables."""
    return f"{name} {_state(state)}{_health(state, health)}. {memory}"


def memory_sentence(limit: Number | None, in_use: Number | None, *, sampled: int) -> str:
    """Return the memory in use, in bytes, beside the limit of one container, in one sentence."""
    if in_use is None:
        bound = f"may use {number_text(limit)}" if limit else "has no memory limit"
        return f"It {bound}; what it uses was not measured."
    used = number_text(in_use)
    if limit is None:
        return f"It uses {used} of memory and has no memory limit."
    if sampled > 1:
        each = number_text(limit)
        return f"Its {counted(sampled, 'container')} use {used}, and each may use {each}."
    share = percent(in_use.value / limit.value) if limit.value else NOT_MEASURED
    return f"It uses {used} of the {number_text(limit)} that it may use, which is {share}."


def mount_lines(service: Service) -> Iterator[str]:
    """Yield one clause for each mount: its place, what is there, and whether it may be changed."""
    for mount in service.mounts:
        place = mount.target or "a path that is not recorded"
        name = (
            f" {mount.volume}"
            if mount.volume
            else ""
            if mount.kind != "volume"
            else " without a name"
        )
        yield f"{place}: {mount.kind}{name}, {'read only' if mount.read_only else 'may write'}"


def _state(state: str) -> str:
    match state:
        case "running":
            return "runs"
        case "not started":
            return "is not started"
        case "no container":
            return "has no container"
        case "not measured":
            return "has a state that was not measured"
    # Several containers: "2 running, 1 exited".
    return f"is {state}" if state.isalpha() else f"has containers: {state}"


def _health(state: str, health: str) -> str:
    if state in ("not started", "no container", NOT_MEASURED) and health == NOT_MEASURED:
        return ""
    if " of " in health:
        count, _, word = health.rpartition(" ")
        return f"; {word}: {count}"
    if state[:1].isdigit():
        return f"; {_HEALTH_IN_SHORT.get(health, health)}"
    return f" and {_HEALTH_IN_WORDS.get(health, f'is {health}')}"
