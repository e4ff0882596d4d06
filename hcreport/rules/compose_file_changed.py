"""The Compose file is another one than the report was made from.

What it checks:
Whether what Compose reads in the project's files today is what the snapshot says it read. Services,
models and volumes count; comments, lines, the order of the files and the version of Compose do not.

Why it matters:
Requirements are read by people who do not have the project yet. Where the files have changed, the
published numbers are about a project that is not there any more.

How to fix it:
Collect a new snapshot with the containers running, and publish it with the change.

Limits:
Only `hcreport check --stale` asks this. Values of environment variables are in no snapshot, so a
change of them is not seen, except where they stand in an image's name or a size. A change of the
files does not have to change the need. A snapshot of an older hcreport may lack parts that this
version reads, and then differs until it is taken again.
"""

from __future__ import annotations

from hcreport.estimate.declaration import (
    SHOWN_DIGITS,
    DeclarationChange,
    declaration_changes,
    declaration_hash,
    declared_in,
)
from hcreport.model import Action, Declared, Location, Severity, Snapshot
from hcreport.rules.contract import Case, NotMeasured, Problem, Rule, Verdict, known

RULE = Rule(
    id="compose-file-changed",
    severity=Severity.HIGH,
    each="project",
    needs=("services",),
    stale=True,
)

_NAMED = 3
"""Changes that the message names before it says how many more there are."""

_COUNTED_WORDS = 2
"""A change of more parts than this is counted, to keep the message short."""


def check(snapshot: Snapshot, case: Case) -> Verdict:
    """Compare what was declared at the time of the snapshot with what is declared now."""
    present = known(case.present)
    if present.declared is None:
        return NotMeasured(present.reason)
    old, new = declared_in(snapshot), present.declared
    if declaration_hash(old) == declaration_hash(new):
        return None
    changes = declaration_changes(old, new)
    number = case.computed(
        "declarations that changed", len(changes), "both readings compared", unit="count"
    )
    return Problem(
        message=f"Changed since the snapshot: {_listed(changes)}.",
        numbers=(number,),
        remedies=(_remedy(new),),
        location=_place(changes, new),
    )


def _listed(changes: tuple[DeclarationChange, ...]) -> str:
    named = [f"{each.name} ({_short(each.what)})" for each in changes[:_NAMED]]
    more = len(changes) - _NAMED
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


def _short(what: str) -> str:
    """Return the first parts of a change, and how many more there are."""
    parts = what.replace(" and ", ", ").split(", ")
    if len(parts) <= _COUNTED_WORDS:
        return what
    first = ", ".join(parts[:_COUNTED_WORDS])
    return f"{first} and {len(parts) - _COUNTED_WORDS} more"


def _place(changes: tuple[DeclarationChange, ...], new: Declared) -> Location | None:
    """Return where the first changed service stands that is still there."""
    places = {each.name: each.location for each in new.services}
    return next((place for each in changes if (place := places.get(each.name))), None)


def _remedy(new: Declared) -> Action:
    return Action(
        what="Collect a new snapshot while the project runs, and publish it",
        command="hcreport collect -o snapshot.json",
        gain="the published numbers are about this Compose file",
        verify="hcreport check --stale ends without this problem; the report names the "
        f"configuration {declaration_hash(new)[:SHOWN_DIGITS]}.",
        undo="Publish the old snapshot again.",
    )
