"""What is kept of one snapshot among many: its time and a few numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hcreport.estimate.images import unique_bytes
from hcreport.estimate.memory import memory_budget
from hcreport.estimate.requirements import memory_need
from hcreport.model import Snapshot
from hcreport.units import Bytes


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What is kept of one snapshot; sizes are in bytes, and None is not measured."""

    path: Path
    taken_at: datetime
    release: str | None
    """The version that it is the snapshot of; None for most."""
    needed: Bytes | None
    """Memory that Docker needs for the main scenario of the published snapshot."""
    exact: bool
    """``needed`` is all of it, not only a lower bound."""
    in_use: Bytes | None
    sampled: int
    """How many of the running containers ``in_use`` counts."""
    running: int
    has: Bytes | None
    """Memory of the engine."""
    images: Bytes | None
    """All images of the project, what is known to be shared counted once."""
    size: int = 0
    """Bytes of its file; 0 where it comes from none."""

    @property
    def file(self) -> str:
        """Name of its file."""
        return self.path.name


def moment_of(
    snapshot: Snapshot,
    scenario: str | None = None,
    *,
    path: Path | None = None,
    release: str | None = None,
    size: int = 0,
) -> Moment:
    """Return the numbers of a snapshot; ``scenario`` names what is needed, else its first one."""
    need = memory_need(snapshot, scenario)
    budget = memory_budget(snapshot)
    engine = snapshot.engine
    return Moment(
        path=path or Path(),
        taken_at=snapshot.taken_at,
        release=release,
        needed=need.at_least if need and need.known else None,
        exact=bool(need and need.exact),
        in_use=Bytes(round(budget.measured.value)) if budget.measured else None,
        sampled=budget.measured_containers,
        running=budget.running_containers,
        has=engine.memory_total if engine else None,
        images=unique_bytes(snapshot.images) if snapshot.images else None,
        size=size,
    )
