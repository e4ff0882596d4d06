"""Predicts what an image weighs after a change of one form, and says which change that is.

The last stage starts from the same base, so all bytes of the base stay. What else it has is what
the packages bring that are installed again, what is copied, and what the package manager notes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from hcreport.contents.attribution import Attribution
from hcreport.contents.image import ImageFiles
from hcreport.contents.layer import UNREAD
from hcreport.contents.merged import Merged
from hcreport.contents.needed import Needed, needed
from hcreport.contents.needed_start import start_words
from hcreport.contents.planning_copies import Planner
from hcreport.contents.planning_files import sort_files
from hcreport.contents.planning_notes import notes
from hcreport.contents.planning_removed import MOST, changed_rights, removed
from hcreport.contents.planning_sizes import weigh
from hcreport.contents.planning_view import View
from hcreport.contents.steps import steps
from hcreport.contents.target import BaseImage, TargetPlan

_MANAGERS = {"dpkg": "apt", "apk": "apk", "rpm": "dnf"}

_OF_GLIBC = (b"libc.so.6", b"ld-linux")
_OF_MUSL = b"musl"


def plan(
    image: ImageFiles,
    merged: Merged,
    attribution: Attribution,
    base: BaseImage | None,
    *,
    ignored: Callable[[bytes], bool] | None = None,
    keep: Collection[str] = (),
) -> TargetPlan | None:
    """Return what stays of an image and what it weighs then.

    None where the base is not known, and where the change would save nothing. ``ignored`` tells of
    an absolute path in the image whether a better ``.dockerignore`` keeps it out; ``keep`` names
    packages, of any kind, that stay whatever is concluded.
    """
    if base is None or not 0 < base.layers < len(image.layers):
        return None
    view = View(image, merged, attribution, base, ignored or _nothing)
    words = start_words(view)
    found = sort_files(view, words, keep)
    stays = needed(view, found.copies, words, keep=keep)
    found.changed = {path for path in found.changed if found.owned[path] in stays.kept}
    weights = weigh(view, found, stays)
    sizes = {
        "base": base.size,
        "packages": weights.packages + weights.again,
        "copies": weights.copies,
        "records": weights.records,
    }
    predicted = sum(sizes.values())
    if predicted >= image.size:
        return None
    planner = Planner(view, found)
    copies = planner.plan()
    gone = removed(view, stays.kept)
    return TargetPlan(
        base=base,
        manager=_manager(attribution, stays),
        packages=stays.listed,
        kept_packages=tuple(sorted(stays.kept)),
        dropped_packages=tuple(sorted(stays.dropped)),
        uninstall=tuple(sorted({each.name for each in found.uninstall})),
        prune=tuple(_absolute(found.prune)),
        delete=tuple(_absolute(copies.delete)),
        copies=tuple(_absolute(copies.whole | copies.single)),
        links={_one(path): _text(target) for path, target in sorted(copies.links.items())},
        remove=tuple(_absolute(gone)) if len(gone) <= MOST else (),
        rights={_one(path): rights for path, rights in sorted(_rights(view, copies.whole))},
        steps=steps(view, found, weights, planner, predicted),
        sizes=sizes,
        notes=notes(view, found, stays, gone),
    )


def needs_glibc(merged: Merged, plan: TargetPlan) -> bool | None:
    """Tell whether something that is copied is linked with glibc; None where that is not known.

    Then an Alpine base does not do, whose C library is musl.
    """
    folders = tuple(path.strip("/").encode("utf-8", "surrogateescape") for path in plan.copies)
    unknown = False
    for path, layer, position in merged.items():
        needs = layer.needs.get(position, ())
        if not needs or not _is_in(path, folders):
            continue
        if any(name.rpartition(b"/")[2].startswith(_OF_GLIBC) for name in needs):
            return True
        unknown = unknown or UNREAD in needs
    return None if unknown else False


def _is_in(path: bytes, folders: Iterable[bytes]) -> bool:
    return any(path == each or path.startswith(each + b"/") for each in folders)


def _nothing(_: bytes) -> bool:
    return False


def _manager(attribution: Attribution, stays: Needed) -> str:
    if not stays.kept or attribution.os is None:
        return ""
    return _MANAGERS.get(attribution.os.manager, "")


def _rights(view: View, whole: set[bytes]) -> Iterable[tuple[bytes, tuple[int, int, int]]]:
    """Yield folders with other rights than in the base that no copy brings along."""
    for path, rights in changed_rights(view).items():
        if path not in whole:
            yield path, rights


def _absolute(paths: Iterable[bytes]) -> list[str]:
    return [_one(path) for path in sorted(paths)]


def _one(path: bytes) -> str:
    return "/" + _text(path)


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")
