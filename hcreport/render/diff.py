"""What ``hcreport diff`` shows of two snapshots, before it is put into a form."""

from __future__ import annotations

from hcreport.changes import Changes
from hcreport.model import Snapshot
from hcreport.render.changes import ChangesView
from hcreport.render.escape import one_line
from hcreport.render.words import date_text


class DiffView:
    """Two snapshots of a project and what changed. Attributes are values; nothing here changes."""

    def __init__(self, snapshot: Snapshot, changes: Changes, files: tuple[str, str]) -> None:
        self.files = files
        """The earlier and the later one, as the user wrote them."""
        self.title = one_line(snapshot.title or snapshot.project.name)
        """What the later snapshot calls the project."""
        self.project = snapshot.project.name
        self.changes = changes
        self.view = ChangesView(changes)

    @property
    def before(self) -> str:
        """The earlier snapshot: ``1.json, 12 May 2026, 10:00 UTC``."""
        return f"{one_line(self.files[0])}, {date_text(self.changes.before.taken_at)}"

    @property
    def after(self) -> str:
        """The later snapshot, in the same form."""
        return f"{one_line(self.files[1])}, {date_text(self.changes.after.taken_at)}"

    @property
    def in_order(self) -> bool:
        """The first snapshot is not newer than the second one."""
        return self.changes.before.taken_at <= self.changes.after.taken_at

    @property
    def order(self) -> str:
        """Say where the times of the snapshots are not as one expects; else nothing."""
        if not self.in_order:
            return "The first snapshot is newer than the second one: this goes back in time."
        if self.changes.before.taken_at == self.changes.after.taken_at:
            return "Both snapshots are of the same time."
        return ""
