"""Reads a project's Dockerfile, and keeps it as the first stage of a smaller image.

Nothing of it is reordered or rewritten. Its last stage gets a name, downloads get a cache that
does not end in a layer, and what only says how a container starts moves to the new last stage.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hcreport.contents.dockerfile import Line, directives_of, read_lines

STARTING = ("CMD", "ENTRYPOINT", "EXPOSE", "HEALTHCHECK", "STOPSIGNAL")
"""Instructions that say how a container starts; they do nothing while an image is built."""

_BUILDKIT_ONLY = re.compile(r"--(?:mount|network|security|link|chmod|parents|exclude)\b")

_PIP = re.compile(r"\b(?:pip[\d.]*|python[\d.]*\s+-m\s+pip)\s+(?:-\S+\s+)*install\b")
_NPM = re.compile(r"\bnpm\s+(?:-\S+\s+)*(?:ci|install|i)\b")
_CACHES = (
    (
        _PIP,
        "/root/.cache/pip",
        re.compile(r"--no-cache|--cache-dir|PIP_\w*CACHE|\.cache|pip\d* cache"),
    ),
    (
        _NPM,
        "/root/.npm",
        re.compile(r"--cache\b|npm_config_cache|\.npm\b|npm cache", re.IGNORECASE),
    ),
)
_ELSEWHERE = re.compile(
    r"\b(?:PIP_\w*CACHE\w*|XDG_CACHE_HOME|npm_config_cache|HOME)[=\s]", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class FirstStages:
    """The stages that make what the image holds today."""

    text: str
    """Instructions; the last stage of them has ``name``."""
    name: str
    head: str = ""
    """Directives for the builder, which must be the first lines of a file."""
    root: bool = True
    """Whether the next command runs as root."""
    needs_buildkit: bool = False
    own: bool = False
    """The instructions are the project's own."""
    moved: dict[str, str] = field(default_factory=dict)
    """Comment above an instruction that was taken out, by the instruction's name."""


def project_stages(dockerfile: str, *, target: str | None = None) -> FirstStages | None:
    """Return a project's Dockerfile as first stages, up to its last stage or to ``target``.

    None where it has no stage, or not the one that is asked for.
    """
    lines = list(read_lines(dockerfile))
    directives = len(list(directives_of([line.text for line in lines])))
    head, lines = [line.text for line in lines[:directives]], lines[directives:]
    stages = _stages(lines)
    begin = _begin(stages, target)
    if begin is None:
        return None
    start, names = stages[begin][0], {name for _, name, _ in stages if name}
    end = stages[begin + 1][0] if begin + 1 < len(stages) else len(lines)
    before, last = lines[:start], lines[start:end]
    name = stages[begin][1] or next(
        each for each in ("build", "all", *map("build{}".format, range(2, 99))) if each not in names
    )
    if not stages[begin][1]:
        last[0] = replace(last[0], text=f"{last[0].text.rstrip()} AS {name}")
    last, moved = _without_starting(last)
    whole, root = _with_caches([*before, *last], stages)
    return FirstStages(
        text="\n".join(line.text for line in whole).strip("\n"),
        name=name,
        head="\n".join(head),
        root=root,
        needs_buildkit=any(
            bool(line.document or _BUILDKIT_ONLY.match(line.rest))
            for line in whole
            if line.name in ("RUN", "COPY", "ADD")
        ),
        own=True,
        moved=moved,
    )


def _stages(lines: Sequence[Line]) -> list[tuple[int, str, str]]:
    """Return position, name in small letters, and base of every stage."""
    found = []
    for position, line in enumerate(lines):
        if (stage := line.stage) is not None:
            found.append((position, stage[1].lower(), stage[0].lower()))
    return found


def _begin(stages: Sequence[tuple[int, str, str]], target: str | None) -> int | None:
    if not target:
        return len(stages) - 1 if stages else None
    names = [name for _, name, _ in stages]
    if target.lower() in names:
        return names.index(target.lower())
    return int(target) if target.isdecimal() and int(target) < len(stages) else None


def _without_starting(stage: Sequence[Line]) -> tuple[list[Line], dict[str, str]]:
    """Take out of the last stage what says how a container starts, with the comments above it."""
    last_run = max(
        (number for number, line in enumerate(stage) if line.name in ("RUN", "WORKDIR")), default=0
    )
    kept: list[Line] = []
    moved: dict[str, str] = {}
    for number, line in enumerate(stage):
        late_user = line.name == "USER" and number > last_run
        if line.name not in STARTING and not late_user:
            kept.append(line)
            continue
        comments: list[str] = []
        while kept and kept[-1].text.lstrip().startswith("#"):
            comments.insert(0, kept.pop().text.strip())
        moved[line.name] = "\n".join(comments)
    return kept, moved


def _with_caches(
    lines: Sequence[Line], stages: Sequence[tuple[int, str, str]]
) -> tuple[list[Line], bool]:
    """Give downloads a cache, where root runs them and nothing says where their cache is.

    Also return whether the last stage ends as root. A base image that is no stage is taken to run
    as root, as nearly all do.
    """
    elsewhere = any(line.name in ("ENV", "ARG") and _ELSEWHERE.search(line.rest) for line in lines)
    bases = {position: (name, base) for position, name, base in stages}
    root, name = True, ""
    ends: dict[str, bool] = {}
    result = []
    for position, line in enumerate(lines):
        if position in bases:
            name, base = bases[position]
            root = ends.get(base, True)
        elif line.name == "USER":
            root = line.rest.partition(":")[0].strip("\"'") in ("root", "0")
        ends[name] = root
        cached = line.name == "RUN" and root and not elsewhere and not line.document
        result.append(_cached(line) if cached else line)
    return result, root


def _cached(line: Line) -> Line:
    folders = [
        folder
        for command, folder, spoilt in _CACHES
        if command.search(line.rest) and not spoilt.search(line.rest)
    ]
    if not folders or "--mount" in line.rest:
        return line
    options = " ".join(f"--mount=type=cache,target={folder}" for folder in folders)
    start = re.match(r"\s*[A-Za-z]+\s+", line.text)
    if start is None:
        return line
    text = f"{line.text[: start.end()].rstrip()} {options} \\\n    {line.text[start.end() :]}"
    return replace(line, text=text, rest=f"{options} {line.rest}")
