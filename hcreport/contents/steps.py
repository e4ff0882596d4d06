"""The steps from an image to its smaller form, each with what it saves after those before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TypeVar

from hcreport.contents.layer import Kind
from hcreport.contents.planning_copies import Planner
from hcreport.contents.planning_files import Sorted
from hcreport.contents.planning_sizes import Part, Weights
from hcreport.contents.planning_view import View
from hcreport.model import ImageStep, StepKind
from hcreport.units import Bytes

_Name = TypeVar("_Name", str, bytes)

MOST_NAMES = 20
"""Names that one step has at most."""

_ORDER: tuple[StepKind, ...] = (
    "context",
    "hidden",
    "caches",
    "build-tools",
    "development-packages",
    "models",
    "datasets",
)


def steps(
    view: View, found: Sorted, weights: Weights, planner: Planner, predicted: int
) -> tuple[ImageStep, ...]:
    """Return the steps in their order; the image's size less all they save is ``predicted``.

    What is written again in the new image, such as the list of packages, makes a step smaller:
    that of the build tools, as the list gets shorter with them, else that about hidden bytes.
    """
    saves = Counter(weights.goes)
    hidden = _hidden(view)
    of_context = Counter(
        {path: size for path, size in hidden.items() if _is_of_context(found, path)}
    )
    context: Part = ("context", "sure")
    if of_context:
        saves[context] += sum(of_context.values())
        hidden = hidden - of_context
    rest = view.image.size - predicted - sum(saves.values())
    tools: Part = ("build-tools", "sure")
    if saves[tools] and weights.records_now > weights.records:
        written = weights.records_now - weights.records
        saves[tools] += written
        rest -= written
    saves["hidden", "sure"] += rest
    _level(saves)
    names = {part: _names(part, weights, planner) for part in saves}
    names["hidden", "sure"] = [_shown(path) for path, _ in _largest(hidden)]
    if found.modules or found.distributions:
        _name_development(names, found)
    ordered = sorted(saves, key=lambda part: (_ORDER.index(part[0]), part[1] != "sure"))
    return tuple(_step(part, saves[part], names[part]) for part in ordered if saves[part] > 0)


def _step(part: Part, size: int, names: list[str]) -> ImageStep:
    return ImageStep(
        kind=part[0],
        saves=Bytes(size),
        certainty=part[1],
        names=tuple(names[:MOST_NAMES]),
        more=max(len(names) - MOST_NAMES, 0),
    )


def _level(saves: Counter[Part]) -> None:
    """Take what a step would cost from the others, the largest first."""
    lacking = -sum(size for size in saves.values() if size < 0)
    for part in [part for part, size in saves.items() if size < 0]:
        saves[part] = 0
    for part, size in saves.most_common():
        taken = min(size, lacking)
        saves[part] -= taken
        lacking -= taken


def _hidden(view: View) -> Counter[bytes]:
    """Return the bytes above the base that no container sees, by path."""
    found: Counter[bytes] = Counter()
    places, carried = view.merged.places, set(view.merged.carried.values())
    for number in range(view.base.layers, len(view.image.layers)):
        layer = view.image.layers[number]
        for position, path in enumerate(layer.paths):
            size = layer.sizes[position]
            if not size or layer.kinds[position] != Kind.FILE:
                continue
            place = number << 32 | position
            if places.get(path) != place and place not in carried:
                found[path] += size
    return found


def _is_of_context(found: Sorted, path: bytes) -> bool:
    dead = found.dead.get(path)
    return dead is not None and dead.step == "context"


def _names(part: Part, weights: Weights, planner: Planner) -> list[str]:
    """Return what a step is about: packages, then folders and files, the largest first."""
    packages = weights.packages_sizes.get(part, Counter())
    units: Counter[bytes] = Counter()
    for path, size in weights.paths.get(part, Counter()).items():
        units[planner.unit(path)] += size
    return [name for name, _ in _largest(packages)] + [_shown(path) for path, _ in _largest(units)]


def _name_development(names: dict[Part, list[str]], found: Sorted) -> None:
    """Name distributions and Node packages instead of their folders."""
    for part in [part for part in names if part[0] == "development-packages"]:
        own = [
            each.name
            for each in found.distributions
            if any(
                (dead := found.dead.get(path)) is not None and dead.certainty == part[1]
                for path in each.files
            )
        ]
        names[part] = sorted(own) + (sorted(found.modules) if part[1] == "sure" else [])


def _largest(sizes: Counter[_Name]) -> list[tuple[_Name, int]]:
    return sorted(sizes.items(), key=lambda each: (-each[1], each[0]))


def _shown(path: bytes) -> str:
    return "/" + path.decode("utf-8", "replace")


def total(found: Iterable[ImageStep]) -> int:
    """Return what steps save together, in bytes."""
    return sum(int(step.saves) for step in found)
