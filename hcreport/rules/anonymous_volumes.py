"""Data is kept in volumes without a name.

What it checks:
Which volumes of the project were made without a name, and whether containers use them.

Why it matters:
Nobody can tell what an anonymous volume holds. A new container gets a new one, so its data seems
lost, and the old volume stays and fills the disk.

How to fix it:
Give a named volume to each path that keeps data. Look into unused volumes before removing them.

Limits:
The rule does not know what a volume holds. Some images declare a volume that never holds anything
worth keeping. An unused volume may be the only copy of some data; removing it cannot be undone.
"""

from __future__ import annotations

from hcreport.model import Action, Mount, Severity, Snapshot, Volume
from hcreport.rules.contract import Case, Problem, Rule, Verdict, counted
from hcreport.units import gb, total

RULE = Rule(
    id="anonymous-volumes",
    severity=Severity.LOW,
    each="project",
    needs=("volumes",),
)

_NAMED = 3


def check(snapshot: Snapshot, case: Case) -> Verdict:
    """Count the anonymous volumes that this project uses, or that nothing uses."""
    used = [each for each in snapshot.volumes if each.anonymous and each.used_by]
    unused = [
        each
        for each in snapshot.volumes
        if each.anonymous and not each.used_by and each.references == 0
    ]
    unclear = [
        each
        for each in snapshot.volumes
        if each.anonymous and not each.used_by and each.references is None
    ]
    found = len(used) + len(unused) + len(unclear)
    if not found:
        return None
    groups = ((used, "in use"), (unused, "used by no container"), (unclear, "of unknown use"))
    words = ", ".join(f"{len(group)} {state}" for group, state in groups if group)
    sizes = [each.size for each in (*used, *unused, *unclear) if each.size is not None]
    weighed = len(sizes) == found
    weight = f"; they hold {gb(total(sizes))}" if weighed else ""
    remedies = [_name_them(used, snapshot)] if used else []
    if unused or unclear:
        remedies.append(_look())
    number = case.computed("anonymous volumes", found, "count of volumes", unit="count")
    held = case.computed("what they hold", total(sizes), "sum of their sizes", family="image")
    return Problem(
        message=f"{counted(found, 'anonymous volume')}: {words}{weight}.",
        numbers=(number, held) if weighed else (number,),
        remedies=tuple(remedies),
    )


def _name_them(used: list[Volume], snapshot: Snapshot) -> Action:
    names = {each.name for each in used}
    places = sorted(
        {
            _place(container.service or container.name, mount)
            for container in snapshot.containers
            for mount in container.mounts
            if mount.volume in names
        }
    )
    listed = ", ".join(places[:_NAMED]) + (" and others" if len(places) > _NAMED else "")
    return Action(
        what="Give a named volume to each path that keeps data" + (f": {listed}" if listed else ""),
        effort="an hour",
        gain="data stays when a container is made anew",
        verify="docker volume ls shows a name instead of 64 digits.",
        undo="Remove the names again; the data stays in the named volumes.",
    )


def _place(user: str, mount: Mount) -> str:
    return f"{user} ({mount.target})" if mount.target else user


def _look() -> Action:
    return Action(
        what="List the volumes that no container uses, and look into each before you remove it",
        command="docker volume ls --filter dangling=true",
        effort="an hour",
        gain="disk space, as much as the removed volumes hold",
        verify="The list is empty, or you know what each entry holds.",
        undo="There is none: a removed volume cannot be brought back, so save it first.",
    )
