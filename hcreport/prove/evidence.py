"""Turns what happened in the runs of a throwaway into the parts of a proof."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from hcreport.collect.compose import ComposeProject
from hcreport.model import ProofFailure, Snapshot
from hcreport.prove.allotment import Allotment
from hcreport.prove.run import Outcome


def proof_failure(outcome: Outcome, run: int) -> ProofFailure | None:
    """Return what broke first in a run, counted from 1; None where nothing did."""
    verdict = outcome.verdict
    if verdict is None:
        return None
    state = next((each for each in outcome.states if each.id == verdict.container), None)
    return ProofFailure(
        kind=verdict.kind,
        service=state.service if state else None,
        container=state.name if state else None,
        exit_code=verdict.exit_code,
        seconds=round(verdict.seconds, 1),
        run=run,
    )


def longest_start(outcomes: list[Outcome]) -> float | None:
    """Return the longest time in seconds until a run was ready; None where none was."""
    times = [each.ready_seconds for each in outcomes if each.ready_seconds is not None]
    return round(max(times), 1) if times else None


def changed_services(
    project: ComposeProject, snapshot: Snapshot, allotment: Allotment
) -> list[str]:
    """Return a note on the services whose files have changed since the snapshot."""
    then = {each.name: each.config_hash for each in snapshot.services}
    changed = [
        each.name
        for each in project.services
        if each.name in allotment.replicas
        and each.config_hash
        and then.get(each.name) not in (None, each.config_hash)
    ]
    if not changed:
        return []
    return [f"Changed in the Compose files since the snapshot: {', '.join(sorted(changed))}."]


def config_hash(project: ComposeProject, replicas: Mapping[str, int]) -> str | None:
    """Return the SHA-256 of Compose's own hashes of the services that were run."""
    hashes = {each.name: each.config_hash for each in project.services if each.name in replicas}
    if not hashes or not all(hashes.values()):
        return None
    lines = "".join(f"{name} {each}\n" for name, each in sorted(hashes.items()))
    return hashlib.sha256(lines.encode()).hexdigest()
