"""What came of running a scenario with limited memory, in sentences for the page."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from hcreport.model import Proof, ProofFailure, Requirement
from hcreport.render.words import capital, counted, date_text, duration
from hcreport.units import gib, mebibytes, percent


@dataclass(frozen=True, kw_only=True)
class ProofLine:
    """One proof: a sentence with the result, and what else is worth knowing."""

    passed: bool
    sentence: str
    details: tuple[str, ...]


def prove_command(requirement: Requirement) -> str:
    """Return the command that proves a scenario, to copy.

    Where the need of a service is not known there is no limit for it, so all share one.
    """
    command = f"hcreport prove {shlex.quote(requirement.scenario)}"
    if all(each.memory for each in requirement.parts):
        return command
    whole = -(-int(requirement.at_least) // int(mebibytes(1)))
    return f"{command} --memory {whole}m --together"


def proven_by(proofs: Sequence[Proof], requirement: Requirement) -> str:
    """Return the day of the last proof that the stated minimum is enough; empty without one.

    A proof with less memory than the minimum counts. One that failed later with the minimum or
    more takes it back.
    """
    minimum = requirement.docker_memory
    if minimum is None:
        return ""
    passed = [each for each in proofs if each.passed and each.docker_memory <= minimum]
    failed = [each for each in proofs if not each.passed and each.docker_memory >= minimum]
    last = max(passed, key=lambda each: each.taken_at, default=None)
    if last is None or any(each.taken_at > last.taken_at for each in failed):
        return ""
    return date_text(last.taken_at).partition(",")[0]


def proof_lines(
    proofs: Sequence[Proof], requirement: Requirement, config_hash: str | None = None
) -> tuple[ProofLine, ...]:
    """Return a line for each proof of a scenario: those that passed, then by memory.

    ``config_hash`` is that of the snapshot's services, to say where they have changed.
    """
    ordered = sorted(proofs, key=lambda each: (not each.passed, each.docker_memory))
    return tuple(_line(each, requirement, config_hash) for each in ordered)


def _line(proof: Proof, requirement: Requirement, config_hash: str | None) -> ProofLine:
    day = date_text(proof.taken_at).partition(",")[0]
    size = f"{gib(proof.docker_memory)}{_beside(proof, requirement)}"
    if proof.failure is None:
        ran = _rounded(proof.seconds)
        sentence = f"Proven on {day}: {ran} with {size}, {_load(proof)}."
    else:
        sentence = f"Tried on {day} with {size}: {_broke(proof.failure)}."
    details = _details(proof)
    if None not in (config_hash, proof.config_hash) and config_hash != proof.config_hash:
        details = (*details, "The services differ from those of this snapshot")
    return ProofLine(passed=proof.passed, sentence=sentence, details=details)


def _rounded(seconds: float) -> str:
    """Print a time that was measured: in whole minutes from two minutes on."""
    minute = 60
    if seconds < 2 * minute:
        return duration(round(seconds))
    return duration(round(seconds / minute) * minute)


def _beside(proof: Proof, requirement: Requirement) -> str:
    """Return how the memory that was tried stands to the stated minimum."""
    minimum = requirement.docker_memory
    if minimum is None:
        return ""
    if proof.docker_memory == minimum:
        return ", the minimum"
    return ", less than the minimum" if proof.docker_memory < minimum else ", more than the minimum"


def _load(proof: Proof) -> str:
    if proof.load is None:
        return "without a load command"
    return f"under the load of {proof.load}"


def _broke(failure: ProofFailure) -> str:
    """Return what broke first."""
    who = failure.service or failure.container or "a container"
    after = _rounded(failure.seconds)
    code = "" if failure.exit_code is None else f" with exit code {failure.exit_code}"
    what = {
        "memory": f"{who} was killed for want of memory",
        "exited": f"{who} ended{code}",
        "unhealthy": f"{who} became unhealthy",
        "not ready": f"{who} was not ready in time",
        "load": f"the load command failed{code}",
    }[failure.kind]
    return f"{what} after {after}"


def _details(proof: Proof) -> tuple[str, ...]:
    found = [
        f"{counted(proof.runs, 'run')}; "
        + ("all containers shared one limit" if proof.together else "each service at its own limit")
        + f", {gib(proof.containers_memory)} for the containers in all"
    ]
    if proof.load_runs:
        found.append(f"the load ran {counted(proof.load_runs, 'time')} from beginning to end")
    if proof.ready_seconds is not None:
        found.append(f"ready {_rounded(proof.ready_seconds)} after the start at the latest")
    if proof.pressure is not None:
        scope = {
            "stack": "all containers together",
            "container": "the container that waited most",
            "machine": "the whole machine",
        }[proof.pressure.scope]
        waited = percent(proof.pressure.full)
        found.append(f"at most {waited} of the time all work waited for memory ({scope})")
    if proof.kernel or proof.engine_version:
        where = [f"Docker {proof.engine_version}"] if proof.engine_version else []
        where += [f"kernel {proof.kernel}"] if proof.kernel else []
        found.append(f"on {', '.join(where)}, by {proof.tool}")
    return tuple(capital(each) for each in (*found, *(each.rstrip(".") for each in proof.notes)))
