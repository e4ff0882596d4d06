"""What a staged fault is: a service, what is done to it, when it is there, and its right name."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from docker.errors import APIError

from tests.engine.stack import IMAGE, Json, Stack

ANY = ("certain", "likely", "possible")

SURE = ("certain",)

GREEDY = "dd if=/dev/zero of=/dev/null bs=64M count=1"
"""It needs 64 MiB, four times what its containers may use, and is killed within milliseconds."""

FOREVER = "exec sleep 100000"

Condition = Callable[["Seen"], bool]


@dataclass(frozen=True)
class Seen:
    """One container as the engine describes it, asked for independently of hcreport."""

    stack: Stack
    reply: Json

    @property
    def id(self) -> str:
        """The container's whole id."""
        return str(self.reply["Id"])

    @property
    def state(self) -> Json:
        """``State`` of the inspect reply."""
        return dict(self.reply["State"])


Act = Callable[[Seen], object]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A service to which something happens, or a control to which nothing does."""

    name: str
    """The service's name."""
    service: Json
    """Its entry in the Compose file."""
    rules: tuple[str, ...] = ()
    """The rules that must name it, and no other rule about a cause may; none for a control."""
    confidence: tuple[str, ...] = ANY
    """How sure the first of them may be."""
    ready: Condition
    """Holds before the act."""
    act: Act | None = None
    settled: Condition | None = None
    """Holds after the act; None where the act is over when it returns."""
    started_by: Literal["engine", "Compose", "nobody"] = "engine"
    """Compose is asked where it cannot start it, because of what it waits for."""
    left_open: str = ""
    """The rule that must say that it does not know, and why."""
    needs_events: bool = False
    """Nothing but the engine's list of events tells it, on some engine that is in use."""


def service(script: str = FOREVER, **more: object) -> Json:
    """Return a service that runs a script of the shell; it is stopped within a second."""
    return {
        "image": IMAGE,
        "network_mode": "none",
        "command": ["sh", "-c", script.replace("$", "$$")],
        "stop_grace_period": "1s",
        **more,
    }


def ends_orderly(code: int) -> str:
    """Return a script that says ``ready``, and ends with an exit code when it is asked to."""
    return f"trap 'exit {code}' TERM; echo ready; sleep 100000 & wait"


def greedy(script: str, **more: object) -> Json:
    """Return a service with a limit of 16 MiB."""
    return service(script, mem_limit="16m", **more)


def check(*test: str, **more: object) -> Json:
    """Return a health check that gives up at its first failure, after five seconds.

    A probe costs processor time, and a probe that should pass must pass on a busy machine too.
    """
    words = [each.replace("$", "$$") for each in test]
    return {"test": words, "interval": "5s", "timeout": "5s", "retries": 1, **more}


def running(seen: Seen) -> bool:
    """Hold while it runs."""
    return bool(seen.state["Status"] == "running")


def ended(code: int) -> Condition:
    """Hold when it has ended for good with an exit code."""
    return lambda seen: seen.state["Status"] == "exited" and seen.state["ExitCode"] == code


def not_started(seen: Seen) -> bool:
    """Hold while it was never started."""
    return bool(seen.state["Status"] == "created")


def health(status: str) -> Condition:
    """Hold while the engine calls it ``healthy``, ``unhealthy`` or ``starting``."""
    return lambda seen: (seen.state.get("Health") or {}).get("Status") == status


def restarts(count: int) -> Condition:
    """Hold when the engine has started it again that often."""
    return lambda seen: bool(seen.reply["RestartCount"] >= count)


def says(word: str) -> Condition:
    """Hold when its log holds a word."""
    return lambda seen: word.encode() in seen.stack.engine.client.api.logs(seen.id)


def noted(event: str) -> Condition:
    """Hold when the engine's events hold one of its own: ``oom``."""

    def holds(seen: Seen) -> bool:
        events = seen.stack.engine.client.api.events(
            since=1, until=datetime.now(UTC), filters={"container": seen.id, "event": event}
        )
        return bool(list(events))

    return holds


def throttled(seen: Seen) -> bool:
    """Hold when the kernel has held back its processor time often."""
    stats: Any = seen.stack.engine.client.api.stats(seen.id, stream=False, one_shot=True)
    return bool(stats["cpu_stats"]["throttling_data"].get("throttled_periods", 0) >= 30)


def both(*conditions: Condition) -> Condition:
    """Hold when all of them do."""
    return lambda seen: all(each(seen) for each in conditions)


def run(*words: str) -> Act:
    """Run a program in it."""

    def act(seen: Seen) -> None:
        api = seen.stack.engine.client.api
        api.exec_start(api.exec_create(seen.id, list(words))["Id"])

    return act


def start(seen: Seen) -> None:
    """Do as ``docker start`` does, which an engine may refuse."""
    with suppress(APIError):
        seen.stack.engine.client.api.start(seen.id)


def stop(seen: Seen) -> None:
    """Do as ``docker stop`` does."""
    seen.stack.engine.client.api.stop(seen.id, timeout=1)


def restart(seen: Seen) -> None:
    """Do as ``docker restart`` does."""
    seen.stack.engine.client.api.restart(seen.id, timeout=1)


def kill(seen: Seen) -> None:
    """Do as ``docker kill`` does."""
    seen.stack.engine.client.api.kill(seen.id)


def pause(seen: Seen) -> None:
    """Do as ``docker pause`` does."""
    seen.stack.engine.client.api.pause(seen.id)


def limit_memory(amount: str) -> Act:
    """Do as ``docker update --memory`` does."""

    def act(seen: Seen) -> None:
        api = seen.stack.engine.client.api
        api.update_container(seen.id, mem_limit=amount, memswap_limit=amount)

    return act
