"""Writes the commands with which a first stage takes out what an image does not need."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hcreport.contents.merged import Merged
from hcreport.contents.target import TargetPlan
from hcreport.render.dockerfile_words import is_package, shell_word
from hcreport.render.words import joined

LONGEST_COMMAND = 60_000
"""Letters of one RUN; Linux takes 131,072 as one argument."""

_DISTRIBUTION = re.compile(
    rb"(?P<prefix>.*?)/?lib(?:64)?/python[^/]*/(?P<kind>site|dist)-packages/"
    rb"(?P<name>[^/]+?)(?:-[^/-]+)?(?:-py[\d.]+)?\.(?:dist-info|egg-info)(?:/.*)?"
)

_PIPS = ("/usr/bin/pip3", "/usr/bin/pip", "/usr/local/bin/pip3", "/usr/local/bin/pip")


@dataclass(frozen=True, kw_only=True)
class Cleaning:
    """Commands, and what could not be written."""

    commands: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def cleaning_of(plan: TargetPlan, merged: Merged) -> Cleaning:
    """Return the commands that take out what the plan says; one that fails stops the build."""
    notes: list[str] = []
    commands = [
        *_uninstall(plan.uninstall, merged, notes),
        *_prune(plan.prune, notes),
        *_delete(plan.delete, notes),
    ]
    return Cleaning(commands=tuple(commands), notes=tuple(notes))


def _uninstall(names: Sequence[str], merged: Merged, notes: list[str]) -> Iterator[str]:
    """Yield one pip command for every environment that has some of the distributions."""
    if not names:
        return
    wanted = {_normal(each): each for each in names if is_package(each)}
    by_prefix: dict[bytes, set[str]] = {}
    for path in merged.places:
        if b"-info" not in path or not (found := _DISTRIBUTION.fullmatch(path)):
            continue
        name = _normal(found["name"].decode("utf-8", "replace"))
        if name in wanted and not (found["prefix"] == b"usr" and found["kind"] == b"dist"):
            by_prefix.setdefault(found["prefix"], set()).add(wanted[name])
    lost = set(wanted.values()).difference(*by_prefix.values())
    for prefix, found_names in sorted(by_prefix.items()):
        pip = _pip(prefix, merged)
        if pip is None:
            lost |= found_names
            continue
        # pip itself last: by then all of it is loaded.
        ordered = sorted(found_names, key=lambda each: (_normal(each) == "pip", each))
        yield f"{pip} {_listed(ordered)}"
    if lost:
        notes.append(f"No pip was found that could uninstall {joined(sorted(lost))}.")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _pip(prefix: bytes, merged: Merged) -> str | None:
    """Return the beginning of a command that uninstalls from an environment; None without pip."""
    folder = "/" + prefix.decode("utf-8", "surrogateescape")
    if shell_word(folder) is None:
        return None
    managed = _is_managed(prefix, merged)
    option = " --break-system-packages" if managed else ""
    own = [f"{folder.rstrip('/')}/bin/{name}" for name in ("pip", "pip3")]
    for program in own:
        if program[1:].encode("utf-8", "surrogateescape") in merged.places:
            return f"{shell_word(program)} uninstall{option} --yes"
    general = next((each for each in _PIPS if each[1:].encode() in merged.places), None)
    if general is None:
        return None
    if prefix == b"usr/local":
        return f"{general} uninstall{option} --yes"
    return f"{general} --python {shell_word(folder.rstrip('/') + '/bin/python')} uninstall --yes"


def _is_managed(prefix: bytes, merged: Merged) -> bool:
    """Tell whether the system's own package manager claims the environment: pip then refuses."""
    if prefix not in (b"usr", b"usr/local") or prefix + b"/pyvenv.cfg" in merged.places:
        return False
    return any(path.endswith(b"/EXTERNALLY-MANAGED") for path in merged.places)


def _prune(folders: Sequence[str], notes: list[str]) -> Iterator[str]:
    for folder in folders:
        word = shell_word(folder)
        if word is None:
            notes.append("A folder of Node packages has unusual letters in its name, and stays.")
        else:
            yield f"npm --prefix {word} prune --omit=dev --no-audit --no-fund --ignore-scripts"


def _delete(paths: Sequence[str], notes: list[str]) -> Iterator[str]:
    words = [shell_word(each) for each in paths]
    lost = words.count(None)
    if lost:
        notes.append(f"{lost} paths that are not needed stay: their names have unusual letters.")
    known = [each for each in words if each is not None]
    while known:
        length, count = 0, 0
        while count < len(known) and length < LONGEST_COMMAND:
            length += len(known[count]) + 12
            count += 1
        yield f"rm -rf {_listed(known[:count])}"
        known = known[count:]


def _listed(words: Sequence[str]) -> str:
    """Return words as arguments of a command, from the third on one a line."""
    if len(words) < 3:
        return " ".join(words)
    return "\\\n        " + " \\\n        ".join(words)
