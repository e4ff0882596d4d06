"""What could break after the change, what was not measured, and what would save more; in words."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from hcreport.contents.needed import Needed
from hcreport.contents.needed_tools import tools
from hcreport.contents.planning_files import Sorted
from hcreport.contents.planning_view import View
from hcreport.units import MB, gb

_WORTH_SAYING = 20 * MB
"""Bytes; smaller things are not named."""

_GPU = ("NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES", "CUDA_HOME", "CUDA_VERSION")
_MOST_NAMED = 5


def notes(view: View, found: Sorted, needed: Needed, gone: Collection[bytes]) -> tuple[str, ...]:
    """Return the notes on a plan, one sentence or two each."""
    return tuple(_notes(view, found, needed, gone))


def _notes(view: View, found: Sorted, needed: Needed, gone: Collection[bytes]) -> Iterator[str]:
    if not view.base.certain:
        yield "Where the base image ends was concluded from the history: check the FROM line."
    kinds = {dead.step for dead in found.dead.values()}
    if "models" in kinds:
        yield (
            "Model files go to a volume: without it whatever loads them does not start. "
            "Mount the volume at the same path."
        )
    if "datasets" in kinds:
        yield (
            "Data files go to a volume: what reads them finds nothing without it. "
            "Mount the volume at the same path."
        )
    if needed.doubtful:
        yield (
            f"{_some(needed.doubtful)} might be used in a running container. Keep by name what is."
        )
    if any(each.requested for each in found.uninstall):
        named = [each.name for each in found.uninstall if each.requested]
        yield (
            f"Left out although somebody asked for it by name: {_some(named)}. "
            "Keep what the application imports."
        )
    yield from _of_careful(view, needed)
    yield from _of_cuda(view)
    yield from _of_base(view)
    if gone:
        yield "The image deletes files of its base; that is repeated, but saves nothing."


def _of_careful(view: View, needed: Needed) -> Iterator[str]:
    size = sum(view.packages[name].size for name in needed.careful)
    if size >= _WORTH_SAYING:
        yield (
            f"{_some(needed.careful)} stay ({gb(size)}) because a program may load "
            "them by name. Leave them out if none does."
        )


def _of_cuda(view: View) -> Iterator[str]:
    size = view.attribution.by_group.get("cuda", 0)
    names = {each.partition("=")[0] for each in view.image.config.environment}
    if size >= _WORTH_SAYING and not names & set(_GPU):
        yield (
            f"Libraries for graphics processors take {gb(size)}, and nothing in the image asks for "
            "one. Packages built for the processor alone would save most of it; not tried."
        )


def _of_base(view: View) -> Iterator[str]:
    size = view.base.size
    tools = view.base_attribution.by_group.get("build-tools", 0)
    if tools >= _WORTH_SAYING:
        yield (
            f"The base itself has {gb(size)}, of which {gb(tools)} are tools for building. "
            "A slimmer base saves more; not tried."
        )


def _some(names: Collection[str]) -> str:
    """Return names that everybody may read, for notes are published; the others are counted."""
    public = [name for name in sorted(names) if tools().is_known(name)][:_MOST_NAMED]
    more = len(names) - len(public)
    if not public:
        return f"{more} package{'' if more == 1 else 's'}"
    return f"{', '.join(public)} and {more} more" if more else ", ".join(public)
