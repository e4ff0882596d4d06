"""What an image whose layers were read could weigh: step by step, and what each step could break.

The bytes of a step come from the scan. Here they get their words, their origin, and a sum.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hcreport.model import (
    Group,
    ImageContents,
    Number,
    Origin,
    StepKind,
    TargetStep,
)
from hcreport.units import MB, Bytes, gb, total

METHOD = (
    "size of the layers less what the steps remove; the base and the packages that stay count as "
    "they are today"
)
"""How a target is computed, for its origin."""

LARGE_COPY = Bytes(100 * MB)
"""Less that a COPY took along than this is not worth a finding: our choice."""

COPIED_FILES: tuple[Group, ...] = ("model-weights", "datasets-and-archives")
"""What a COPY seldom takes along on purpose, and a RUN often does."""

_COPIES = ("COPY", "ADD")

_READERS = {
    "engine": "through the engine",
    "archive": "from an archive",
    "folder": "in the engine's own folder",
}


@dataclass(frozen=True, kw_only=True)
class StepText:
    """What a kind of step does and what it could break, in plain words."""

    what: str
    """Verb first."""
    could_break: str


STEP_TEXTS: Mapping[StepKind, StepText] = {
    "context": StepText(
        what="Keep out of the build context",
        could_break="Code that opens one of these files. Look through the list once.",
    ),
    "hidden": StepText(
        what="Do not write what is replaced later",
        could_break="Nothing: no container can see these bytes.",
    ),
    "caches": StepText(
        what="Leave no caches in a layer",
        could_break="Nothing: a later install downloads its packages again.",
    ),
    "build-tools": StepText(
        what="Build in a stage of its own",
        could_break="Code that compiles something, or calls one of these tools, while it runs.",
    ),
    "development-packages": StepText(
        what="Leave out development packages",
        could_break="Code that imports a tool for tests or for development while it runs.",
    ),
    "bytecode": StepText(
        what="Leave out compiled Python files",
        could_break="Nothing. Each first start takes a little longer.",
    ),
    "documentation": StepText(
        what="Leave out documentation",
        could_break="Help texts in the container. Licences that have to be passed on stay.",
    ),
    "cuda": StepText(
        what="Install without CUDA",
        could_break="Code that computes on a graphics card.",
    ),
    "models": StepText(
        what="Move models to a volume",
        could_break="The first start, until the volume holds the files.",
    ),
    "datasets": StepText(
        what="Move data to a volume",
        could_break="The first start, until the volume holds the files.",
    ),
    "base": StepText(
        what="Start from a smaller base",
        could_break="Code that calls a program which only the larger base has.",
    ),
}


def scanned_part(contents: ImageContents, measured: Origin) -> dict[str, Any]:
    """Return the fields of an :class:`ImageTarget` that a scan of its layers fills.

    ``measured`` is the origin of what the engine says of the image.
    """
    read = Origin(
        kind=measured.kind,
        evidence=f"its layers, read {_READERS[contents.read]}; {measured.evidence}",
        fact=measured.fact,
    )
    hidden = Bytes(max(0, contents.size - contents.seen))
    return {
        "scanned": True,
        "size": size_number("size", contents.size, read),
        "seen": size_number("what a container sees", contents.seen, read),
        "reclaimable": size_number("bytes that no container sees", hidden, read),
        "causes": contents.reclaimable,
        "groups": contents.groups,
        "duplicates": size_number("files that are there twice", contents.duplicates, read),
        "base": None
        if contents.base is None
        else size_number("layers of the base image", contents.base, read),
        "base_image": contents.base_image,
        "dive": contents.dive,
        "steps": tuple(_steps(contents)),
        "target": _after("size after all steps", contents.target),
        "target_sure": _after("size after the steps that are sure", contents.target_sure),
        "reason": _reason(contents),
        "needs_glibc": contents.needs_glibc,
        "notes": contents.notes,
    }


def _steps(contents: ImageContents) -> Iterator[TargetStep]:
    left = contents.size
    for step in contents.steps:
        left = Bytes(max(0, left - step.saves))
        text = STEP_TEXTS[step.kind]
        yield TargetStep(
            kind=step.kind,
            what=text.what,
            saves=size_number("saved by this step", step.saves, _ESTIMATED),
            after=size_number("size after this step", left, _ESTIMATED),
            certainty=step.certainty,
            could_break=text.could_break,
            names=step.names,
            more=step.more,
        )


def _after(name: str, size: Bytes | None) -> Number | None:
    return None if size is None else size_number(name, size, _ESTIMATED)


def _reason(contents: ImageContents) -> str:
    if contents.target is None:
        return "What of it stays could not be told, so there is no target."
    if not contents.steps or contents.target >= contents.size:
        return "Nothing in it is known to be avoidable."
    sure = contents.target_sure
    words = f"After all steps it would weigh {gb(contents.target)} instead of {gb(contents.size)}."
    if sure is not None and sure > contents.target:
        words += f" After those that are sure, {gb(sure)}."
    return words


@dataclass(frozen=True, kw_only=True)
class Avoidable:
    """What of an image need not be there, of one kind."""

    size: Bytes
    names: tuple[str, ...] = ()
    likely: bool = False
    """Some of it is only likely to be avoidable."""


def avoidable(contents: ImageContents, kind: StepKind, *groups: Group) -> Avoidable:
    """Return the bytes that the steps of a kind save.

    Where no step could be planned, those of some groups in layers above the base; whether they are
    needed is then not known.
    """
    if contents.target is None:
        held = above_base(contents, groups)
        return Avoidable(size=held, likely=True)
    steps = [step for step in contents.steps if step.kind == kind]
    return Avoidable(
        size=total(step.saves for step in steps),
        names=tuple(name for step in steps for name in step.names),
        likely=any(step.certainty != "sure" for step in steps),
    )


def above_base(
    contents: ImageContents,
    groups: Collection[Group],
    instructions: Collection[str] | None = None,
) -> Bytes:
    """Return the bytes of groups that are seen and lie in layers above the base image.

    With ``instructions`` only those of layers that one of them made.
    """
    return total(
        size
        for layer in contents.layers
        if not layer.base and (instructions is None or layer.instruction in instructions)
        for group, size in layer.groups.items()
        if group in groups
    )


def hidden_above_base(contents: ImageContents) -> Bytes:
    """Return the bytes that no container sees, in layers that the image's own build made."""
    return total(layer.hidden for layer in contents.layers if not layer.base)


