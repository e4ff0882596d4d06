"""Why a container ended or did not begin: decided once, so that all rules say the same.

Not a rule. Lack of memory comes first, wherever there is a trace of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hcreport.estimate.memory import RUNNING
from hcreport.facts import fact_value
from hcreport.model import Confidence, Container
from hcreport.rules.contract import Case
from hcreport.rules.kills import KILLED, Kill, kill_of, stopped_by_signal

EndKind = Literal[
    "out of memory",
    "perhaps memory",
    "stopped",
    "killed",
    "killed elsewhere",
    "machine",
    "not found",
    "not started",
    "error",
    "orderly",
]

_NOT_FOUND = (126, 127)
_SIGNALS = {
    129: "SIGHUP",
    130: "SIGINT",
    131: "SIGQUIT",
    132: "SIGILL, an unknown instruction",
    134: "SIGABRT, it gave up",
    135: "SIGBUS",
    136: "SIGFPE, an error of arithmetic",
    137: "SIGKILL",
    139: "SIGSEGV, a fault in the program",
    141: "SIGPIPE",
    143: "SIGTERM",
}
"""128 and the number of the signal that ended the process."""


@dataclass(frozen=True, kw_only=True)
class EndCause:
    """Why a container ended, ends again and again, or never began."""

    kind: EndKind
    confidence: Confidence
    evidence: str
    """A clause in our own words."""
    kill: Kill | None = None
    """The kill for lack of memory, where there was one."""


def end_cause(container: Container, case: Case) -> EndCause | None:
    """Return why a container ended or did not begin; None where it runs or was never started."""
    if container.start_error == "program not found":
        evidence = "the engine did not find the program to start"
        return EndCause(kind="not found", confidence="certain", evidence=evidence)
    if container.start_error is not None:
        evidence = "the engine noted an error when it was to be started"
        return EndCause(kind="not started", confidence="certain", evidence=evidence)
    kill = kill_of(container, case.snapshot)
    if kill is not None and kill.victim == "container":
        return EndCause(
            kind="out of memory", confidence=kill.confidence, evidence=kill.evidence, kill=kill
        )
    code = last_exit_code(container)
    if code is None or container.state in ("created", "removing"):
        return None
    if code == KILLED:
        return _killed(container, case)
    if code in _NOT_FOUND:
        return EndCause(kind="not found", confidence="likely", evidence=exit_meaning(code))
    orderly = code in (0, 130, 143)
    return EndCause(
        kind="orderly" if orderly else "error", confidence="certain", evidence=exit_meaning(code)
    )


def last_exit_code(container: Container) -> int | None:
    """Return the exit code of the life that ended last, of a container that runs again too."""
    if container.exit_code is not None and container.state not in RUNNING:
        return container.exit_code
    codes = container.past.exit_codes if container.past else ()
    return codes[-1] if codes else None


def exit_meaning(code: int) -> str:
    """Return what an exit code means, as a clause: facts ``docker/exit-codes``."""
    if code == 0:
        return "it ended by itself, without an error"
    if code in _NOT_FOUND:
        return "its command was not found" if code == 127 else "its command could not be run"
    if code in _SIGNALS:
        return f"ended by {_SIGNALS[code]}"
    return "the program ended with an error of its own"


def _killed(container: Container, case: Case) -> EndCause:
    """Return why a container ended with exit code 137 that no lack of memory explains."""
    running = container.state in RUNNING  # then the signals are those of the life that goes on
    signals = container.past.signals if container.past and not running else ()
    if signals and stopped_by_signal(container):
        asked = signals[0] != 9
        return EndCause(
            kind="stopped" if asked else "killed",
            confidence="certain",
            evidence=f"the engine sent it the signal {signals[0]}"
            + (", and 9 when it had not ended in time" if asked else ""),
        )
    if container.limits.memory is not None and _lived_briefly(container):
        return EndCause(
            kind="perhaps memory",
            confidence="possible",
            evidence="it has a limit, and lived so briefly that the engine may have missed a kill",
        )
    if container.limits.memory is None and _engine_was_full(case):
        return EndCause(
            kind="machine",
            confidence="possible",
            evidence="it has no limit, and the engine's memory is nearly used up",
        )
    if container.past is not None and container.past.exit_codes and not running:
        return EndCause(
            kind="killed elsewhere",
            confidence="likely",
            evidence="the engine still knows of its end, and sent it no signal before",
        )
    return EndCause(
        kind="killed",
        confidence="likely",
        evidence="no trace of lack of memory; the engine keeps no record of who sent the signal",
    )


def _lived_briefly(container: Container) -> bool:
    begun, ended = container.started_at, container.finished_at
    if begun is None or ended is None or ended < begun:
        return False
    return (ended - begun).total_seconds() <= fact_value("docker/kill-missed-at-start")


def _engine_was_full(case: Case) -> bool:
    measured, engine = case.budget.measured, case.budget.engine_total
    if measured is None or engine is None:
        return False
    return measured.value > engine.value * fact_value("docker/container-memory-alert-ratio")
