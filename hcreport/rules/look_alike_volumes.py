"""Two volumes look like one volume under two names.

What it checks:
Whether a volume that is not in use, or of which the use is not known, has nearly the same name as
another volume of the same project: `postgres-data` and `pgdata`.

Why it matters:
After a volume is renamed in the Compose file, the old one stays behind with the old data. The
service then starts empty, or somebody removes the volume that held the data.

How to fix it:
Look into both volumes. Keep the one with the data under one name, and save the other first.

Limits:
The rule compares names, not contents. Two volumes that are both in use are not reported, nor are
names that differ only in their numbers.
"""

from __future__ import annotations

import re
import shlex
from difflib import SequenceMatcher

from hcreport.model import Action, Severity, Snapshot, Volume
from hcreport.rules.contract import Case, NotApplicable, Problem, Rule, Threshold, Verdict
from hcreport.units import gb

RULE = Rule(
    id="look-alike-volumes",
    severity=Severity.LOW,
    each="volume",
    needs=("volumes",),
    thresholds={
        "similarity_ratio": Threshold(
            value=0.8, because="postgres and postgresql have 0.89, redis and postgres 0.46."
        )
    },
)

_GENERIC = {"data", "vol", "volume", "volumes", "storage"}

_LONGEST_SHORT_FORM = 4


def check(volume: Volume, case: Case) -> Verdict:
    """Compare the volume's name with those of the other volumes of its project."""
    if volume.anonymous:
        return NotApplicable("it has no name")
    if _in_use(volume) is True:
        return None
    needed = case.thresholds["similarity_ratio"]
    for other in sorted(case.snapshot.volumes, key=lambda each: each.name):
        if _is_the_twin(volume, other, case.snapshot, needed):
            return _problem(volume, other, case)
    return None


def _is_the_twin(volume: Volume, other: Volume, snapshot: Snapshot, needed: float) -> bool:
    if other.anonymous or other.name == volume.name:
        return False
    # Of two volumes that are not in use, only one is reported: the later name.
    if _in_use(other) is not True and other.name > volume.name:
        return False
    project, stem = _split(volume, snapshot)
    other_project, other_stem = _split(other, snapshot)
    return project == other_project and _alike(stem, other_stem, needed)


def _in_use(volume: Volume) -> bool | None:
    """Tell whether a container uses a volume; None where nobody said."""
    if volume.used_by or volume.references:
        return True
    return None if volume.references is None else False


def _split(volume: Volume, snapshot: Snapshot) -> tuple[str, str]:
    """Return the project that a volume belongs to and the rest of its name."""
    for project in (volume.project, snapshot.project.name):
        if project and volume.name.startswith(f"{project}_"):
            return project, volume.name[len(project) + 1 :]
    before, line, after = volume.name.partition("_")
    return (before, after) if line else (volume.project or "", volume.name)


def _alike(one: str, other: str, needed: float) -> bool:
    words, other_words = _words(one), _words(other)
    first = "".join(each for each in words if each not in other_words)
    second = "".join(each for each in other_words if each not in words)
    if not first and not second:
        # Nothing but general words, or the same words written in another way.
        return bool(words) and sorted(words) == sorted(other_words)
    if re.sub(r"\d", "", first) == re.sub(r"\d", "", second):
        return False
    if _is_short_form(first, second) or _is_short_form(second, first):
        return True
    return SequenceMatcher(None, first, second, autojunk=False).ratio() >= needed


def _words(stem: str) -> list[str]:
    """Return the words of a name without those that say no more than "volume"."""
    found = re.split(r"[^a-z0-9]+", stem.lower())
    cut = [each.removesuffix("data") for each in found]
    return [each for each in cut if each and each not in _GENERIC]


def _is_short_form(short: str, long: str) -> bool:
    """Tell whether ``pg`` may stand for ``postgres``: same first letter, the others in order."""
    if not 1 < len(short) <= _LONGEST_SHORT_FORM or len(long) <= len(short):
        return False
    letters = iter(long)
    return short[0] == long[0] and all(letter in letters for letter in short)


def _problem(volume: Volume, other: Volume, case: Case) -> Problem:
    pair = f"{shlex.quote(volume.name)} {shlex.quote(other.name)}"
    known = _in_use(volume) is False
    state = "which no container uses," if known else "of unknown use,"
    sizes = tuple(
        case.number(f"size of {each.name}", each.size, f"volumes/{each.name}", family="image")
        for each in (volume, other)
        if each.size is not None
    )
    holds = f" and holds {gb(volume.size)}" if volume.size is not None else ""
    return Problem(
        message=f"{volume.name}, {state} looks like {other.name} under another name{holds}.",
        numbers=sizes,
        remedies=(
            Action(
                what=f"Look into {volume.name} and {other.name} before you keep only one of them",
                command=f"docker volume inspect {pair}",
                effort="an hour",
                gain=f"{gb(volume.size)} of disk" if volume.size is not None else "one name",
                verify="docker volume ls lists one of the two, and the service has its data.",
                undo="There is none: a removed volume cannot be brought back, so save it first.",
            ),
        ),
        confidence="likely" if known and _in_use(other) is True else "possible",
    )