def copied_weight(contents: ImageContents) -> dict[Group, Bytes]:
    """Return what a COPY took along that is seldom meant, the largest first.

    Version history and environments count wherever they lie above the base. Models and data count
    only where a COPY or ADD brought them, because a RUN fetches them on purpose; or anywhere, where
    a later layer has files of such a COPY again with another owner, permissions or path.
    """
    anywhere: tuple[Group, ...] = ("version-control", "copied-environments")
    found = {group: above_base(contents, (group,)) for group in anywhere}
    brought = None if _copied_again(contents) else _COPIES
    for group in COPIED_FILES:
        found[group] = above_base(contents, (group,), instructions=brought)
    return dict(largest_first(found))


def _copied_again(contents: ImageContents) -> bool:
    """Tell whether a later layer holds again what a COPY or ADD brought."""
    copies = {
        number
        for number, layer in enumerate(contents.layers, start=1)
        if layer.instruction in _COPIES and not layer.base
    }
    again = ("chmod copy", "chown copy", "moved")
    return any(copies & set(each.layers) for each in contents.reclaimable if each.cause in again)


def _larger_first(entry: tuple[Group, Bytes]) -> tuple[int, str]:
    return -int(entry[1]), entry[0]


def size_number(name: str, size: Bytes, origin: Origin) -> Number:
    """Return a size on the disk, in bytes, as pages and findings show it."""
    return Number(name=name, value=float(size), unit="bytes", family="image", origin=origin)


def largest_first(groups: Mapping[Group, Bytes]) -> Iterable[tuple[Group, Bytes]]:
    """Return groups with their bytes, the largest first; none that are empty."""
    return [each for each in sorted(groups.items(), key=_larger_first) if each[1]]


_ESTIMATED = Origin(kind="estimated", evidence=METHOD)
